"""The documents of `token`. Nothing in them is a token, a part of one, or its length."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from console.domain.tokens.state import TokenState


class TokenAction(StrEnum):
    """A command that does something to a token or to a store."""

    SET = "set"
    ROTATE = "rotate"
    REMOVE = "remove"
    REBIND = "rebind"
    UNLOCK = "unlock"


class TokenResult(StrEnum):
    """How a command ended."""

    STORED = "stored"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    REBOUND = "rebound"
    UNLOCKED = "unlocked"
    SWAPPED = "swapped"
    """The new token is in place; the one before is kept."""
    REJECTED = "rejected"
    """The gateway does not take the new token; nothing was changed."""
    UNPROVEN = "unproven"
    """Nothing could prove the new token; it waits beside the one in use."""
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class _Token:
    schema: Literal["gateway-console/token/v1"] = "gateway-console/token/v1"


@dataclass(frozen=True, kw_only=True)
class TokenActionDocument(_Token):
    """What a command did to a token."""

    action: TokenAction
    profile: str
    reference: str
    result: TokenResult
    origin: str | None
    """The gateway that the token is bound to: scheme, host and port."""
    source: str | None
    """The store."""
    fingerprint: str | None
    """A short keyed hash, the same for the same token on this machine only."""
    message: str
    next: str | None
    """The command to run next."""


@dataclass(frozen=True, kw_only=True)
class AskedReferenceDocument:
    """What asking one reference led to."""

    reference: str
    state: TokenState
    answers: bool
    """Whether this is the token that calls would carry."""
    origin: str | None
    source: str | None
    fingerprint: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class TokenReferencesDocument(_Token):
    """What asking each reference of a profile led to."""

    action: Literal["list", "check"]
    profile: str
    origin: str | None
    references: tuple[AskedReferenceDocument, ...]


@dataclass(frozen=True, kw_only=True)
class TokenDoctorDocument(_Token):
    """What to do so that the profile's token can be used on this machine."""

    action: Literal["doctor"] = "doctor"
    profile: str
    origin: str | None
    reference: str | None
    state: TokenState
    message: str
    next: tuple[str, ...]
    """The commands to run next."""
    machine: dict[str, str]
    """What this machine has to keep tokens with, as text."""

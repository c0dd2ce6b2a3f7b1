"""Actors: the operator, step or machine that wrote a ledger line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from console.domain.ledger.canonical import canonical
from console.domain.ledger.closed_form import require_fields, require_form

_ACTOR_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}")


_KEY_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_HOST = re.compile(r"[0-9a-f]{12}")


class ActorKind(StrEnum):
    """The kind of author of a line."""

    OPERATOR = "operator"
    CONSOLE = "console"
    """The program itself: its measurements and the machine's verdicts."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a line.

    Raises:
        ValueError: A field does not have its required form.

    """

    kind: ActorKind
    id: str
    """A user name or an e-mail address: ASCII letters, digits and `._@+-`, at most 64."""
    key_fingerprint: str | None = None
    """The fingerprint of the actor's signing key, as `ssh-keygen -l` shows it: SHA256 and 43 characters."""
    host: str | None = None
    """12 hexadecimal digits that tell machines apart without naming them."""

    def __post_init__(self) -> None:
        require_form(_ACTOR_ID, self.id, "an actor's id")
        if self.key_fingerprint is not None:
            require_form(_KEY_FINGERPRINT, self.key_fingerprint, "a key's fingerprint")
        if self.host is not None:
            require_form(_HOST, self.host, "an actor's host")


def actor_id(name: str) -> str:
    """Return a name as an actor's id: characters that an id may not have become `_`."""
    fit = re.sub(r"[^A-Za-z0-9._@+-]", "_", name[:64])
    return fit if _ACTOR_ID.fullmatch(fit) else f"_{fit[1:]}"


@lru_cache(maxsize=64)
def actor_json(actor: Actor) -> str:
    """Return an actor's canonical JSON."""
    fields = {"kind": actor.kind.value, "id": actor.id, "key_fingerprint": actor.key_fingerprint, "host": actor.host}
    return canonical(fields).decode()


def actor_from(fields: Mapping[str, Any]) -> Actor:
    """Return the actor with these fields.

    Raises:
        ValueError: They are not the fields of an actor.

    """
    require_fields(fields, ACTOR_FIELDS, "an actor")
    return Actor(ActorKind(fields["kind"]), fields["id"], fields["key_fingerprint"], fields["host"])


ACTOR_FIELDS = frozenset({"kind", "id", "key_fingerprint", "host"})

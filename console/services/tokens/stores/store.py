"""Stores: where the console keeps tokens, behind one interface."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from console.domain.problem import Problem, ProblemKind
from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.system.private_file import PrivateFileError
from console.services.tokens.reference import CANARY, Reference


class StoreError(Problem):
    """A store failed; the message is the reason in our words, and never holds a value."""

    kind = ProblemKind.TOKEN

    def __init__(self, state: TokenState, reason: str) -> None:
        super().__init__(reason, is_unsafe=state is TokenState.REFUSED)
        self.state = state
        self.reason = reason


class OtherOriginError(StoreError):
    """The token is bound to another origin than the one that asks."""

    def __init__(self, reason: str) -> None:
        super().__init__(TokenState.REFUSED, reason)


@contextlib.contextmanager
def file_errors_told() -> Iterator[None]:
    """Turn errors of a private file into errors of a store. Also a decorator.

    Raises:
        StoreError: A private file was refused, or cannot be used.

    """
    try:
        yield
    except PrivateFileError as error:
        state = TokenState.REFUSED if error.is_unsafe else TokenState.UNAVAILABLE
        raise StoreError(state, str(error)) from None


@dataclass(frozen=True, slots=True)
class Stored:
    """A token as a store keeps it."""

    secret: Secret
    origin: str | None
    """The origin that the token is bound to, as scheme://host:port; None if another tool stored it."""


class Store(Protocol):
    """A place that keeps tokens. Every call ends within its deadline, and none shows a prompt.

    Raises:
        StoreError: The store is locked, cannot be reached, did not answer in time, or refuses.

    """

    @property
    def source(self) -> str:
        """The store's name in messages."""

    async def read(self, reference: Reference, origin: str | None) -> Stored | None:
        """Return the token for an origin, or None if there is none.

        A token that is bound to another origin is refused; see `serving`.
        """

    async def write(self, reference: Reference, origin: str, value: bytes) -> None:
        """Store a token under a name, bound to an origin."""

    async def remove(self, reference: Reference, origin: str | None) -> bool:
        """Delete the token that is bound to exactly this origin; return whether there was one."""

    async def origins(self, reference: Reference) -> tuple[str | None, ...] | None:
        """Return the origins that a name has tokens for; None if the store cannot list them."""


_Kept = TypeVar("_Kept")


def serving(kept: Mapping[str | None, _Kept], origin: str | None) -> tuple[str | None, _Kept] | None:
    """Choose the entry for an origin: its own, or an unbound one; None if there is neither.

    Raises:
        OtherOriginError: The name has tokens for other origins only.

    """
    if origin in kept:
        return origin, kept[origin]
    bound = sorted(each for each in kept if each is not None)
    if bound:
        wanted = "no origin was given" if origin is None else f"this profile's gateway is {origin}"
        raise OtherOriginError(f"the token is bound to {', '.join(bound)}, but {wanted}")
    return (None, kept[None]) if None in kept else None


async def put(store: Store, reference: Reference, origin: str, secret: Secret) -> None:
    """Write a token to a store and check that it reads back the same: the one place that gives a store a value.

    Raises:
        StoreError: The store did not take it, or returns something else.

    """
    await store.write(reference, origin, secret.reveal().encode("ascii"))
    kept = await store.read(reference, origin)
    if kept is None or kept.origin != origin or kept.secret != secret:
        raise StoreError(TokenState.UNAVAILABLE, f"the {store.source} returns a different value than it was given")


async def prove_writable(store: Store, reference: Reference, origin: str) -> None:
    """Write, read and remove a random value beside a reference, before anyone is asked for a token.

    Raises:
        StoreError: The store cannot do one of these.

    """
    canary = reference.renamed(reference.name + CANARY)
    try:
        await put(store, canary, origin, Secret(secrets.token_urlsafe(32)))
    finally:
        removed = await store.remove(canary, origin)
    try:
        is_left = await store.read(canary, origin) is not None
    except OtherOriginError:  # a trial for another gateway was killed and left this behind
        is_left = False
    if not removed or is_left:
        raise StoreError(TokenState.UNAVAILABLE, f"the {store.source} does not remove entries")


def parsed(value: bytes, source: str) -> Secret:
    """Parse a value that a store returned.

    Raises:
        StoreError: It cannot be a token.

    """
    try:
        return Secret.parse(value.decode("ascii"))
    except UnicodeDecodeError:
        reason = f"the value from the {source} cannot be a token: it has a character outside ASCII"
    except ValueError as error:
        reason = f"the value from the {source} cannot be a token: {error}"
    raise StoreError(TokenState.UNAVAILABLE, reason)

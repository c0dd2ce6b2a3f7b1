"""Rotation: store a new token, verify it before it counts, and keep the old one until the operator confirms.

Two extra names in a store record how far a rotation has come, so that it resumes after a kill at any point:

    NAME.next   NAME.prev
    -         -         no rotation is in progress
    there     -         the new token is stored but not verified: verify it
    there     there     it is verified: make it current
    -         there     it is current: confirm, or go back
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.reference import NEXT, PREVIOUS, Reference
from console.services.tokens.stores.store import Store, Stored, StoreError, prove_writable, put


@dataclass(frozen=True, slots=True)
class Verification:
    """The gateway's answer to a new token."""

    is_accepted: bool | None
    """None if nothing could prove it."""
    words: str
    """The evidence, in one sentence in our words; it names the route that proved it."""
    is_silent: bool = False
    """Whether the gateway was asked and did not answer."""


Verifier = Callable[[Secret, str], Awaitable[Verification]]
"""Asks the gateway at an origin whether it accepts a token. Never raises for anything a gateway does."""


class RotationEnd(StrEnum):
    """How far a rotation got."""

    SWAPPED = "swapped"
    """The new token is in use; the old one is kept."""
    REJECTED = "rejected"
    """The gateway rejects the new token; nothing was changed."""
    UNPROVEN = "unproven"
    """Nothing could prove the new token; it waits beside the one in use."""
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    NOTHING = "nothing"
    """No rotation is in progress."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The result of one step of a rotation."""

    end: RotationEnd
    secret: Secret | None = None
    """The token that is in use now, if it changed."""
    words: str = ""
    is_resumed: bool = False
    is_silent: bool = False
    """Whether the gateway was asked and did not answer."""


async def rotate(
    store: Store, reference: Reference, origin: str, *, ask: Callable[[], Secret], verify: Verifier
) -> Rotation:
    """Ask for a new token, verify it and make it current; resumes an interrupted rotation.

    Args:
        store: Where the token is.
        reference: The name it is stored under.
        origin: The gateway's origin.
        ask: Asks for the new token; not called if an interrupted rotation has stored it.
        verify: Verifies the new token.

    Raises:
        StoreError: The store failed, or there is nothing to rotate.

    """
    current = await _current(store, reference, origin)
    coming = await store.read(reference.renamed(reference.name + NEXT), origin)
    before = await store.read(reference.renamed(reference.name + PREVIOUS), origin)
    if coming is None and before is not None:
        raise StoreError(
            TokenState.REFUSED,
            "the last rotation is not confirmed: first run rotate --confirm, or rotate --back",
        )
    is_resumed, proven_by = coming is not None, ""
    if coming is None:
        coming = await _take(store, reference, origin, current, ask)
    if before is None:
        verification = await verify(coming.secret, origin)
        if verification.is_accepted is None:
            return Rotation(
                RotationEnd.UNPROVEN,
                words=verification.words,
                is_resumed=is_resumed,
                is_silent=verification.is_silent,
            )
        if not verification.is_accepted:
            await store.remove(reference.renamed(reference.name + NEXT), origin)
            return Rotation(RotationEnd.REJECTED, words=verification.words, is_resumed=is_resumed)
        proven_by = verification.words
        await put(store, reference.renamed(reference.name + PREVIOUS), origin, current.secret)
    await put(store, reference, origin, coming.secret)
    await store.remove(reference.renamed(reference.name + NEXT), origin)
    return Rotation(RotationEnd.SWAPPED, coming.secret, proven_by, is_resumed=is_resumed)


async def _current(store: Store, reference: Reference, origin: str) -> Stored:
    current = await store.read(reference, origin)
    if current is None:
        raise StoreError(TokenState.ABSENT, "there is no token to rotate; store the first one with token set")
    if current.origin is None:
        raise StoreError(
            TokenState.REFUSED, "another tool stored the token without an origin; bind it with token rebind"
        )
    return current


async def _take(store: Store, reference: Reference, origin: str, current: Stored, ask: Callable[[], Secret]) -> Stored:
    await prove_writable(store, reference, origin)
    secret = ask()
    if secret == current.secret:
        raise StoreError(TokenState.REFUSED, "this token is already in use; nothing was changed")
    await put(store, reference.renamed(reference.name + NEXT), origin, secret)
    return Stored(secret, origin)


async def confirm(store: Store, reference: Reference, origin: str) -> Rotation:
    """Delete the previous token.

    Raises:
        StoreError: The store failed, or the rotation is not finished.

    """
    if await store.read(reference.renamed(reference.name + NEXT), origin) is not None:
        raise StoreError(TokenState.REFUSED, "the rotation was interrupted: first finish it with token rotate")
    removed = await store.remove(reference.renamed(reference.name + PREVIOUS), origin)
    return Rotation(RotationEnd.CONFIRMED if removed else RotationEnd.NOTHING)


async def go_back(store: Store, reference: Reference, origin: str) -> Rotation:
    """Restore the previous token, and delete the new one.

    Raises:
        StoreError: The store failed.

    """
    coming, previous = reference.renamed(reference.name + NEXT), reference.renamed(reference.name + PREVIOUS)
    before = await store.read(previous, origin)
    if before is None:
        had_next = await store.remove(coming, origin)
        return Rotation(RotationEnd.REVERTED if had_next else RotationEnd.NOTHING)
    await put(store, reference, origin, before.secret)
    await store.remove(coming, origin)
    await store.remove(previous, origin)
    return Rotation(RotationEnd.REVERTED, before.secret)

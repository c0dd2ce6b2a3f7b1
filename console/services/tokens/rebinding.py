"""Rebinding: moving a stored token to another origin, when a person asks for it."""

from dataclasses import dataclass

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.reference import NEXT, PREVIOUS, Reference
from console.services.tokens.stores.store import Store, StoreError, put


@dataclass(frozen=True, slots=True)
class Binding:
    """The rebinding to do."""

    before: str | None
    """The origin that the token is bound to now; None if it is not bound."""
    after: str
    """The origin to bind it to."""

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after


async def plan_rebinding(store: Store, reference: Reference, origin: str, chosen: str | None = None) -> Binding:
    """Find out what is bound to what, before anyone is asked.

    Args:
        store: Where the token is.
        reference: The name it is stored under.
        origin: The origin to bind it to.
        chosen: The origin it is bound to now, if the operator named it.

    Raises:
        StoreError: There is no token, several match, or the store did not answer.

    """
    origins = await store.origins(reference)
    if origins is None:
        raise StoreError(
            TokenState.UNAVAILABLE,
            f"the {store.source} cannot list what it holds; store the token again with token set",
        )
    if chosen is not None and chosen not in origins:
        raise StoreError(TokenState.ABSENT, "there is no token for the origin that --origin names")
    if chosen is None and origin in origins:
        return Binding(origin, origin)
    if not origins:
        raise StoreError(TokenState.ABSENT, f"the {store.source} has no such entry")
    if chosen is None and len(origins) > 1:
        named = ", ".join(sorted(each for each in origins if each is not None))
        raise StoreError(
            TokenState.REFUSED, f"this name has several tokens; choose which one moves with --origin ORIGIN: {named}"
        )
    return Binding(chosen or origins[0], origin)


async def rebind(store: Store, reference: Reference, binding: Binding) -> Secret:
    """Bind a token to another origin; at every moment it is stored somewhere.

    Raises:
        StoreError: The store failed.

    """
    stored = await store.read(reference, binding.before)
    if stored is None or stored.origin != binding.before:
        raise StoreError(TokenState.ABSENT, f"the {store.source} no longer has such an entry")
    # The entries of a rotation go first: if the token itself has moved, all of it has moved.
    for ending in (NEXT, PREVIOUS):
        await _move_beside(store, reference.renamed(reference.name + ending), binding)
    await put(store, reference, binding.after, stored.secret)
    await store.remove(reference, binding.before)
    return stored.secret


async def _move_beside(store: Store, reference: Reference, binding: Binding) -> None:
    if binding.before in (await store.origins(reference) or ()):
        stored = await store.read(reference, binding.before)
        if stored is not None:
            await put(store, reference, binding.after, stored.secret)
            await store.remove(reference, binding.before)

"""Storing a token: the store is proven before anyone is asked, and the token is read back."""

from collections.abc import Callable

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.stores.store import Store, StoreError, prove_writable, put


async def store_token(store: Store, reference: Reference, origin: str, ask: Callable[[], Secret]) -> Secret:
    """Ask for a token and store it, bound to an origin; return it.

    Args:
        store: Where to.
        reference: Its name there.
        origin: The origin that it may be sent to, in canonical form.
        ask: Asks for it without echo, or reads it from a pipe.

    Raises:
        StoreError: The store does not take it, or the name holds another gateway's token. No one was asked, or the
            token is not stored.

    """
    if reference.scheme is not Scheme.KEYRING:
        await _require_room(store, reference, origin)
    await prove_writable(store, reference, origin)
    secret = ask()
    await put(store, reference, origin, secret)
    return secret


async def _require_room(store: Store, reference: Reference, origin: str) -> None:
    """Refuse to overwrite another gateway's token: these stores keep one token per name."""
    kept = await store.origins(reference) or ()
    others = [each for each in kept if each not in (None, origin)]
    if others:
        raise StoreError(
            TokenState.REFUSED,
            f"the name holds the token of {others[0]}; use another name, or move it with token rebind",
        )

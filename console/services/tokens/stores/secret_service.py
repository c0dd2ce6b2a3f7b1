"""The Secret Service of Linux desktops as a store: asked over D-Bus, bounded in time, never unlocked implicitly.

The `keyring` library itself waits forever on a locked collection with a display, and on a frozen daemon.
"""

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from console.domain.tokens.state import TokenState
from console.services.tokens.reference import Reference
from console.services.tokens.stores.bus import in_thread, session_bus
from console.services.tokens.stores.store import Stored, StoreError, parsed, serving

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection
    from secretstorage import Collection, Item

READ_TIMEOUT_S = 2.0
"""The longest one call to the keyring may take, in seconds."""

_Value = TypeVar("_Value")


class SecretServiceStore:
    """Tokens in the default collection, under the attributes `service` and `username` of the `keyring` library.

    A username is `NAME@scheme://host:port` if the console stored the token, and `NAME` if another tool did.
    """

    source = "Secret Service"

    def __init__(
        self, timeout_s: float = READ_TIMEOUT_S, *, time_limit: Callable[[float], asyncio.Timeout] = asyncio.timeout
    ) -> None:
        """Prepare the store; the bus is not opened yet.

        Args:
            timeout_s: The longest one call may take, in seconds.
            time_limit: Raises TimeoutError inside the block after that many seconds; the last bound of a call.

        """
        self._timeout_s = timeout_s
        self._time_limit = time_limit

    async def read(self, reference: Reference, origin: str | None) -> Stored | None:
        """Return the token for an origin, or None if there is none."""

        def ask(connection: "DBusConnection") -> Stored | None:
            collection = unlocked_collection(connection)
            if collection is None:
                return None
            chosen = serving(_kept(collection, reference), origin)
            if chosen is None:
                return None
            bound, item = chosen
            if item.is_locked():
                raise StoreError(TokenState.LOCKED, "the keyring's entry is locked")
            return Stored(parsed(item.get_secret(), self.source), bound)

        return await self._ask(ask)

    async def write(self, reference: Reference, origin: str, value: bytes) -> None:
        """Store a token under a name, bound to an origin."""

        def ask(connection: "DBusConnection") -> None:
            collection = unlocked_collection(connection)
            if collection is None:
                raise StoreError(TokenState.UNAVAILABLE, "there is no keyring yet")
            collection.create_item(
                f"{reference.service}: {reference.name} at {origin}",
                {"service": reference.service, "username": username(reference, origin)},
                value,
                replace=True,
            )

        await self._ask(ask)

    async def remove(self, reference: Reference, origin: str | None) -> bool:
        """Delete the token that is bound to exactly this origin; return whether there was one."""

        def ask(connection: "DBusConnection") -> bool:
            collection = unlocked_collection(connection)
            item = None if collection is None else _kept(collection, reference).get(origin)
            if item is not None:
                item.delete()
            return item is not None

        return await self._ask(ask)

    async def origins(self, reference: Reference) -> tuple[str | None, ...]:
        """Return the origins that a name has tokens for."""

        def ask(connection: "DBusConnection") -> tuple[str | None, ...]:
            collection = unlocked_collection(connection)
            return () if collection is None else tuple(_kept(collection, reference))

        return await self._ask(ask)

    async def _ask(self, ask: "Callable[[DBusConnection], _Value]") -> _Value:
        def work() -> _Value:
            with session_bus(self._timeout_s) as connection:
                return ask(connection)

        return await in_thread(work, self._timeout_s, time_limit=self._time_limit)


def unlocked_collection(connection: "DBusConnection") -> "Collection | None":
    """Return the default collection, or None if there is no keyring yet.

    Raises:
        StoreError: It is locked.

    """
    from secretstorage import Collection
    from secretstorage.exceptions import ItemNotFoundException

    try:
        collection = Collection(connection)
    except ItemNotFoundException:
        return None
    if collection.is_locked():
        raise StoreError(TokenState.LOCKED, "the keyring is locked")
    return collection


def username(reference: Reference, origin: str | None) -> str:
    """Return the name a token is stored under: its own name, and the origin that it is bound to."""
    return reference.name if origin is None else f"{reference.name}@{origin}"


def _kept(collection: "Collection", reference: Reference) -> "dict[str | None, Item]":
    """Return a name's entries by origin. A reference's name has no slash or colon, so entries cannot be confused."""
    kept: dict[str | None, Item] = {}
    for item in collection.search_items({"service": reference.service}):
        name = item.get_attributes().get("username", "")
        if name == reference.name:
            kept.setdefault(None, item)
        elif name.startswith(f"{reference.name}@"):
            origin = name.removeprefix(f"{reference.name}@")
            if re.fullmatch(r"https?://[^/@]+", origin):
                kept.setdefault(origin, item)
    return kept

"""Unlocking the Secret Service on request: with a password from the terminal, or on the desktop."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.domain.tokens.state import TokenState
from console.services.tokens.stores.bus import in_thread, session_bus
from console.services.tokens.stores.store import StoreError

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

PASSWORD_TIMEOUT_S = 5.0
"""The longest that unlocking with a password may take, in seconds; deriving the key is the daemon's slow part."""

PROMPT_TIMEOUT_S = 60.0
"""The longest to wait for a person to answer the desktop's prompt, in seconds."""

BUS_TIMEOUT_S = 2.0
"""The longest the bus may take to accept the connection before the prompt, in seconds."""

_GNOME = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
"""GNOME keyring's own interface, and the only way to unlock it without a display (gnome-keyring 42)."""

_SERVICE = "org.freedesktop.Secret.Service"
_PATH = "/org/freedesktop/secrets"


async def is_made(timeout_s: float = PASSWORD_TIMEOUT_S) -> bool:
    """Return whether a default keyring exists; a server has none at the first login.

    Raises:
        StoreError: The Secret Service cannot be reached, or did not answer in time.

    """

    def work() -> bool:
        with session_bus(timeout_s) as connection:
            return _collection_path(connection) != "/"

    return await in_thread(work, timeout_s)


async def unlock_with_password(password: bytes, timeout_s: float = PASSWORD_TIMEOUT_S) -> None:
    """Unlock the default keyring with its password, or create it with this password if it does not exist.

    Raises:
        StoreError: The password is wrong, this keyring takes one only in its own prompt, or it did not answer in time.

    """

    def work() -> None:
        with session_bus(timeout_s) as connection:
            _unlock(connection, password)
            _require_unlocked(connection)

    await in_thread(work, timeout_s)


def _unlock(connection: "DBusConnection", password: bytes) -> None:
    from jeepney import DBusErrorResponse
    from secretstorage.exceptions import ItemNotFoundException
    from secretstorage.util import DBusAddressWrapper, format_secret, open_session

    master = format_secret(open_session(connection), password, "text/plain")
    daemon = DBusAddressWrapper(_PATH, _GNOME, connection)
    path = _collection_path(connection)
    try:
        if path == "/":
            # "login" is the collection that a desktop login unlocks, should this machine get one.
            label = {"org.freedesktop.Secret.Collection.Label": ("s", "Login")}
            (made,) = daemon.call("CreateWithMasterPassword", "a{sv}(oayays)", label, master)
            DBusAddressWrapper(_PATH, _SERVICE, connection).call("SetAlias", "so", "default", made)
        else:
            daemon.call("UnlockWithMasterPassword", "o(oayays)", path, master)
    except DBusErrorResponse as error:
        if error.name == "org.gnome.keyring.Error.Denied":
            raise StoreError(TokenState.LOCKED, "the password is wrong") from None
        if error.name != "org.freedesktop.DBus.Error.UnknownInterface":
            raise
        raise _prompt_only() from None
    except ItemNotFoundException:  # secretstorage raises this for an unknown method
        raise _prompt_only() from None


def _prompt_only() -> StoreError:
    return StoreError(
        TokenState.UNAVAILABLE,
        "this keyring takes its password only in its own prompt: gateway-console token unlock --desktop",
    )


async def unlock_on_desktop(
    timeout_s: float = PROMPT_TIMEOUT_S,
    *,
    bus_timeout_s: float = BUS_TIMEOUT_S,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Let the desktop ask for the keyring's password, and wait for the answer. Leaving closes the prompt.

    Args:
        timeout_s: The longest to wait for a person, in seconds.
        bus_timeout_s: The longest the bus may take to accept the connection, in seconds.
        clock: Seconds that only go forward.

    Raises:
        StoreError: No one answered in time, the prompt was dismissed, or the Secret Service cannot be reached.

    """
    has_left = threading.Event()

    def work() -> None:
        with session_bus(
            timeout_s, bus_timeout_s=bus_timeout_s, may_prompt=True, has_left=has_left, clock=clock
        ) as connection:
            _prompt(connection)
            _require_unlocked(connection)

    try:
        await in_thread(work, timeout_s)
    finally:
        has_left.set()


def _prompt(connection: "DBusConnection") -> None:
    from jeepney import new_method_call
    from secretstorage.util import PROMPT_IFACE, DBusAddressWrapper, add_match_rules, exec_prompt

    add_match_rules(connection)
    path = _collection_path(connection)
    if path == "/":
        raise StoreError(TokenState.ABSENT, "there is no keyring yet")
    _, prompt = DBusAddressWrapper(_PATH, _SERVICE, connection).call("Unlock", "ao", [path])
    if prompt == "/":
        return
    try:
        was_dismissed, _ = exec_prompt(connection, prompt)
    except TimeoutError:
        connection.send(new_method_call(DBusAddressWrapper(prompt, PROMPT_IFACE, connection), "Dismiss"))
        raise StoreError(TokenState.TIMEOUT, "the desktop's prompt was not answered in time") from None
    if was_dismissed:
        raise StoreError(TokenState.LOCKED, "the prompt was dismissed, or this desktop could not show it")


def _collection_path(connection: "DBusConnection") -> str:
    from secretstorage.util import DBusAddressWrapper

    (path,) = DBusAddressWrapper(_PATH, _SERVICE, connection).call("ReadAlias", "s", "default")
    return str(path)


def _require_unlocked(connection: "DBusConnection") -> None:
    """Check again: a daemon may say yes and stay locked."""
    from secretstorage import Collection

    if Collection(connection).is_locked():
        raise StoreError(TokenState.LOCKED, "the keyring is still locked")

"""Reading the OS keyring, bounded in time and without ever raising a prompt.

On Linux the Secret Service is asked over D-Bus in this process, with the time that is left on every call: the
`keyring` library itself waits for ever on a locked collection with a display, and on a frozen daemon. Elsewhere the
platform's own backend runs in a child process, which is killed at the deadline.
"""

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from console.domain.event import TokenState
from console.domain.secret import Secret

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

READ_TIMEOUT_S = 2.0
"""The longest that reading a token from the keyring may take, in seconds."""

_CHILD_BACKENDS = {"darwin": "keyring.backends.macOS:Keyring", "win32": "keyring.backends.Windows:WinVaultKeyring"}


@dataclass(frozen=True, slots=True)
class StoreAnswer:
    """What a store said: a token, or a state with the reason in our words."""

    state: TokenState
    secret: Secret | None = None
    reason: str = ""


KeyringReader = Callable[[str, str], Awaitable[StoreAnswer]]
"""Reads the token that is stored under a service and a name. Never raises and never outlasts its deadline."""


async def read_keyring(
    service: str, name: str, timeout_s: float = READ_TIMEOUT_S, *, platform: str = sys.platform
) -> StoreAnswer:
    """Read a token from the platform's keyring."""
    if platform == "linux":
        return await _in_thread(lambda: _ask_secret_service(service, name, timeout_s), timeout_s)
    backend = _CHILD_BACKENDS.get(platform)
    if backend is None:
        return StoreAnswer(TokenState.UNAVAILABLE, reason="this platform has no keyring that the console knows")
    return await read_in_child(backend, service, name, timeout_s)


async def _in_thread(ask: Callable[[], StoreAnswer], timeout_s: float) -> StoreAnswer:
    """Run a blocking read in a daemon thread, so that not even a stuck one can hold up the screen or the exit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[StoreAnswer] = loop.create_future()

    def settle(value: StoreAnswer | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        elif value is not None:
            answer.set_result(value)

    def run() -> None:
        value, failure = None, None
        try:
            value = ask()
        except BaseException as error:  # noqa: BLE001  # a bug is raised where the answer is awaited
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, daemon=True, name="keyring").start()
    try:
        async with asyncio.timeout(timeout_s + 0.5):
            return await answer
    except TimeoutError:
        return StoreAnswer(TokenState.TIMEOUT, reason=f"the keyring did not answer within {timeout_s:g} s")


class _BoundedConnection:
    """A D-Bus connection on which all calls together have one deadline."""

    def __init__(self, connection: "DBusConnection", deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def send_and_get_reply(self, message: Any) -> Any:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return self._connection.send_and_get_reply(message, timeout=left)


def _ask_secret_service(service: str, name: str, timeout_s: float) -> StoreAnswer:
    from jeepney import DBusErrorResponse
    from jeepney.io.blocking import open_dbus_connection
    from secretstorage import Collection
    from secretstorage.exceptions import (
        ItemNotFoundException,
        LockedException,
        SecretServiceNotAvailableException,
    )

    deadline = time.monotonic() + timeout_s
    try:
        with contextlib.closing(open_dbus_connection(bus="SESSION", auth_timeout=min(1.0, timeout_s))) as connection:
            bounded = cast("DBusConnection", _BoundedConnection(connection, deadline))
            collection = Collection(bounded)
            if collection.is_locked():
                return StoreAnswer(TokenState.LOCKED, reason="the keyring is locked")
            for item in collection.search_items({"service": service, "username": name}):
                if item.is_locked():
                    return StoreAnswer(TokenState.LOCKED, reason="the keyring's entry is locked")
                return _found(item.get_secret())
    except ItemNotFoundException:
        return StoreAnswer(TokenState.ABSENT, reason="there is no keyring yet")
    except LockedException:
        return StoreAnswer(TokenState.LOCKED, reason="the keyring is locked")
    except TimeoutError:
        return StoreAnswer(TokenState.TIMEOUT, reason=f"the keyring did not answer within {timeout_s:g} s")
    except KeyError:
        return StoreAnswer(
            TokenState.UNAVAILABLE, reason="there is no session bus here: DBUS_SESSION_BUS_ADDRESS is not set"
        )
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,
        SecretServiceNotAvailableException,
        DBusErrorResponse,
    ) as error:
        return StoreAnswer(
            TokenState.UNAVAILABLE, reason=f"the Secret Service cannot be reached ({type(error).__name__})"
        )
    return StoreAnswer(TokenState.ABSENT, reason="the keyring has no such entry")


_CHILD = """
import importlib, sys
module, _, name = sys.argv[1].partition(":")
from keyring.errors import KeyringLocked, KeyringError
try:
    value = getattr(importlib.import_module(module), name)().get_password(sys.argv[2], sys.argv[3])
except KeyringLocked:
    sys.exit(4)
except (KeyringError, OSError, RuntimeError):
    sys.exit(5)
if value is None:
    sys.exit(3)
sys.stdout.buffer.write(value.encode())
"""
_CHILD_STATES = {
    3: (TokenState.ABSENT, "the keyring has no such entry"),
    4: (TokenState.LOCKED, "the keyring is locked"),
}


async def read_in_child(backend: str, service: str, name: str, timeout_s: float) -> StoreAnswer:
    """Read a token through a `keyring` backend, `module:Class`, in a child process that ends at the deadline.

    The token comes back over a pipe; service and name are no secrets and travel as arguments.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-c",
        _CHILD,
        backend,
        service,
        name,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(timeout_s):
            output, _ = await child.communicate()
    except TimeoutError:
        return StoreAnswer(TokenState.TIMEOUT, reason=f"the keyring did not answer within {timeout_s:g} s")
    finally:
        if child.returncode is None:
            child.kill()
            await child.communicate()
    if child.returncode == 0:
        return _found(output)
    state, reason = _CHILD_STATES.get(
        child.returncode or 0, (TokenState.UNAVAILABLE, "the keyring's backend could not be used")
    )
    return StoreAnswer(state, reason=reason)


def _found(value: bytes) -> StoreAnswer:
    try:
        return StoreAnswer(TokenState.FOUND, Secret.parse(value.decode("ascii")))
    except UnicodeDecodeError:
        return StoreAnswer(TokenState.UNAVAILABLE, reason="the stored token has a character outside ASCII")
    except ValueError as error:
        return StoreAnswer(TokenState.UNAVAILABLE, reason=f"the stored value cannot be a token: {error}")

"""The session bus, with one deadline for all calls on it, and no prompt."""

import asyncio
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from console.domain.tokens.state import TokenState
from console.services.system.thread import OverdueError, Worker
from console.services.tokens.stores.store import StoreError

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

_Value = TypeVar("_Value")


async def in_thread(
    work: Callable[[], _Value],
    timeout_s: float,
    *,
    time_limit: Callable[[float], AbstractAsyncContextManager[object]] = asyncio.timeout,
) -> _Value:
    """Run a blocking call in its own thread, so that even a stuck call cannot block the screen or the exit.

    Args:
        work: The call, with its own deadline.
        timeout_s: That deadline, in seconds.
        time_limit: Raises TimeoutError inside the block after that many seconds.

    Raises:
        StoreError: The call did not return within half a second of its own deadline.

    """
    worker = Worker("keyring", timeout_s + 0.5, time_limit)
    try:
        return await worker.run(work)
    except OverdueError:
        raise timed_out(timeout_s) from None
    finally:
        worker.close()


def timed_out(timeout_s: float) -> StoreError:
    """Return the error for a keyring that did not answer in time."""
    return StoreError(TokenState.TIMEOUT, f"the keyring did not answer within {timeout_s:g} s")


class PromptWantedError(Exception):
    """The keyring would have to show a prompt."""


class BoundedConnection:
    """A D-Bus connection with one deadline for all its calls, on which no prompt can be waited for."""

    def __init__(
        self,
        connection: "DBusConnection",
        deadline: float,
        *,
        may_prompt: bool,
        has_left: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        """Bound a connection.

        Args:
            connection: An open connection.
            deadline: When everything has to be done, by the clock.
            may_prompt: The caller wants a prompt shown, and waits for its end.
            has_left: Set when the caller no longer waits.
            clock: Seconds that only go forward.

        """
        self._connection = connection
        self._deadline = deadline
        self._may_prompt = may_prompt
        self._has_left = has_left
        self._clock = clock

    def send_and_get_reply(self, message: Any) -> Any:
        """Send a call and wait for its answer, at most until the deadline."""
        left = self._deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        return self._connection.send_and_get_reply(message, timeout=left)

    def send(self, message: Any) -> None:
        """Send a call without waiting for its answer."""
        self._connection.send(message)

    def filter(self, rule: Any) -> Any:
        """Wait for the signal that a prompt has ended; refused if no prompt was requested."""
        if not self._may_prompt:
            raise PromptWantedError
        return self._connection.filter(rule)

    def recv_until_filtered(self, queue: Any, timeout: float | None = None) -> Any:
        """Wait for a filtered message until the deadline, or until the caller has left."""
        while not self._has_left.is_set() and (left := self._deadline - self._clock()) > 0:
            with contextlib.suppress(TimeoutError):
                return self._connection.recv_until_filtered(queue, timeout=min(left, 0.1))
        raise TimeoutError


# A gnome-keyring-daemon can abort when one client leaves while the next one's first call arrives
# (https://gitlab.gnome.org/GNOME/gnome-keyring/-/issues/196), so a process stays one client if it can.
_idle: "deque[tuple[str, DBusConnection]]" = deque()


@contextlib.contextmanager
def _connection(address: str, timeout_s: float) -> "Iterator[DBusConnection]":
    """Lend the idle connection, or a new one; a connection that ends in a bus error is not kept.

    The idle one gets half of the time to answer, a new one the other half.
    """
    from jeepney.io.blocking import open_dbus_connection
    from secretstorage.exceptions import LockedException

    connection = _taken(address, timeout_s / 2)
    if connection is None:
        connection = open_dbus_connection(bus=address, auth_timeout=timeout_s / 2)
    is_sound = False
    try:
        yield connection
        is_sound = True
    except (LockedException, StoreError):
        is_sound = True
        raise
    finally:
        if is_sound and not _idle:
            _idle.append((address, connection))
        else:
            connection.close()


def _taken(address: str, timeout_s: float) -> "DBusConnection | None":
    """Take the idle connection, if the same bus still answers on it."""
    from jeepney import DBusErrorResponse, message_bus
    from jeepney.io.blocking import Proxy

    try:
        kept_address, connection = _idle.popleft()
    except IndexError:
        return None
    if kept_address == address:
        with contextlib.suppress(OSError, EOFError, ValueError, RuntimeError, DBusErrorResponse):
            Proxy(message_bus, connection, timeout=timeout_s).GetId()
            return connection
    connection.close()
    return None


@contextlib.contextmanager
def session_bus(
    timeout_s: float,
    *,
    bus_timeout_s: float | None = None,
    may_prompt: bool = False,
    has_left: threading.Event | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator["DBusConnection"]:
    """Connect to the session bus; all calls within the block share one deadline.

    Args:
        timeout_s: The longest they may take together, in seconds.
        bus_timeout_s: The longest the bus itself may take to accept the connection; the same by default.
        may_prompt: Let the keyring prompt on the desktop; without it, anything that needs a prompt counts as locked.
        has_left: Set when the caller no longer waits for a prompt.
        clock: Seconds that only go forward.

    Raises:
        StoreError: The bus or its service is locked, cannot be reached, or did not answer in time.

    """
    from jeepney import DBusErrorResponse
    from secretstorage.exceptions import (
        ItemNotFoundException,
        LockedException,
        SecretServiceNotAvailableException,
    )

    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if not address:
        raise StoreError(TokenState.UNAVAILABLE, "there is no session bus here: DBUS_SESSION_BUS_ADDRESS is not set")
    deadline = clock() + timeout_s
    try:
        with _connection(address, timeout_s if bus_timeout_s is None else bus_timeout_s) as connection:
            bounded = BoundedConnection(
                connection, deadline, may_prompt=may_prompt, has_left=has_left or threading.Event(), clock=clock
            )
            yield cast("DBusConnection", bounded)
    except (LockedException, PromptWantedError):
        raise StoreError(TokenState.LOCKED, "the keyring is locked") from None
    except ItemNotFoundException:
        raise StoreError(TokenState.UNAVAILABLE, "the keyring's entry was removed during the call") from None
    except TimeoutError:
        raise timed_out(timeout_s) from None
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,
        SecretServiceNotAvailableException,
        DBusErrorResponse,
    ) as error:
        raise StoreError(
            TokenState.UNAVAILABLE, f"the Secret Service cannot be reached ({type(error).__name__})"
        ) from None

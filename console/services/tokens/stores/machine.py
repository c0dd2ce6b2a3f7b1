"""What this machine has for keeping tokens, found without a prompt and within a deadline."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from console.domain.tokens.state import TokenState
from console.services.system.directories import Directories
from console.services.system.private_file import read_private
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.stores.bus import in_thread, session_bus
from console.services.tokens.stores.secret_service import READ_TIMEOUT_S
from console.services.tokens.stores.store import Store, StoreError, file_errors_told, prove_writable
from console.services.tokens.stores.vault_file import SIZE_LIMIT, read_vault

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection


class KeyringState(StrEnum):
    """How far the way to the Secret Service is open."""

    UNLOCKED = "unlocked"
    LOCKED = "locked"
    NO_KEYRING = "no keyring yet"
    NO_DAEMON = "no daemon"
    NO_BUS = "no session bus"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    OTHER = "another platform's keyring"


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found."""

    keyring: KeyringState
    keyring_words: str
    """The reason, if the state alone does not say enough."""
    daemon_pid: int | None
    """The process that answers for the Secret Service on the bus; None if it is not known."""
    has_display: bool
    is_ssh: bool
    kernel_words: str
    """Empty if the kernel keeps keys, else the reason why not."""
    vault_words: str

    @property
    def has_kernel(self) -> bool:
        """Whether the kernel keeps keys here."""
        return not self.kernel_words


async def look_at_machine(
    environment: Mapping[str, str],
    kernel: Store | None,
    *,
    platform: str,
    timeout_s: float = READ_TIMEOUT_S,
    clock: Callable[[], float] = time.monotonic,
) -> Machine:
    """Find out what this machine has.

    Args:
        environment: The environment variables of this process.
        kernel: The kernel's store, where a random value is written and removed; None if nothing may be tried.
        platform: The platform, as `sys.platform` has it.
        timeout_s: The longest the keyring may take, in seconds.
        clock: Seconds that only go forward.

    """
    found = _Keyring(KeyringState.OTHER, f"that of {platform}")
    if platform == "linux":
        found = await _look_at_secret_service(environment, timeout_s, clock)
    return Machine(
        keyring=found.state,
        keyring_words=found.words,
        daemon_pid=found.daemon_pid,
        has_display=bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")),
        is_ssh="SSH_CONNECTION" in environment,
        kernel_words=await _look_at_kernel(kernel),
        vault_words=_look_at_vault(environment),
    )


@dataclass(frozen=True, slots=True)
class _Keyring:
    state: KeyringState
    words: str = ""
    daemon_pid: int | None = None


async def _look_at_secret_service(
    environment: Mapping[str, str], timeout_s: float, clock: Callable[[], float]
) -> _Keyring:
    if not environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return _Keyring(KeyringState.NO_BUS, "DBUS_SESSION_BUS_ADDRESS is not set")

    def work() -> _Keyring:
        with session_bus(timeout_s, clock=clock) as connection:
            return _look_at_bus(connection)

    try:
        return await in_thread(work, timeout_s)
    except StoreError as error:
        is_silent = error.state is TokenState.TIMEOUT
        return _Keyring(KeyringState.TIMEOUT if is_silent else KeyringState.UNREACHABLE, error.reason)


def _look_at_bus(connection: "DBusConnection") -> _Keyring:
    from jeepney import DBusAddress, new_method_call
    from secretstorage import Collection
    from secretstorage.exceptions import ItemNotFoundException

    bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")

    def ask(method: str, *words: str) -> Any:
        signature = "s" * len(words) or None
        return connection.send_and_get_reply(new_method_call(bus, method, signature, words)).body[0]

    running = ask("ListNames")
    if _NAME not in {*running, *ask("ListActivatableNames")}:
        return _Keyring(KeyringState.NO_DAEMON, "the bus has no Secret Service, and cannot start one")
    daemon_pid = ask("GetConnectionUnixProcessID", _NAME) if _NAME in running else None
    try:
        is_locked = Collection(connection).is_locked()
    except ItemNotFoundException:
        return _Keyring(KeyringState.NO_KEYRING, daemon_pid=daemon_pid)
    except TimeoutError:
        return _Keyring(KeyringState.TIMEOUT, "the bus answers but the daemon does not", daemon_pid)
    return _Keyring(KeyringState.LOCKED if is_locked else KeyringState.UNLOCKED, daemon_pid=daemon_pid)


_NAME = "org.freedesktop.secrets"


async def _look_at_kernel(kernel: Store | None) -> str:
    if kernel is None:
        return "not tried, because nothing may be changed"
    name = Reference(Scheme.KERNEL, f"doctor-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        await prove_writable(kernel, name, "https://doctor.invalid:443")
    except StoreError as error:
        return error.reason
    return ""


def _look_at_vault(environment: Mapping[str, str]) -> str:
    try:
        with file_errors_told():
            data = read_private(Directories.of(environment).vault, SIZE_LIMIT)
        return "none yet" if data is None else f"{len(read_vault(data).entries)} token(s)"
    except StoreError as error:
        return error.reason

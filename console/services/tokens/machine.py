"""What this machine has for keeping tokens: found out without asking anybody, and within a deadline."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from console.domain.event import TokenState
from console.services.tokens.bus import in_thread, session_bus
from console.services.tokens.place import Place
from console.services.tokens.private_file import read_private
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.secret_service import READ_TIMEOUT_S
from console.services.tokens.store import Store, StoreError, prove_writable
from console.services.tokens.vault_file import SIZE_LIMIT, read_vault

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection


class KeyringState(StrEnum):
    """How far one gets on the way to the Secret Service."""

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
    has_display: bool
    is_ssh: bool
    kernel_words: str
    """Empty where the kernel keeps keys, else the reason why not."""
    vault_words: str

    @property
    def has_kernel(self) -> bool:
        """Tell whether the kernel keeps keys here."""
        return not self.kernel_words


async def look_at_machine(
    environment: Mapping[str, str], kernel: Store | None, *, platform: str, timeout_s: float = READ_TIMEOUT_S
) -> Machine:
    """Find out what this machine has.

    Args:
        environment: The environment variables of this process.
        kernel: The kernel's store, where a random value is put and removed; None where nothing may be tried.
        platform: The platform, as `sys.platform` has it.
        timeout_s: The longest that the keyring may take, in seconds.

    """
    keyring, words = KeyringState.OTHER, f"the keyring of {platform}"
    if platform == "linux":
        keyring, words = await _look_at_secret_service(environment, timeout_s)
    return Machine(
        keyring=keyring,
        keyring_words=words,
        has_display=bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")),
        is_ssh="SSH_CONNECTION" in environment,
        kernel_words=await _look_at_kernel(kernel),
        vault_words=_look_at_vault(environment),
    )


async def _look_at_secret_service(environment: Mapping[str, str], timeout_s: float) -> tuple[KeyringState, str]:
    if not environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return KeyringState.NO_BUS, "DBUS_SESSION_BUS_ADDRESS is not set"

    def work() -> tuple[KeyringState, str]:
        with session_bus(timeout_s) as connection:
            return _look_at_bus(connection)

    try:
        return await in_thread(work, timeout_s)
    except StoreError as error:
        return _STATES.get(error.state, KeyringState.UNREACHABLE), error.reason


_STATES = {TokenState.LOCKED: KeyringState.LOCKED, TokenState.TIMEOUT: KeyringState.TIMEOUT}


def _look_at_bus(connection: "DBusConnection") -> tuple[KeyringState, str]:
    from jeepney import DBusAddress, new_method_call
    from secretstorage import Collection
    from secretstorage.exceptions import ItemNotFoundException

    bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
    (names,) = connection.send_and_get_reply(new_method_call(bus, "ListNames")).body
    (startable,) = connection.send_and_get_reply(new_method_call(bus, "ListActivatableNames")).body
    if "org.freedesktop.secrets" not in {*names, *startable}:
        return KeyringState.NO_DAEMON, "the bus has no Secret Service, and cannot start one"
    try:
        is_locked = Collection(connection).is_locked()
    except ItemNotFoundException:
        return KeyringState.NO_KEYRING, "the daemon answers, and has no keyring yet"
    return (KeyringState.LOCKED, "the keyring is locked") if is_locked else (KeyringState.UNLOCKED, "unlocked")


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
        data = read_private(Place.of(environment).vault, SIZE_LIMIT)
        return "none yet" if data is None else f"{len(read_vault(data).entries)} token(s)"
    except StoreError as error:
        return error.reason

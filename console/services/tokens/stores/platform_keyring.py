"""Keyrings of other platforms: one named class of the `keyring` library, in a child process with a deadline.

The library's own choice is never used: a variable or a file can make it load any class.
"""

import sys
from collections.abc import Mapping
from typing import Literal

from console.domain.tokens.state import TokenState
from console.services.system.process import ChildEnding, run_bounded
from console.services.tokens.reference import Reference
from console.services.tokens.stores.bus import timed_out
from console.services.tokens.stores.secret_service import READ_TIMEOUT_S, SecretServiceStore, username
from console.services.tokens.stores.store import Store, Stored, StoreError, parsed, serving

Choice = Literal["platform", "kwallet"]
"""Which keyring a profile uses: the platform's own, or KWallet through its own interface."""

BACKENDS: Mapping[str, tuple[str, str]] = {
    "darwin": ("macOS keychain", "keyring.backends.macOS:Keyring"),
    "win32": ("Windows credential store", "keyring.backends.Windows:WinVaultKeyring"),
    "kwallet": ("KWallet", "keyring.backends.kwallet:DBusKeyring"),
}
"""The backends that the console accepts, with their names; all others, above all plain files, are excluded."""

_PASSED = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "HOME", "LANG", "PATH", "SYSTEMROOT", "USER", "USERPROFILE",
           "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")  # fmt: skip

_CHILD = """
import importlib, sys
backend, action, service, *names = sys.argv[1:]
module, _, kind = backend.partition(":")
from keyring.errors import KeyringLocked, KeyringError, PasswordDeleteError
try:
    keyring = getattr(importlib.import_module(module), kind)()
    if action == "set":
        keyring.set_password(service, names[0], sys.stdin.buffer.read().decode())
        sys.exit(0)
    for name in names:
        value = keyring.get_password(service, name)
        if value is not None:
            if action == "delete":
                keyring.delete_password(service, name)
            else:
                sys.stdout.buffer.write(f"{names.index(name)}:{value}".encode())
            sys.exit(0)
except KeyringLocked:
    sys.exit(4)
except (KeyringError, OSError, RuntimeError, ImportError, AttributeError):
    sys.exit(5)
sys.exit(3)
"""
_ABSENT, _LOCKED = 3, 4
_OUTPUT_LIMIT = 16_384


class ChildKeyring:
    """Tokens in a keyring that only a `keyring` backend reaches. Its entries cannot be listed."""

    def __init__(
        self, source: str, backend: str, environment: Mapping[str, str], timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        """Prepare the store; the backend is never loaded in this process.

        Args:
            source: The keyring's name in messages.
            backend: The backend, as `module:Class`.
            environment: This process's environment; the child gets a part of it.
            timeout_s: The longest one call may take, in seconds.

        """
        self.source = source
        self._backend = backend
        self._environment = {name: environment[name] for name in _PASSED if name in environment}
        self._timeout_s = timeout_s

    async def read(self, reference: Reference, origin: str | None) -> Stored | None:
        """Return the token for an origin, or None if there is none."""
        names = list(dict.fromkeys((username(reference, origin), reference.name)))
        output = await self._run("get", reference, *names)
        if output is None:
            return None
        place, _, value = output.partition(b":")
        bound = origin if place == b"0" else None
        chosen = serving({bound: value}, origin)
        return None if chosen is None else Stored(parsed(value, self.source), bound)

    async def write(self, reference: Reference, origin: str, value: bytes) -> None:
        """Store a token under a name, bound to an origin. The child gets it over a pipe."""
        await self._run("set", reference, username(reference, origin), given=value)

    async def remove(self, reference: Reference, origin: str | None) -> bool:
        """Delete the token that is bound to exactly this origin; return whether there was one."""
        return await self._run("delete", reference, username(reference, origin)) is not None

    async def origins(self, reference: Reference) -> None:
        """Return None: the backend cannot list its entries."""

    async def _run(self, action: str, reference: Reference, *names: str, given: bytes = b"") -> bytes | None:
        command = (sys.executable, "-I", "-c", _CHILD, self._backend, action, reference.service, *names)
        try:
            report = await run_bounded(
                command,
                environment=self._environment,
                timeout_s=self._timeout_s,
                limit_bytes=_OUTPUT_LIMIT,
                given=given,
                may_leave_agents=True,
            )
        except OSError:
            raise self._unusable() from None
        if report.ending is ChildEnding.TIMED_OUT:
            raise timed_out(self._timeout_s)
        if report.exit_code not in (0, _ABSENT, _LOCKED):
            raise self._unusable()
        if report.exit_code == _LOCKED:
            raise StoreError(TokenState.LOCKED, "the keyring is locked")
        return None if report.exit_code == _ABSENT else report.tail

    def _unusable(self) -> StoreError:
        return StoreError(TokenState.UNAVAILABLE, f"the {self.source} cannot be used here")


class NoKeyring:
    """The keyring of a platform that has none."""

    source = "keyring"

    async def read(self, reference: Reference, origin: str | None) -> Stored | None:
        """Raise: there is none."""
        raise _no_keyring()

    async def write(self, reference: Reference, origin: str, value: bytes) -> None:
        """Raise: there is none."""
        raise _no_keyring()

    async def remove(self, reference: Reference, origin: str | None) -> bool:
        """Raise: there is none."""
        raise _no_keyring()

    async def origins(self, reference: Reference) -> tuple[str | None, ...] | None:
        """Raise: there is none."""
        raise _no_keyring()


def _no_keyring() -> StoreError:
    return StoreError(TokenState.UNAVAILABLE, "the console knows no keyring for this platform")


def open_keyring(
    environment: Mapping[str, str],
    choice: Choice = "platform",
    *,
    timeout_s: float = READ_TIMEOUT_S,
    platform: str = sys.platform,
) -> Store:
    """Return this platform's keyring, or the one that a profile names; nothing is asked yet."""
    if choice == "platform" and platform == "linux":
        return SecretServiceStore(timeout_s)
    found = BACKENDS.get("kwallet" if choice == "kwallet" else platform)
    return NoKeyring() if found is None else ChildKeyring(*found, environment, timeout_s)

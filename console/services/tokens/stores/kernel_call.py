"""The Linux kernel's key retention service: its system calls, which the C library does not wrap (keyctl(2))."""

import ctypes
import errno
import platform
import sys
from typing import Protocol

_SESSION_KEYRING = -3
"""KEY_SPEC_SESSION_KEYRING: lives as long as the login session, in memory only."""

_GET_KEYRING_ID, _UNLINK, _SEARCH, _READ, _SET_TIMEOUT = 0, 9, 10, 11, 15
"""The operations of keyctl(2)."""

_NUMBERS = {"x86_64": (248, 250), "aarch64": (217, 219), "riscv64": (217, 219), "loongarch64": (217, 219),
            "ppc64le": (269, 271), "s390x": (278, 280)}  # fmt: skip
"""add_key and keyctl, by machine: arch/*/entry/syscalls/syscall.tbl and asm-generic/unistd.h of Linux 6.12."""


class KernelKeys(Protocol):
    """The calls that the kernel store needs, on keys of type `user` in the session keyring.

    Raises:
        OSError: The kernel refuses; its errno says why.

    """

    def add(self, description: str, payload: bytes) -> int:
        """Add a key or replace its payload; return its serial number."""

    def search(self, description: str) -> int:
        """Return a key's serial number."""

    def read(self, key: int) -> bytes:
        """Return a key's payload."""

    def set_timeout(self, key: int, seconds: int) -> None:
        """Let a key expire after a time."""

    def unlink(self, key: int) -> None:
        """Remove a key from the session keyring."""


class SessionKeys:
    """The session keyring, through the kernel's own system calls."""

    def __init__(self) -> None:
        """Prepare the calls.

        Raises:
            OSError: The kernel keeps no keys for this process; ENOSYS if this platform's calls are not known.

        """
        numbers = _NUMBERS.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 2**32 else None
        if numbers is None:
            raise OSError(errno.ENOSYS, "no kernel keyring is known on this platform")
        self._add_key, self._keyctl = numbers
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long
        # By its number: a process without its own session keyring shares the user's, and adding to "the session
        # keyring" would create one that ends with the process.
        self._ring = self._operate(_GET_KEYRING_ID, _SESSION_KEYRING, 0)

    def _call(self, *arguments: object) -> int:
        ctypes.set_errno(0)
        result = int(self._syscall(*arguments))
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, "the kernel refuses")
        return result

    def add(self, description: str, payload: bytes) -> int:
        """Add a key or replace its payload; return its serial number."""
        return self._call(
            ctypes.c_long(self._add_key),
            b"user",
            description.encode(),
            payload,
            ctypes.c_size_t(len(payload)),
            ctypes.c_long(self._ring),
        )

    def search(self, description: str) -> int:
        """Return a key's serial number."""
        return self._operate(_SEARCH, self._ring, b"user", description.encode(), 0)

    def read(self, key: int) -> bytes:
        """Return a key's payload."""
        buffer = ctypes.create_string_buffer(32_768)  # the most that a key of type user can hold is 32,767 bytes
        size = self._operate(_READ, key, buffer, len(buffer))
        return buffer.raw[: min(size, len(buffer))]

    def set_timeout(self, key: int, seconds: int) -> None:
        """Let a key expire after a time."""
        self._operate(_SET_TIMEOUT, key, seconds)

    def unlink(self, key: int) -> None:
        """Remove a key from the session keyring."""
        self._operate(_UNLINK, key, self._ring)

    def _operate(self, operation: int, *arguments: object) -> int:
        longs = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
        return self._call(ctypes.c_long(self._keyctl), ctypes.c_long(operation), *longs)

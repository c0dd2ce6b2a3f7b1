"""The audit log: what was done to tokens, one JSON line a deed; no value, and not how long one is."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from console.domain.tokens.state import TokenState
from console.services.system.private_file import open_to_append, require_clean, shown
from console.services.tokens.stores.store import StoreError, file_errors_told

SIZE_LIMIT = 1024 * 1024
"""The bytes after which the log is put aside as `….1`, and a new one begun."""


class AuditLog:
    """A log of this user's own, appended to line by line."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Prepare the log; nothing is opened yet.

        Args:
            path: The log's file.
            clock: Unix time in seconds.

        """
        self._path = path
        self._clock = clock

    def require(self) -> None:
        """See that the log can be written, before anything is done that belongs into it.

        Raises:
            StoreError: It cannot be written, or others may use it.

        """
        os.close(self._open())

    def write(
        self, action: str, reference: str, result: str, *, origin: str | None = None, source: str = "",
        fingerprint: str | None = None,
    ) -> None:  # fmt: skip
        """Append a line.

        Raises:
            StoreError: It cannot be written, or others may use it.

        """
        line = {
            "time": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds"),
            "action": action,
            "reference": reference,
            "origin": origin,
            "source": source or None,
            "result": result,
            "fingerprint": fingerprint,
        }
        data = msgspec.json.encode(line) + b"\n"
        with file_errors_told():
            require_clean(data, "the audit line")
        descriptor = self._open()
        try:
            os.write(descriptor, data)
            if os.fstat(descriptor).st_size > SIZE_LIMIT:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        except OSError as error:
            words = f"the audit log {shown(self._path)} cannot be written: {error.strerror or 'input/output error'}"
            raise StoreError(TokenState.UNAVAILABLE, words) from None
        finally:
            os.close(descriptor)

    @file_errors_told()
    def _open(self) -> int:
        return open_to_append(self._path)

"""The audit log: one JSON line per token action; never a value, nor its length."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from console.services.system.jsonl import append_line
from console.services.system.private_file import open_to_append
from console.services.tokens.stores.store import file_errors_told

SIZE_LIMIT = 1024 * 1024
"""The size in bytes above which the log is renamed to `….1` and a new one started."""


class AuditLog:
    """The user's own log, appended to line by line."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Prepare the log; nothing is opened yet.

        Args:
            path: The log's file.
            clock: Unix time in seconds.

        """
        self._path = path
        self._clock = clock

    @file_errors_told()
    def require(self) -> None:
        """Check that the log can be written, before doing anything that must be logged.

        Raises:
            StoreError: It cannot be written, or other users can access it.

        """
        os.close(open_to_append(self._path))

    @file_errors_told()
    def write(
        self, action: str, reference: str, result: str, *, origin: str | None = None, source: str = "",
        fingerprint: str | None = None,
    ) -> None:  # fmt: skip
        """Append a line.

        Raises:
            StoreError: It cannot be written, or other users can access it.

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
        append_line(self._path, line, aside_above=SIZE_LIMIT)

"""What every SQLite file of the console needs: its journal, and transactions that are whole."""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection


def use_write_ahead_log(connection: "Connection", busy_ms: int) -> str:
    """Switch the journal mode; SQLite does not wait by itself when two processes do so at once.

    Args:
        connection: The open file.
        busy_ms: How long to wait for other processes.

    Returns:
        The mode that it has now: not `wal` on a file system that allows none.

    Raises:
        sqlite3.OperationalError: SQLite raised it, or the wait is over.

    """
    import sqlite3

    ends = time.monotonic() + busy_ms / 1000
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.01)
            continue
        return str(mode)


@contextlib.contextmanager
def transaction(connection: "Connection", begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Commit everything written within the block, or nothing; reads within it see one moment."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")

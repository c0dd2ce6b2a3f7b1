"""The history's file: its tables, step by step from version to version, and what becomes of a file that is not ours."""

import contextlib
import fcntl
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.problem import Problem
from console.domain.text.safe import safe
from console.services.system.os_reason import os_reason

if TYPE_CHECKING:
    from sqlite3 import Connection

FILE_NAME = "history.db"
APPLICATION_ID = 0x67636869
"""`gchi`: in the header of the file, so that no other database is taken for a history."""
Steps = Sequence[Sequence[str]]

STEPS: Steps = (
    (
        """CREATE TABLE route (
            id INTEGER PRIMARY KEY,
            profile TEXT NOT NULL,
            origin TEXT NOT NULL,
            key TEXT NOT NULL,
            model TEXT NOT NULL,
            family TEXT NOT NULL,
            UNIQUE (profile, key, model, family, origin)
        ) STRICT""",
        """CREATE TABLE word (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL UNIQUE
        ) STRICT""",
        """CREATE TABLE retention (
            profile TEXT PRIMARY KEY,
            days INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE fact (
            route INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            n INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            status INTEGER NOT NULL,
            rung INTEGER,
            shape INTEGER,
            category INTEGER,
            http_status INTEGER,
            ttft_us INTEGER,
            total_us INTEGER,
            output_tokens INTEGER,
            millitokens_per_s INTEGER,
            microusd INTEGER,
            findings INTEGER,
            version INTEGER,
            request_id TEXT,
            PRIMARY KEY (route, at_ms, n)
        ) STRICT, WITHOUT ROWID""",
    ),
)
"""What takes a file from each version to the next one, beginning with none. Facts lie by route and time, as they are
read; closed words and sets of finding ids are rows of `word`."""


class HistoryError(Problem):
    """The history cannot be used; the message says why. Nothing but the history depends on it."""


class DamagedError(Exception):
    """The file is not a database, or its content is not what this console wrote."""


def connect(path: Path, *, busy_ms: int, steps: Steps = STEPS) -> "Connection":
    """Open a file and take its tables to the newest version.

    Args:
        path: The file; it exists, and may be empty.
        busy_ms: How long to wait for another console that writes.
        steps: The versions of the tables.

    Raises:
        HistoryError: It comes from a newer console, is another program's, or cannot be used.
        DamagedError: It is damaged.

    """
    import sqlite3

    with reporting(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",  # SQLite would create the file with the wrong permissions
            timeout=busy_ms / 1000,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        try:
            _prepare(connection, path, busy_ms, steps)
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(connection: "Connection", path: Path, busy_ms: int, steps: Steps) -> None:
    with transaction(connection, "BEGIN"):  # one consistent read: another console may be creating the tables
        _require_ours(connection, path, steps)
    if not _number(connection, "user_version"):
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only a file without tables takes it
    _use_write_ahead_log(connection, busy_ms)
    for pragma in ("synchronous=NORMAL", "journal_size_limit=4194304", "trusted_schema=OFF", "cell_size_check=ON"):
        connection.execute(f"PRAGMA {pragma}")
    if _number(connection, "user_version") == len(steps):
        return
    with transaction(connection):
        _require_ours(connection, path, steps)  # another console may have created or migrated the tables meanwhile
        for step in steps[_number(connection, "user_version") :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={len(steps)}")


def _require_ours(connection: "Connection", path: Path, steps: Steps) -> None:
    version, application = _number(connection, "user_version"), _number(connection, "application_id")
    found = [str(sql) for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")]
    if not version and not application and not found:
        return
    if application != APPLICATION_ID:
        raise HistoryError(f"{safe(str(path))} is a database, but not a history of this console; move it away")
    if version > len(steps):
        raise HistoryError(
            f"{safe(str(path))} was written by a newer gateway-console (its schema is {version}, this one knows"
            f" {len(steps)}); use that version, or move the file away"
        )
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type <> 'index'")}
    kinds = Counter(kind for (kind,) in connection.execute("SELECT type FROM sqlite_schema"))
    if not {"route", "word", "retention", "fact"} <= tables or kinds["trigger"] or kinds["view"]:
        raise DamagedError  # a trigger that something else planted could swallow facts


def _number(connection: "Connection", pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def in_use(directory: Path) -> int:
    """Note that this process uses the history in a directory, until the returned descriptor is closed.

    A file that is in use is never set aside: SQLite finds the files beside its own by name, so who still has the old
    file open would delete those of the new one.
    """
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def set_aside(path: Path, *, busy_ms: int, steps: Steps = STEPS) -> str:
    """Rename a damaged file and begin an empty one, unless another console has done so; return what to say.

    Args:
        path: The file, which this process does not use now.
        busy_ms: How long to wait for other consoles that meet the damage too.
        steps: The versions of the tables.

    Raises:
        HistoryError: It cannot be renamed, or another console has it open.

    """
    from console.services.system.private_file import open_to_append

    ends = time.monotonic() + busy_ms / 1000
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            while not _is_alone(folder):
                fcntl.flock(folder, fcntl.LOCK_SH)
                if _is_sound(path, busy_ms, steps):
                    return ""
                fcntl.flock(folder, fcntl.LOCK_UN)
                if time.monotonic() > ends:
                    raise HistoryError(
                        f"{safe(str(path))} is damaged, and another console has it open; leave that one, and the next"
                        " check sets the file aside"
                    )
                time.sleep(0.01)
            if _is_sound(path, busy_ms, steps):
                return ""
            kept = _free_name(path)
            for ending in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    path.with_name(path.name + ending).rename(kept.with_name(kept.name + ending))
            os.close(open_to_append(path))
        finally:
            os.close(folder)
    except OSError as error:
        raise HistoryError(f"{safe(str(path))} is damaged, and cannot be set aside: {os_reason(error)}") from None
    return f"{safe(str(path))} was damaged; it is now {safe(kept.name)} beside a new one"


def _is_alone(folder: int) -> bool:
    """Return whether no other process uses the history; from then on, none can."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_sound(path: Path, busy_ms: int, steps: Steps) -> bool:
    """Return whether a file that was damaged a moment ago is sound: another console has replaced it."""
    import sqlite3

    try:
        connection = connect(path, busy_ms=busy_ms, steps=steps)
    except DamagedError:
        return False
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0]) == "ok"
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (path.with_name(f"{path.name}.damaged-{stamp}{f'-{at}' if at else ''}") for at in range(1000))
    return next((name for name in names if not os.path.lexists(name)), path.with_name(f"{path.name}.damaged"))


def _use_write_ahead_log(connection: "Connection", busy_ms: int) -> None:
    """Switch the journal mode; SQLite does not wait by itself when two processes do so at once."""
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
        if mode != "wal":
            raise HistoryError(f"SQLite has no write-ahead log on this file system (it offers {mode})")
        return


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


@contextlib.contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Report an SQLite error in one line.

    Raises:
        HistoryError: The file cannot be used now.
        DamagedError: It is damaged.

    """
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise DamagedError from None
        words = _WORDS.get(code, f"cannot be used: SQLite says {safe(str(error), limit=120)}")
        raise HistoryError(f"{safe(str(path))} {words}") from None


_WORDS = {
    5: "is locked by another program; close that, then try again",
    8: "cannot be written: it, or its directory, is read-only",
    10: "cannot be written or read: the disk is full, over quota or faulty; free some space",
    13: "cannot be written: the disk is full; free some space",
    14: "cannot be opened; check its permissions and its directory",
}
"""By SQLite's primary result codes (sqlite.org/rescode.html)."""

"""The ledger's file: its tables, and the constraints they enforce, whoever writes to them.

`line` is the truth, and `checkpoint` what was signed of it. A run that is old may be deleted, and leaves a `tombstone`.
`run` caches the lines for the list of runs; `lease` records who steps a run now. Both may be lost.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.ledger.line import CALL_ENDS, CALL_INTENDED, GATE_DECIDED
from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError
from console.services.system.sqlite_file import transaction, use_write_ahead_log

if TYPE_CHECKING:
    from sqlite3 import Connection

SCHEMA_VERSION = 2
APPLICATION_ID = 0x67774C31
"""`gwL1`: how file(1) and this console recognise the file."""
_BUSY_MS = 5_000
_ENDS = ", ".join(f"'{kind}'" for kind in CALL_ENDS)

_LINE_IS_NEVER_DELETED = """CREATE TRIGGER line_is_never_deleted BEFORE DELETE ON line
        WHEN NOT EXISTS (SELECT 1 FROM tombstone WHERE run_id = OLD.run_id)
        BEGIN SELECT RAISE(ABORT, 'a line is never deleted'); END"""
_RUN = """CREATE TABLE run (
        number INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        repository TEXT NOT NULL,
        gate TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at_ms INTEGER NOT NULL,
        updated_at_ms INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        is_simulated INTEGER NOT NULL,
        verdict TEXT,
        category TEXT,
        operator TEXT
    ) STRICT"""
"""The last three are NULL in the entry of a run that a version without them summarised."""
_CHECKPOINTS = (
    """CREATE TABLE checkpoint (
        place INTEGER PRIMARY KEY,
        log_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count >= 1),
        head TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        signature TEXT
    ) STRICT""",
    "CREATE INDEX checkpoint_of_run ON checkpoint (run_id, count)",
    """CREATE TRIGGER checkpoint_is_never_changed BEFORE UPDATE ON checkpoint
        BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END""",
    """CREATE TRIGGER checkpoint_is_never_deleted BEFORE DELETE ON checkpoint
        WHEN NOT EXISTS (SELECT 1 FROM tombstone WHERE run_id = OLD.run_id)
        BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END""",
    """CREATE TRIGGER checkpoint_is_of_a_line BEFORE INSERT ON checkpoint
        WHEN NOT EXISTS (
            SELECT 1 FROM line WHERE run_id = NEW.run_id AND seq = NEW.count AND sha256 = NEW.head)
        BEGIN SELECT RAISE(ABORT, 'a checkpoint is of a line of its run'); END""",
    """CREATE TABLE tombstone (
        run_id TEXT PRIMARY KEY,
        log_id TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count >= 1),
        head TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        signature TEXT
    ) STRICT""",
    """CREATE TRIGGER tombstone_is_never_changed BEFORE UPDATE ON tombstone
        BEGIN SELECT RAISE(ABORT, 'a tombstone is never changed'); END""",
    """CREATE TRIGGER tombstone_is_never_deleted BEFORE DELETE ON tombstone
        BEGIN SELECT RAISE(ABORT, 'a tombstone is never deleted'); END""",
    """CREATE TRIGGER tombstone_is_of_a_whole_run BEFORE INSERT ON tombstone
        WHEN NEW.head IS NOT (SELECT sha256 FROM line WHERE run_id = NEW.run_id ORDER BY seq DESC LIMIT 1)
            OR NEW.count IS NOT (SELECT max(seq) FROM line WHERE run_id = NEW.run_id)
        BEGIN SELECT RAISE(ABORT, 'a tombstone is of the last line of its run'); END""",
    """CREATE TRIGGER run_is_not_pruned BEFORE INSERT ON line
        WHEN EXISTS (SELECT 1 FROM tombstone WHERE run_id = NEW.run_id)
        BEGIN SELECT RAISE(ABORT, 'a pruned run has no more lines'); END""",
)

_SCHEMA = (
    "CREATE TABLE log (one INTEGER PRIMARY KEY CHECK (one = 1), log_id TEXT NOT NULL) STRICT",
    """CREATE TABLE line (
        place INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        log_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        seq INTEGER NOT NULL CHECK (seq >= 1),
        at_ms INTEGER NOT NULL,
        actor BLOB NOT NULL,
        kind TEXT NOT NULL,
        gate TEXT,
        attempt INTEGER NOT NULL,
        call_id TEXT,
        body BLOB NOT NULL,
        previous TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        UNIQUE (run_id, seq)
    ) STRICT""",
    f"CREATE UNIQUE INDEX decided_once ON line (run_id, gate, attempt) WHERE kind = '{GATE_DECIDED}'",
    f"CREATE UNIQUE INDEX intended_once ON line (run_id, call_id) WHERE kind = '{CALL_INTENDED}'",
    f"CREATE UNIQUE INDEX ended_once ON line (run_id, call_id) WHERE kind IN ({_ENDS})",
    """CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line
        BEGIN SELECT RAISE(ABORT, 'a line is never changed'); END""",
    _LINE_IS_NEVER_DELETED,
    """CREATE TRIGGER line_is_the_next BEFORE INSERT ON line
        WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM line WHERE run_id = NEW.run_id), 0)
        BEGIN SELECT RAISE(ABORT, 'a line follows the last one'); END""",
    f"""CREATE TRIGGER call_was_intended BEFORE INSERT ON line
        WHEN NEW.kind IN ({_ENDS}) AND NOT EXISTS (
            SELECT 1 FROM line WHERE run_id = NEW.run_id AND call_id = NEW.call_id AND kind = '{CALL_INTENDED}')
        BEGIN SELECT RAISE(ABORT, 'only a call that was intended ends'); END""",  # noqa: S608  # of our own constants
    _RUN,
    """CREATE TABLE lease (
        run_id TEXT PRIMARY KEY,
        fence INTEGER NOT NULL,
        name TEXT NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started INTEGER NOT NULL,
        is_held INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        until_boot_ms INTEGER NOT NULL
    ) STRICT""",
    *_CHECKPOINTS,
)

_SCHEMA_1 = (
    *(each for each in _SCHEMA if each not in (_LINE_IS_NEVER_DELETED, _RUN, *_CHECKPOINTS)),
    """CREATE TRIGGER line_is_never_deleted BEFORE DELETE ON line
        BEGIN SELECT RAISE(ABORT, 'a line is never deleted'); END""",
    """CREATE TABLE run (
        number INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        repository TEXT NOT NULL,
        gate TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at_ms INTEGER NOT NULL,
        updated_at_ms INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        is_simulated INTEGER NOT NULL
    ) STRICT""",
)
_SCHEMAS = {1: _SCHEMA_1, SCHEMA_VERSION: _SCHEMA}
"""By version: those that are read; a file of an earlier one is taken to the newest when it is opened."""


def connect(path: Path, new_log_id: Callable[[], str]) -> "tuple[Connection, str]":
    """Open the ledger's file, which may be empty; return the connection and the ledger's id.

    Raises:
        LedgerError: It is not a ledger, comes from a newer console, or cannot be used.

    """
    import sqlite3

    with reporting(path):
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
        try:
            return connection, _prepare(connection, path, new_log_id)
        except BaseException:
            connection.close()
            raise


def _prepare(connection: "Connection", path: Path, new_log_id: Callable[[], str]) -> str:
    with transaction(connection, "BEGIN"):  # one consistent read: another console may be creating the tables
        _require_ours(connection, path)
    if (mode := use_write_ahead_log(connection, _BUSY_MS)) != "wal":
        raise LedgerError(f"SQLite has no write-ahead log on this file system (it offers {mode}); use another one")
    for pragma in ("synchronous=FULL", "fullfsync=ON", "secure_delete=ON", "recursive_triggers=ON",
                   "trusted_schema=OFF", "cell_size_check=ON"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    with transaction(connection):
        _require_ours(connection, path)  # another console may have created the tables meanwhile
        match connection.execute("PRAGMA user_version").fetchone()[0]:
            case 0:
                for statement in _SCHEMA:
                    connection.execute(statement)
                connection.execute("INSERT INTO log VALUES (1, ?)", (new_log_id(),))
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            case 1:
                _migrate(connection)
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        found = connection.execute("SELECT log_id FROM log").fetchone()
        if found is None:
            raise LedgerError(f"{safe(str(path))} {_FOREIGN}: it has lost its own id")
        return str(found[0])


def _migrate(connection: "Connection") -> None:
    """Take a file of version 1 to version 2; no line changes."""
    listed = connection.execute("SELECT * FROM run ORDER BY number").fetchall()
    connection.execute("DROP TRIGGER line_is_never_deleted")
    connection.execute("DROP TABLE run")
    for statement in (_RUN, *_CHECKPOINTS, _LINE_IS_NEVER_DELETED):
        connection.execute(statement)
    connection.executemany("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)", listed)


def _require_ours(connection: "Connection", path: Path) -> None:
    where = safe(str(path))
    version, application, tables = (
        connection.execute(query).fetchone()[0]
        for query in ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_schema")
    )
    if version == application == tables == 0:
        return
    if application != APPLICATION_ID:
        raise LedgerError(f"{where} is a database, but not a ledger of this console; move it away")
    if version > SCHEMA_VERSION:
        raise LedgerError(
            f"{where} was written by a newer gateway-console; use that version"
            f" (its schema is {version}, this one knows {SCHEMA_VERSION})"
        )
    strange = _strange(connection, version)
    if version not in _SCHEMAS or strange:
        what = f"{strange} of its tables, indexes or triggers" if strange else f"its schema is {version}, and that"
        raise LedgerError(f"{where} {_FOREIGN}: {what} is not this console's own", is_unsafe=True)


_FOREIGN = (
    "was changed by something else, so it cannot be relied on; keep a copy of it and of the files beside it, then move"
    " them away or restore a backup"
)


def _strange(connection: "Connection", version: int) -> int:
    """Return how many things in the file this console did not create: a trigger could swallow a decision."""
    found = Counter(
        " ".join(str(sql).split())
        for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    )
    own = Counter(" ".join(statement.split()) for statement in _SCHEMAS.get(version, ()))
    return ((found - own) + (own - found)).total()


@contextlib.contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Report an SQLite error in one line, with what to do about it.

    Raises:
        LedgerError: SQLite raised an error.

    """
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        words = _WORDS.get(code, f"cannot be used: SQLite says {safe(str(error), limit=120)}")
        raise LedgerError(f"{safe(str(path))} {words}") from None


_WORDS = {
    5: f"has been locked by another console for more than {_BUSY_MS // 1000} s; nothing was stored, try again",
    8: "cannot be written: it, or its directory, is read-only; nothing was stored, make it writable and try again",
    10: "cannot be written or read: the disk is full, over quota or faulty; nothing counts as stored, free some space,"
    " then try again",
    11: "is damaged; keep a copy of it and of the files beside it, then move them away or restore a backup",
    13: "cannot be written: the disk is full; nothing was stored, free some space, then try again",
    14: "cannot be opened; check its permissions, its directory and the disk",
    26: "is not a ledger, or is damaged; keep a copy of it and of the files beside it, then move them away",
}
"""By SQLite's primary result codes (sqlite.org/rescode.html)."""

"""The ids of the newest runs, read without opening the ledger: for the completion of shells."""

import sqlite3
from contextlib import closing
from pathlib import Path

_LIMIT = 50


def newest_run_ids(path: Path) -> tuple[str, ...]:
    """Return the ids of the newest runs of a ledger's file, the newest first; none if it cannot be read.

    Nothing is created, migrated or waited for.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as connection:
            rows = connection.execute("SELECT run_id FROM run ORDER BY number DESC LIMIT ?", (_LIMIT,)).fetchall()
    except (sqlite3.Error, ValueError):
        return ()
    return tuple(str(run_id) for (run_id,) in rows if str(run_id).isalnum())

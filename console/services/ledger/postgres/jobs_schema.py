"""Procrastinate's own tables, in a schema of their own: made once, taken to newer versions, never back."""

from importlib import resources
from typing import TYPE_CHECKING, LiteralString

from console.domain.problem import ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError

if TYPE_CHECKING:
    from psycopg import Connection

JOBS_SCHEMA = "gateway_console_jobs"


def install(connection: "Connection") -> bool:
    """Make the tables, or take them to the version that is installed here; return whether anything was changed.

    Args:
        connection: A connection of the schema's owner, within a transaction.

    Raises:
        LedgerError: They are of a newer version.

    """
    known = newest_in_store(connection)
    steps = _steps()
    if known == steps[-1]:
        return False
    if known is None:
        connection.execute(f"CREATE SCHEMA {JOBS_SCHEMA}")
        texts = [_text("schema.sql")]
    else:
        _require_known(known, steps)
        texts = [_text(f"migrations/{name}") for name in steps[steps.index(known) + 1 :]]
    connection.execute(f"SET LOCAL search_path TO {JOBS_SCHEMA}, pg_catalog, pg_temp")
    for text in texts:
        connection.execute(text)
    connection.execute("SET LOCAL search_path TO pg_catalog, gateway_console, pg_temp")
    connection.execute(
        "INSERT INTO gateway_console.jobs_version (newest) VALUES (%s)"
        " ON CONFLICT (only_row) DO UPDATE SET newest = excluded.newest",
        (steps[-1],),
    )
    return True


def pending(connection: "Connection") -> str | None:
    """Return the step to which `install` would take the tables; None if they are there, or are of a newer version."""
    row = connection.execute("SELECT to_regclass('gateway_console.jobs_version') IS NOT NULL").fetchone()
    known, steps = newest_in_store(connection) if row == (True,) else None, _steps()
    return steps[-1] if known is None or known in steps[:-1] else None


def require_installed(connection: "Connection") -> None:
    """Refuse tables that this version does not know.

    Raises:
        LedgerError: They are missing, older or newer.

    """
    known, steps = newest_in_store(connection), _steps()
    if known is None:
        raise LedgerError("the store has no tables for workers yet; run: gateway-console store migrate", _CONFIG)
    _require_known(known, steps)
    if known != steps[-1]:
        raise LedgerError(
            "the store's tables for workers are older than procrastinate here; run: gateway-console store migrate",
            _CONFIG,
        )


_CONFIG = ProblemKind.CONFIG


def newest_in_store(connection: "Connection") -> str | None:
    """Return the newest step of Procrastinate's that the store has had; None if it has none of its tables."""
    row = connection.execute("SELECT newest FROM gateway_console.jobs_version").fetchone()
    return None if row is None else str(row[0])


def _require_known(known: str, steps: list[str]) -> None:
    if known not in steps:
        raise LedgerError(
            f"the store's tables for workers are of a newer procrastinate ({safe(known, limit=60)}) than the one"
            " installed here; update gateway-console[team], nothing was changed",
            _CONFIG,
        )


def _steps() -> list[str]:
    """Return the names of Procrastinate's migrations, oldest first: the last names the version of its tables."""
    found = (resources.files("procrastinate.sql") / "migrations").iterdir()
    return sorted(each.name for each in found if each.name.endswith(".sql"))


def _text(name: str) -> LiteralString:
    """Return SQL of Procrastinate's own package; it is its code, as its functions in Python are."""
    text: LiteralString = (resources.files("procrastinate.sql") / name).read_text("utf-8")
    return text

"""The schema of a store: numbered files, applied once and forward only, and what is checked at each opening."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any

from console.domain.problem import ProblemKind
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.jobs_schema import install

if TYPE_CHECKING:
    import psycopg

_LOCK = 0x67774C31
"""The advisory lock under which one console migrates: the number that also marks a SQLite ledger."""
_FILE = re.compile(r"(\d{4})_([a-z_]+)\.sql")
_FUNCTION = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION gateway_console\.(\w+)\s*\((.*?)\$\$(.*?)\$\$", re.DOTALL | re.IGNORECASE
)
_PATH = re.compile(r"SET search_path = ([a-z_]+(?:, [a-z_]+)*)")
_TRIGGER = re.compile(
    r"CREATE (?:CONSTRAINT )?TRIGGER (\w+)\s.*?\sON\s+gateway_console\.(\w+)(.*?)"
    r"EXECUTE FUNCTION gateway_console\.(\w+)",
    re.DOTALL | re.IGNORECASE,
)
_UNIQUE = re.compile(r"CREATE UNIQUE INDEX (\w+) ON", re.IGNORECASE)
_TABLE = """
CREATE SCHEMA IF NOT EXISTS gateway_console;
CREATE TABLE IF NOT EXISTS gateway_console.migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The hash of its text."""
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How the schema of a database compares with this version's."""

    applied: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    """What `store migrate` would apply."""
    unknown: tuple[int, ...]
    """The numbers of steps that only a newer version knows."""
    changed: tuple[Migration, ...]
    """Steps that this version has with another text."""
    strange: tuple[str, ...]
    """Triggers, functions, unique indexes and rules that are not as the steps made them."""


@cache
def migrations() -> tuple[Migration, ...]:
    """Return this version's steps, in order."""
    folder = resources.files("console.services.ledger.postgres") / "migrations"
    found = [(_FILE.fullmatch(each.name), each) for each in folder.iterdir()]
    steps = [
        Migration(int(match[1]), match[2], each.read_text(encoding="utf-8"))
        for match, each in found
        if match is not None
    ]
    return tuple(sorted(steps, key=lambda step: step.number))


def state(connection: "psycopg.Connection[Any]", *, looks_at_objects: bool = True) -> SchemaState:
    """Return how the schema compares with this version's. Nothing is changed.

    Args:
        connection: A connection to the database.
        looks_at_objects: Whether triggers, functions, indexes and rules are compared too.

    """
    exists = connection.execute("SELECT to_regclass('gateway_console.migration') IS NOT NULL").fetchone()
    rows = []
    if exists == (True,):
        rows = connection.execute("SELECT number, sha256 FROM gateway_console.migration ORDER BY number").fetchall()
    there, own = dict(rows), {step.number: step for step in migrations()}
    applied = tuple(own[number] for number in there if number in own)
    unknown = tuple(number for number in there if number not in own)
    return SchemaState(
        applied,
        tuple(step for step in migrations() if step.number not in there),
        unknown,
        tuple(step for step in applied if there[step.number] != step.sha256),
        () if unknown or not looks_at_objects else _strange(connection, applied),
    )


def require_known(connection: "psycopg.Connection[Any]", *, where: str = "the store") -> None:
    """Refuse a database that a newer version has set up. This costs one look at a few rows.

    Raises:
        LedgerError: It has steps that this version does not know.

    """
    if unknown := state(connection, looks_at_objects=False).unknown:
        raise LedgerError(
            f"{where} was set up by a newer gateway-console (its step {max(unknown)} is not known here); use that"
            " version", ProblemKind.CONFIG,
        )  # fmt: skip


def require_schema(connection: "psycopg.Connection[Any]", *, where: str = "the store") -> None:
    """Refuse a database whose schema is not this version's own.

    Raises:
        LedgerError: It is newer, older, or was changed by something else.

    """
    require_known(connection, where=where)
    found = state(connection)
    if found.changed:
        raise LedgerError(
            f"step {found.changed[0].number} of {where} has another text than this version's, so it cannot be relied"
            " on; use the version that made it, or restore a backup",
            is_unsafe=True,
        )
    if found.pending:
        raise LedgerError(
            f"{where} lacks {len(found.pending)} of {len(migrations())} steps of this version's schema;"
            " run: gateway-console store migrate", ProblemKind.CONFIG,
        )  # fmt: skip
    if found.strange:
        raise LedgerError(
            f"{where} was changed by something else, so it cannot be relied on: {found.strange[0]} is not this"
            " console's own; run: gateway-console store check", is_unsafe=True,
        )  # fmt: skip


def apply_steps(connection: "psycopg.Connection[Any]") -> tuple[Migration, ...]:
    """Apply what is pending, one console at a time; return what was applied. The caller's transaction keeps it.

    Raises:
        LedgerError: The schema is newer, or was changed by something else.

    """
    connection.execute("SET LOCAL statement_timeout TO 0")  # a step over a large table takes as long as it takes
    connection.execute("SET LOCAL lock_timeout TO 0")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute(_TABLE)
    found = state(connection)
    if found.unknown or found.changed:
        require_schema(connection)
    for step in found.pending:
        connection.execute(step.text.encode())
        connection.execute(
            "INSERT INTO gateway_console.migration (number, name, sha256) VALUES (%s, %s, %s)",
            (step.number, step.name, step.sha256),
        )
    install(connection)
    return found.pending


def migrate(connection: "psycopg.Connection[Any]", new_log_id: Callable[[], str], at_ms: int) -> tuple[Migration, ...]:
    """Apply what is pending, and give the store an id if it has none; return what was applied."""
    done = apply_steps(connection)
    connection.execute(
        "INSERT INTO gateway_console.log (log_id, at_ms, is_own) SELECT %s, %s, true"
        " WHERE NOT EXISTS (SELECT 1 FROM gateway_console.log WHERE is_own)",
        (new_log_id(), at_ms),
    )
    return done


def _strange(connection: "psycopg.Connection[Any]", applied: tuple[Migration, ...]) -> tuple[str, ...]:
    """Return what is not as the steps made it: a trigger could swallow a decision, a changed function let one pass."""
    text = "\n".join(step.text for step in applied)
    functions = {
        name: (body, "SECURITY DEFINER" in head, [f"search_path={path}" for path in _PATH.findall(head)] or None)
        for name, head, body in _FUNCTION.findall(text)
    }
    triggers = {(table, name, called, "WHEN (" in rest) for name, table, rest, called in _TRIGGER.findall(text)}
    rows = connection.execute(
        "SELECT proname, prosrc, prosecdef, proconfig FROM pg_proc"
        " WHERE pronamespace = to_regnamespace('gateway_console')"
    ).fetchall()
    found = [f"function {name}" for name, *rest in rows if functions.get(name) != tuple(rest)]
    found += [f"function {name}" for name in functions.keys() - {name for name, *_ in rows}]
    rows = connection.execute(
        "SELECT relname, tgname, (SELECT proname FROM pg_proc WHERE pg_proc.oid = tgfoid), tgqual IS NOT NULL,"
        " tgenabled IN ('O', 'A') FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE relnamespace = to_regnamespace('gateway_console') AND NOT tgisinternal"
    ).fetchall()
    enabled = {tuple(rest) for *rest, is_enabled in rows if is_enabled}
    found += [f"trigger {name} of {table}" for table, name in sorted({each[:2] for each in enabled ^ triggers})]
    rows = connection.execute(
        "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE relnamespace = to_regnamespace('gateway_console') AND indisunique AND indisvalid"
    ).fetchall()
    found += [f"index {name}" for name in sorted({*_UNIQUE.findall(text)} - {name for (name,) in rows})]
    rows = connection.execute("SELECT rulename FROM pg_rules WHERE schemaname = 'gateway_console'").fetchall()
    return (*found, *(f"rule {name}" for (name,) in rows))

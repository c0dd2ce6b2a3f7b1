"""Whether this console can rely on a database: each row is one question, with what was found.

The write is a real one, and is taken back: nothing of it is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError
from console.services.store.server import Server, server_of

if TYPE_CHECKING:
    import psycopg

    from console.services.ledger.postgres.database import Database

_INSERTED = ("line", "checkpoint", "artifact")
"""The tables to which operators and workers add."""
_NAMED = 4
_NOTED_SKEW_MS = 2_000


class RowHealth(StrEnum):
    """How a question was answered."""

    OK = "ok"
    NOTE = "note"
    """Nothing to do; good to know."""
    WARN = "warn"
    """It works, but protects less than it could."""
    FAIL = "fail"
    """This console cannot rely on it."""


@dataclass(frozen=True, slots=True)
class StoreRow:
    """The answer to one question."""

    id: str
    """Such as `store.tls`; never reused."""
    health: RowHealth
    found: str
    """The evidence: outside text made safe."""
    todo: str = ""
    """What to do; empty if nothing."""


async def check_store(database: "Database", now_ms: Callable[[], int]) -> tuple[StoreRow, ...]:
    """Ask every question of an open database. Raises `LedgerError` if it is cut off meanwhile."""
    server = await database.run(server_of)
    reached = StoreRow("store.reached", RowHealth.OK, f"{database.where} is PostgreSQL {server.version}")
    rows = (reached, _tls(server), _clock(server.ahead_of(now_ms())), await _schema(database))
    if rows[-1].health is RowHealth.FAIL:
        return rows
    return (*rows, await database.run(_rights), await _writes(database))


def _tls(server: Server) -> StoreRow:
    if server.tls:
        return StoreRow("store.tls", RowHealth.OK, server.tls)
    return StoreRow("store.tls", RowHealth.NOTE, "not encrypted, which is accepted on this machine only")


def _clock(ahead_ms: int) -> StoreRow:
    side = "ahead of" if ahead_ms >= 0 else "behind"
    found = f"this machine's clock is {abs(ahead_ms) / 1000:.1f} s {side} the server's"
    return StoreRow("store.clock", RowHealth.NOTE if abs(ahead_ms) > _NOTED_SKEW_MS else RowHealth.OK, found)


async def _schema(database: "Database") -> StoreRow:
    from console.services.ledger.postgres.migrations import migrations, state

    found = await database.run(state)
    if found.unknown:
        words = f"a newer gateway-console set it up: step {max(found.unknown)} is not known here"
        return StoreRow("store.schema", RowHealth.FAIL, words, "use that version")
    if found.pending:
        words = f"{len(found.applied)} of {len(migrations())} steps"
        return StoreRow("store.schema", RowHealth.FAIL, words, "run: gateway-console store migrate")
    if found.changed:
        words = f"step {found.changed[0].number} has another text than this version's"
        return StoreRow("store.schema", RowHealth.FAIL, words, "use the version that made it, or restore a backup")
    if found.strange:
        words = f"changed by something else: {safe(', '.join(found.strange), limit=160)}"
        return StoreRow("store.schema", RowHealth.FAIL, words, "find out who did it, or restore a backup")
    return StoreRow("store.schema", RowHealth.OK, f"all {len(found.applied)} steps; triggers and functions as made")


def _rights(connection: "psycopg.Connection[Any]") -> StoreRow:
    row = connection.execute(
        "SELECT rolsuper, pg_has_role(session_user, relowner, 'MEMBER'), session_user"
        " FROM pg_roles, pg_class WHERE rolname = session_user AND pg_class.oid = 'gateway_console.line'::regclass"
    ).fetchone()
    if row is None:
        return StoreRow("store.rights", RowHealth.FAIL, "the server does not know this user", "check the store's URL")
    user = safe(str(row[2]), limit=60)
    if row[0] or row[1]:
        words = "is a superuser" if row[0] else "owns the tables"
        todo = "for daily work use a user that has gateway_console_operator only: gateway-console store grants"
        return StoreRow("store.rights", RowHealth.WARN, f"{user} {words}, so no rule binds it", todo)
    wrong = _excess(connection)
    if wrong:
        todo = "an administrator takes that back from the user and its groups: REVOKE in psql"
        more = f", and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        found = f"{user} may {', '.join(wrong[:_NAMED])}{more}"
        return StoreRow("store.rights", RowHealth.FAIL, safe(found, limit=400), todo)
    return StoreRow("store.rights", RowHealth.OK, f"{user} may insert and read, and change or delete nothing")


def _excess(connection: "psycopg.Connection[Any]") -> list[str]:
    """Return what a user may do beside what grants.sql gives; a right on one column of a table is one on the table."""
    rows = connection.execute(
        "SELECT lower(right_name) || ' ' || relname FROM pg_class,"
        " unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS right_name"
        " WHERE relnamespace = 'gateway_console'::regnamespace AND relkind = 'r'"
        " AND NOT (right_name = 'INSERT' AND relname = ANY(%s))"
        " AND CASE WHEN right_name IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(pg_class.oid, right_name)"
        " ELSE has_table_privilege(pg_class.oid, right_name) END"
        " UNION ALL SELECT 'create in the schema' WHERE has_schema_privilege('gateway_console', 'CREATE') ORDER BY 1",
        (list(_INSERTED),),
    ).fetchall()
    return [str(words) for (words,) in rows]


class _TakenBackError(Exception):
    """The trial was written; nothing of it is kept."""


async def _writes(database: "Database") -> StoreRow:
    try:
        await database.run(_write_and_take_back)
    except _TakenBackError:
        return StoreRow("store.write", RowHealth.OK, "wrote an artifact, read it, and took it back")
    except LedgerError as error:
        return StoreRow("store.write", RowHealth.FAIL, str(error))
    raise AssertionError("a trial is never kept")


def _write_and_take_back(connection: "psycopg.Connection[Any]") -> None:
    (data,) = connection.execute("SELECT convert_to(gen_random_uuid()::text, 'UTF8')").fetchone() or (b"",)
    connection.execute(
        "INSERT INTO gateway_console.artifact (sha256, size, data)"
        " VALUES (encode(sha256(%(data)s), 'hex'), octet_length(%(data)s), %(data)s)",
        {"data": data},
    )
    row = connection.execute(
        "SELECT data FROM gateway_console.artifact WHERE sha256 = encode(sha256(%s), 'hex')", (data,)
    ).fetchone()
    if row != (data,):
        raise LedgerError("what was written reads back as something else; nothing was kept")
    raise _TakenBackError

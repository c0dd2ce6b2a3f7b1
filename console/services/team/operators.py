"""The operators of a store: SSH keys, each bound to a database user. The database itself holds lines to them.

While a store has no operators, it cannot tell who writes: whoever has its URL may write under any name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.domain.ledger.actor import Actor, actor_id
from console.domain.problem import Problem, ProblemKind
from console.domain.run.command import HandOver
from console.domain.text.safe import safe
from console.services.run.run_context import as_they_are
from console.services.store.door import Store
from console.services.team.database import TeamDatabase

if TYPE_CHECKING:
    from psycopg import Connection

NOT_ENFORCED = (
    "identities are not enforced: no operator is registered, so whoever has the store's URL may write under any name;"
    " run: gateway-console operator add"
)
WORKER_ROLES = ("gateway_console_operator", "gateway_console_worker")
_RULE = "GC001"
"""The SQLSTATE with which the tables refuse an identity."""


class OperatorRefusedError(Problem):
    """The list of operators cannot be changed so; nothing was changed."""

    kind = ProblemKind.REFUSED


@dataclass(frozen=True, slots=True)
class Operator:
    """A key that may act in a store."""

    fingerprint: str
    name: str
    database_user: str
    added_at_ms: int
    """Unix time."""
    revoked_at_ms: int | None
    """None while the key is valid."""

    @property
    def is_valid(self) -> bool:
        """Whether the key may act."""
        return self.revoked_at_ms is None


@dataclass(frozen=True, slots=True)
class Operators:
    """The operators of a store, as they were read."""

    known: tuple[Operator, ...]

    @property
    def is_enforced(self) -> bool:
        """Whether the store holds lines to its operators: once it has any, revoked ones included."""
        return bool(self.known)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those who may act, each once."""
        return tuple(dict.fromkeys(each.name for each in self.known if each.is_valid))

    def named(self, actor: Actor) -> Actor:
        """Return an operator under the name that the store has for their key; as they are if it has none."""
        found = next((each for each in self.known if each.fingerprint == actor.key_fingerprint), None)
        return actor if found is None else replace(actor, id=found.name)

    def key_of(self, name: str) -> str | None:
        """Return the newest valid key of an operator, for a hand-over; None if the store has no operators.

        Raises:
            OperatorRefusedError: The store has operators, and none of this name may act.

        """
        if not self.is_enforced:
            return None
        keys = [each.fingerprint for each in self.known if each.is_valid and each.name == name]
        if not keys:
            raise OperatorRefusedError(
                f"{safe(name, limit=64)} is not an operator of this store; its operators: {', '.join(self.names)}",
                ProblemKind.USAGE,
            )
        return keys[-1]


async def read_operators(database: TeamDatabase) -> Operators:
    """Return the operators of a store, in the order in which they were added. Raises `LedgerError`."""

    def read(connection: "Connection") -> Sequence[tuple[str, str, str, int, int | None]]:
        return connection.execute(
            """SELECT fingerprint, name, database_user, (extract(epoch FROM added_at) * 1000)::bigint,
                    (extract(epoch FROM revoked_at) * 1000)::bigint
                FROM gateway_console.operator ORDER BY added_at, fingerprint"""
        ).fetchall()

    return Operators(tuple(Operator(*row) for row in await database.run(read)))


async def identities(store: Store) -> Callable[[Actor], Actor]:
    """Return what names operators as a store does, by their keys. Raises `LedgerError`."""
    return as_they_are if store.database is None else (await read_operators(store.database)).named


async def handover_to(store: Store, to: str, note: str) -> HandOver:
    """Return the command that leaves a run to another operator, with their key where the store has it.

    Raises:
        OperatorRefusedError: The store has operators, and none of this name may act.
        LedgerError: The store cannot be used.

    """
    operators = Operators(()) if store.database is None else await read_operators(store.database)
    return HandOver(to, note, operators.key_of(to))


async def add_operator(database: TeamDatabase, name: str, database_user: str, public_key: str) -> str:
    """Add a key of an operator; return why it could not act yet, or nothing if it can.

    Args:
        database: The store.
        name: The operator's id, as records show it.
        database_user: The database user that they connect as.
        public_key: The key, as `ssh-keygen` writes it to a file.

    Raises:
        OperatorRefusedError: This database user may not, or the name or the database user is another operator's.
        LedgerError: The store cannot be used.

    """
    if name != actor_id(name):
        raise OperatorRefusedError(
            "an operator's name has letters, digits and ._@+- only, at most 64", ProblemKind.USAGE
        )

    def add(connection: "Connection") -> str:
        from psycopg import DatabaseError, errors

        _require_administrator(connection)
        try:
            connection.execute(
                """INSERT INTO gateway_console.operator (fingerprint, name, database_user, public_key)
                    VALUES (gateway_console.fingerprint_of(%s), %s, %s, %s)""",
                (public_key, name, database_user, public_key),
            )
        except errors.UniqueViolation:
            raise OperatorRefusedError("this key is in the list already; a key is never added twice") from None
        except DatabaseError as error:
            if error.sqlstate != _RULE:
                raise
            raise OperatorRefusedError(safe(error.diag.message_primary or "")) from None
        return _why_not_yet(connection, database_user)

    return await database.run(add)


async def revoke_operator(database: TeamDatabase, name: str, fingerprint: str | None = None) -> tuple[str, ...]:
    """Revoke the keys of an operator for good, or one of them; return the keys that were valid until now.

    Raises:
        OperatorRefusedError: This database user may not, or nothing of this name is valid.
        LedgerError: The store cannot be used.

    """

    def revoke(connection: "Connection") -> tuple[str, ...]:
        _require_administrator(connection)
        found = connection.execute(
            """UPDATE gateway_console.operator SET revoked_at = clock_timestamp()
                WHERE name = %s AND revoked_at IS NULL AND (%s::text IS NULL OR fingerprint = %s)
                RETURNING fingerprint""",
            (name, fingerprint, fingerprint),
        ).fetchall()
        if not found:
            shown = safe(name, limit=64)
            raise OperatorRefusedError(
                f"{shown} has no valid key here; gateway-console operator list shows all", ProblemKind.USAGE
            )
        return tuple(key for (key,) in found)

    return await database.run(revoke)


def _require_administrator(connection: "Connection") -> None:
    row = connection.execute(
        """SELECT has_table_privilege('gateway_console.operator', 'INSERT'), session_user,
            (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'gateway_console.operator'::regclass)"""
    ).fetchone()
    if row is not None and not row[0]:
        user, owner = (safe(str(each), limit=64) for each in row[1:])
        raise OperatorRefusedError(
            f"the database user {user} may not change the operators; run the same command with the URL of {owner},"
            " who owns the tables"
        )


def _why_not_yet(connection: "Connection", database_user: str) -> str:
    """Return the SQL that an administrator has to run before a database user can act; nothing if it can."""
    from psycopg import sql

    role = connection.execute("SELECT oid FROM pg_roles WHERE rolname = %s", (database_user,)).fetchone()
    name = sql.Identifier(database_user)
    if role is None:
        text = sql.SQL("CREATE ROLE {} LOGIN IN ROLE gateway_console_operator; \\password {}").format(name, name)
        return text.as_string(connection)
    is_member = connection.execute(
        """SELECT bool_or(pg_has_role(%s::oid, oid, 'MEMBER')) FROM pg_roles WHERE rolname = ANY(%s)""",
        (role[0], list(WORKER_ROLES)),
    ).fetchone()
    if is_member is None or not is_member[0]:
        return sql.SQL("GRANT gateway_console_operator TO {}").format(name).as_string(connection)
    return ""

"""PostgreSQL's connection as the operations that every store shares know one."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from console.services.ledger.rows import Found

if TYPE_CHECKING:
    import psycopg

OURS = frozenset({"GC010", "GC011"})
"""What the triggers of line raise about lines that do not follow."""
OF_A_LINE = "GC012"
"""What they raise about a checkpoint or a tombstone of another line."""


class Statements:
    """A connection within a transaction: each `?` stands for a value."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self.connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Found:
        """Execute a statement."""
        return self.connection.execute(_numbered(sql), tuple(parameters))

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> None:
        """Execute a statement for each set of values."""
        with self.connection.cursor() as cursor:
            cursor.executemany(_numbered(sql), [tuple(each) for each in parameters])


def is_refused(error: "psycopg.Error") -> bool:
    """Return whether a table or a trigger of this console does not accept some lines."""
    return (error.sqlstate or "").startswith("23") or error.sqlstate in OURS


def said(error: "psycopg.Error") -> str:
    """Return the reason why lines are not accepted: a trigger's sentence, or the name of the rule."""
    if error.sqlstate in OURS:
        return str(error.diag.message_primary or "")
    return f"the rule {error.diag.constraint_name or error.sqlstate} is against it"


def _numbered(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()

"""The rights of operators and workers, as SQL that the owner of a store reads and runs."""

from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg


def grants_sql() -> str:
    """Return the SQL."""
    return (resources.files("console.services.ledger.postgres") / "grants.sql").read_text(encoding="utf-8")


def apply_grants(connection: "psycopg.Connection[Any]") -> None:
    """Give operators and workers their rights; the groups are made if they are missing."""
    connection.execute(grants_sql().encode())

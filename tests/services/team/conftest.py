"""A store with its tables, and database users for Ann and Ben."""

from pathlib import Path

import pytest
from psycopg import sql
from support.postgres.databases import Postgres
from support.team.stores import Store

import console.services.ledger.postgres as room

_GRANTS = """GRANT USAGE ON SCHEMA gateway_console TO {user};
    GRANT SELECT, INSERT ON gateway_console.line TO {user}; GRANT SELECT ON gateway_console.operator TO {user};
    GRANT EXECUTE ON FUNCTION gateway_console.look(text, text, text, text, text), gateway_console.leave(text),
    gateway_console.who_looks(text, text) TO {user}"""


@pytest.fixture
def store(postgres: Postgres) -> Store:
    """Return a store that Ann and Ben may write to, each as a database user."""
    store = Store(postgres)
    with store.session() as administrator:
        for each in sorted((Path(room.__file__).parent / "migrations").glob("000[12]_*.sql")):
            administrator.execute(each.read_text())  # type: ignore[arg-type]  # a file of the console's own
        for name in ("ann", "ben"):
            user = sql.Identifier(store.user(name))
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, sql.Literal(f"password-{name}"))
            administrator.execute(made)
            administrator.execute(sql.SQL(_GRANTS).format(user=user))
    return store

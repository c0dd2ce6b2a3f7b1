"""A store with its tables, and database users for Ann and Ben."""

import pytest
from psycopg import sql
from support.postgres.databases import Postgres
from support.team.stores import Store, set_up


@pytest.fixture
def store(postgres: Postgres) -> Store:
    """Return a store that Ann and Ben may write to, each as a database user."""
    store = Store(postgres)
    set_up(store)
    with store.session() as administrator:
        for name in ("ann", "ben"):
            user = sql.Identifier(store.user(name))
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE gateway_console_operator")
            administrator.execute(made.format(user, sql.Literal(f"password-{name}")))
    return store

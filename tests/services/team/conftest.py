"""A store with its tables, and database users for Ann and Ben."""

import pytest
from psycopg import sql
from support.postgres.databases import Postgres
from support.team.stores import Store, name_own_log


@pytest.fixture
def store(team_database: Postgres) -> Store:
    """Return a store that Ann and Ben may write to, each as a database user."""
    store = Store(team_database)
    with store.session() as administrator:
        name_own_log(administrator)
        for name in ("ann", "ben"):
            user = sql.Identifier(store.user(name))
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE gateway_console_operator")
            administrator.execute(made.format(user, sql.Literal(f"password-{name}")))
    return store

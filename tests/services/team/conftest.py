"""A store with its tables, and database users for Ann and Ben."""

import pytest
from psycopg import sql
from support.postgres.databases import Postgres
from support.team.stores import LOG, Store

from console.services.ledger.postgres.grants import apply_grants
from console.services.ledger.postgres.migrations import migrate


@pytest.fixture
def store(postgres: Postgres) -> Store:
    """Return a store that Ann and Ben may write to, each as a database user."""
    store = Store(postgres)
    with store.session() as administrator, administrator.transaction():
        migrate(administrator, lambda: LOG, 0)
        apply_grants(administrator)
        for name in ("ann", "ben"):
            user = sql.Identifier(store.user(name))
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE gateway_console_operator")
            administrator.execute(made.format(user, sql.Literal(f"password-{name}")))
    return store

"""A fresh database of a test."""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.postgres.server import Server

from console.domain.ledger.ulid import new_run_id
from console.domain.tokens.secret import Secret
from console.services.system.clock import unix_ms

if TYPE_CHECKING:
    import psycopg

OPERATOR = "gateway_console_operator"
"""The group of operators, as the store's grants make it."""


@dataclass
class Postgres:
    """A database of one test, on a real server."""

    server: Server
    name: str
    url: str = field(repr=False)

    @property
    def secret(self) -> Secret:
        return Secret(self.url)

    def connect(self) -> "psycopg.Connection[Any]":
        """Return a connection of the server's administrator; each statement is a transaction."""
        import psycopg

        return psycopg.connect(self.url, autocommit=True)

    def execute(self, statement: str) -> None:
        """Execute a statement as the server's administrator."""
        with self.connect() as connection:
            connection.execute(statement.encode())

    def role(self, name: str, group: str) -> Secret:
        """Make a user of this database, a member of a group of grants.sql; return the user's URL."""
        user = f"{name}_{self.name}"
        self.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{self.server.password}' IN ROLE {group}")
        return Secret(self.server.url(self.name, user))

    def cut(self) -> None:
        """End all other connections, as an administrator or a network could."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self.name}' AND pid <> pg_backend_pid()"
        )


def set_up(url: str) -> None:
    """Apply all steps and grants to a database, which gets no id yet: it is the template of others."""
    import psycopg

    from console.services.ledger.postgres.grants import apply_grants
    from console.services.ledger.postgres.migrations import apply_steps

    with psycopg.connect(url) as connection:
        apply_steps(connection)
        apply_grants(connection)


def name_log(url: str) -> None:
    """Give a database that was set up an id of its own."""
    import psycopg

    from console.services.ledger.postgres.migrations import migrate

    with psycopg.connect(url) as connection:
        migrate(connection, lambda: new_run_id(unix_ms, os.urandom), unix_ms())

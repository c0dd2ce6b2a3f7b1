"""A team's store with the tables of jobs in it, as `store migrate` makes them."""

from pathlib import Path
from typing import LiteralString, cast

import psycopg
from support.postgres.databases import Postgres

from console.services.ledger import postgres as room
from console.services.worker.jobs_schema import install

_WORKERS = Path(room.__file__).parent / "migrations" / "0004_workers.sql"
_LINES = """
CREATE SCHEMA gateway_console;
CREATE TABLE gateway_console.line (run_id text NOT NULL, actor bytea NOT NULL);
"""
"""What 0004_workers.sql reads of the ledger's own tables."""


def prepare(postgres: Postgres) -> None:
    """Make the tables of a store that workers need."""
    with psycopg.connect(postgres.url) as connection:
        connection.execute("SET search_path TO pg_catalog, gateway_console, pg_temp")
        connection.execute(_LINES)
        connection.execute(cast("LiteralString", _WORKERS.read_text()))
        install(connection)

"""A store with database users of its own for two operators, and runs whose lines are written by raw SQL."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from support.postgres.databases import Postgres
from support.run.story import Story

from console.domain.ledger.actor import Actor, actor_json
from console.domain.ledger.line import Line, NewLine, root_of, seal
from console.domain.run.event import Entry, RunEvent
from console.services.ledger.codec import encode_event, kind_of

_INSERT = """INSERT INTO gateway_console.line
    (version, log_id, run_id, seq, at_ms, actor, kind, gate, attempt, body, previous, sha256, call_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
LOG = "01J0000000000000000000000B"


def public_key(name: str) -> str:
    """Return the public key with which `signature_by` signs for an operator of the stories."""
    return f"ssh-test {base64.b64encode(f'key of {name}'.encode()).decode()}"


@dataclass
class Store:
    """A store's database, and what its users may do by raw SQL."""

    postgres: Postgres

    def user(self, name: str) -> str:
        """Return the database user of an operator."""
        return f"{name}_{self.postgres.name}"

    @contextmanager
    def session(self, name: str | None = None) -> "Iterator[psycopg.Connection]":
        """Open a session as an operator's database user, or as the administrator."""
        server, database = self.postgres.server, self.postgres.name
        url = server.url(database) if name is None else server.url(database, self.user(name), f"password-{name}")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def register(self, *names: str) -> None:
        """Let operators act, each under a database user of their own."""
        with self.session() as connection:
            for name in names:
                connection.execute(
                    """INSERT INTO gateway_console.operator (fingerprint, name, database_user, public_key)
                        VALUES (gateway_console.fingerprint_of(%s), %s, %s, %s)""",
                    (public_key(name), name, self.user(name), public_key(name)),
                )


def name_own_log(connection: "psycopg.Connection") -> None:
    """Let a store have the log that the lines here name."""
    connection.execute("INSERT INTO gateway_console.log (log_id, at_ms, is_own) VALUES (%s, 0, false)", (LOG,))


def line_of(event: RunEvent, actor: Actor, before: Line | None, run_id: str, **changes: str) -> Line:
    """Return an event as the next line of a run."""
    gate, attempt = getattr(event, "gate", None), getattr(event, "attempt", 1)
    new = NewLine(
        kind_of(event), changes.get("gate", gate), attempt, encode_event(event), getattr(event, "call_id", None)
    )
    previous = root_of(LOG, run_id) if before is None else before.sha256
    seq = 1 if before is None else before.seq + 1
    return seal(new, log_id=LOG, run_id=run_id, seq=seq, at_ms=1_790_000_000_000, actor=actor, previous=previous)


def lines_of(story: Story) -> list[Line]:
    """Return the lines of a story."""
    lines: list[Line] = []
    for entry in story.entries:
        before = lines[-1] if lines else None
        lines.append(line_of(entry.event, entry.actor, before, story.state.run_id, **_place(entry)))
    return lines


def _place(entry: Entry) -> dict[str, str]:
    return {} if hasattr(entry.event, "gate") else {"gate": "instruction"}


def insert(connection: "psycopg.Connection", *lines: Line) -> None:
    """Write lines by raw SQL, all in one transaction."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(_INSERT, [_row(each) for each in lines])


def _row(line: Line) -> Sequence[object]:
    return (
        line.version, line.log_id, line.run_id, line.seq, line.at_ms, actor_json(line.actor).encode(), line.kind,
        line.gate, line.attempt, line.body, line.previous, line.sha256, line.call_id,
    )  # fmt: skip

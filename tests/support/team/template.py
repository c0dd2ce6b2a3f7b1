"""Many runs for a database, quickly: each is a copy of one real run, sealed by the console's own `seal()`."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from console.domain.ledger.actor import actor_json
from console.domain.ledger.line import Line, NewLine, root_of, seal
from console.domain.ledger.ulid import new_run_id
from console.services.ledger.ledger import Summary

if TYPE_CHECKING:
    import psycopg

COPY_LINES = (
    "COPY gateway_console.line (version, log_id, run_id, seq, at_ms, actor, kind, gate, attempt, body, previous,"
    " sha256, call_id) FROM STDIN"
)
COPY_RUNS = (
    "COPY gateway_console.run (run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt, is_simulated,"
    " verdict, category, operator) FROM STDIN"
)


def copy_runs(
    connection: "psycopg.Connection", run: tuple[Sequence[Line], Summary], log_id: str, count: int, first_ms: int
) -> None:
    """Store so many copies of a run, a second apart. The triggers are bypassed, which takes a superuser.

    Args:
        connection: In autocommit, or in a transaction of the caller's.
        run: The lines of the run, and its entry in the list of runs.
        log_id: The store's own log.
        count: How many.
        first_ms: When the first one began.

    """
    template, about = run
    ids = [new_run_id(lambda at=first_ms + 1_000 * number: at, os.urandom) for number in range(count)]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with cursor.copy(COPY_LINES) as copy:
            rows = [_row(line) for line in template]
            for number, run_id in enumerate(ids):
                copy.write("".join(_sealed(template, rows, log_id, run_id, first_ms + 1_000 * number)))
        with cursor.copy(COPY_RUNS) as copy:
            for number, run_id in enumerate(ids):
                at_ms = first_ms + 1_000 * number
                fields = (
                    run_id, about.repository, about.gate, about.status, at_ms, at_ms, about.attempt, about.is_simulated,
                    about.verdict, about.category, about.operator,
                )  # fmt: skip
                copy.write("\t".join(map(str, fields)) + "\n")


def _row(line: Line) -> tuple[NewLine, str]:
    """Return what is to be sealed, and the part of its row that is the same in every copy."""
    new = NewLine(line.kind, line.gate, line.attempt, line.body, line.call_id)
    null = "\\N"
    constant = (
        f"\\\\x{actor_json(line.actor).encode().hex()}\t{line.kind}\t{line.gate or null}\t{line.attempt}"
        f"\t\\\\x{line.body.hex()}"
    )
    return new, constant


def _sealed(
    template: Sequence[Line], rows: Sequence[tuple[NewLine, str]], log_id: str, run_id: str, at_ms: int
) -> Iterator[str]:
    head = root_of(log_id, run_id)
    for seq, (line, (new, constant)) in enumerate(zip(template, rows, strict=True), 1):
        sealed = seal(new, log_id=log_id, run_id=run_id, seq=seq, at_ms=at_ms + seq, actor=line.actor, previous=head)
        yield (
            f"1\t{log_id}\t{run_id}\t{seq}\t{at_ms + seq}\t{constant}\t{head}\t{sealed.sha256}"
            f"\t{new.call_id or _NULL}\n"
        )
        head = sealed.sha256


_NULL = "\\N"

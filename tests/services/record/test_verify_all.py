"""Verifying many runs: in one pass or line by line, in one process or several, the findings are the same."""

import asyncio
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.ledger.ledgers import behind, new_id, summary
from support.run.story import MACHINE, Story

from console.domain.ledger.line import Line, NewLine, line_bytes
from console.domain.run.gate import Gate
from console.services.ledger.codec import encode_event, kind_of
from console.services.ledger.ledger import LedgerError
from console.services.ledger.pass_process import passed_over, serve
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger
from console.services.record.verify_chain import Against, Verified, verify_runs


def _lines() -> list[NewLine]:
    story = Story().reaches(Gate.WRITER)
    return [
        NewLine(
            kind_of(each.event),
            getattr(each.event, "gate", Gate.INSTRUCTION).value,
            1,
            encode_event(each.event),
            getattr(each.event, "call_id", None),
        )
        for each in story.entries
    ]


async def _verified(ledger: SqliteLedger, run_ids: list[str], processes: int) -> list[Verified]:
    return [each async for each in verify_runs(ledger, run_ids, Against(), processes)]


def _resealed(lines: tuple[Line, ...], place: int, body: bytes) -> list[Line]:
    """Return a run of which somebody rewrote one body, and every hash from there on."""
    changed = list(lines)
    changed[place] = replace(changed[place], body=body)
    for number in range(place, len(changed)):
        previous = changed[number].previous if number == place else changed[number - 1].sha256
        line = replace(changed[number], previous=previous)
        changed[number] = replace(line, sha256=hashlib.sha256(line_bytes(line)).hexdigest())
    return changed


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda body: body.replace(b'"attempt":1', b'"attempt": 1', 1), "edited"),
        (lambda body: body.replace(b'"attempt":1', b'"attempt":1.0', 1), "edited"),
        (lambda body: body.replace(b'"attempt":1', b'"attempt":1,"attempt":1', 1), "edited"),
        (lambda body: body.replace(b'"attempt":1', b'"attempt":9007199254740992', 1), "edited"),
        (lambda body: body.replace(b'"attempt":1', b'"attempt":1,"prompt":"text"', 1), "not a|not written"),
        (lambda body: body.replace(b'"attempt":1', b'"attempt":2', 1), "cannot follow"),
        (lambda body: b"{}", "not a"),
    ],
)  # fmt: skip
async def test_a_run_that_was_rewritten_with_fitting_hashes_is_still_judged_by_what_it_says(
    tmp_path: Path, body: object, words: str
) -> None:
    assert callable(body)
    async with await SqliteLedger.open(tmp_path / "state") as ledger:
        run_ids = [new_id() for _ in range(3)]
        for run_id in run_ids:
            lines = await ledger.create(run_id, _lines(), actor=MACHINE, summary=summary(run_id))
        kept = await ledger.read(run_ids[1])
        with behind(tmp_path / "state") as connection:
            for line in _resealed(kept, 1, body(kept[1].body)):
                connection.execute(
                    "UPDATE line SET body = ?, previous = ?, sha256 = ? WHERE run_id = ? AND seq = ?",
                    (line.body, line.previous, line.sha256, line.run_id, line.seq),
                )
        here, elsewhere = await asyncio.gather(*(_verified(ledger, run_ids, count) for count in (0, 2)))
        assert here == elsewhere
        assert [each.holds for each in here] == [True, False, True]
        assert here[0].lines == len(lines)
        assert here[1].faults[0].seq == 2
        assert re.search(words, here[1].faults[0].words)


async def _written(ledger: SqliteLedger, count: int) -> list[str]:
    run_ids = [new_id() for _ in range(count)]
    for run_id in run_ids:
        await ledger.create(run_id, _lines(), actor=MACHINE, summary=summary(run_id))
    return run_ids


@contextmanager
def _untyped(directory: Path) -> Iterator[sqlite3.Connection]:
    """Open the ledger's file with columns that take a value of any type; the schema is put back."""

    def declare(connection: sqlite3.Connection, sql: str) -> None:
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'line'", (sql,))
        connection.execute(f"PRAGMA schema_version = {version + 1}")

    with behind(directory) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'line'").fetchone()
        declare(connection, re.sub(r"\b(TEXT|BLOB|INTEGER)\b(?! PRIMARY)", "", sql).replace("STRICT", ""))
        with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as untyped:
            yield untyped
        declare(connection, sql)


@pytest.mark.parametrize(
    "change",
    [
        "version = 1.0", "seq = 2.0", "at_ms = at_ms * 1.0", "attempt = 1.0", "call_id = x'61'", "call_id = 7",
        "gate = CAST(gate AS BLOB)", "actor = CAST(actor AS TEXT)", "body = CAST(body AS TEXT)",
    ],
)  # fmt: skip
async def test_a_value_of_another_type_that_reads_the_same_is_an_edit(tmp_path: Path, change: str) -> None:
    async with await SqliteLedger.open(tmp_path / "state") as ledger:
        run_ids = await _written(ledger, 2)
    with _untyped(tmp_path / "state") as connection:
        connection.execute(f"UPDATE line SET {change} WHERE run_id = ? AND seq = 2", (run_ids[0],))
    async with await SqliteLedger.open(tmp_path / "state") as ledger:
        first, second = await _verified(ledger, run_ids, 0)
        assert (first.faults[0].seq, second.holds) == (2, True)
        assert "edited" in first.faults[0].words


@pytest.mark.parametrize("processes", [0, 2])
async def test_a_run_that_sqlite_cannot_read_is_named_and_the_rest_are_still_verified(
    tmp_path: Path, processes: int
) -> None:
    async with await SqliteLedger.open(tmp_path / "state") as ledger:
        run_ids = await _written(ledger, 3)
        with behind(tmp_path / "state") as connection:
            connection.execute("UPDATE line SET gate = CAST(x'FF' AS TEXT) WHERE seq = 2 AND run_id = ?", (run_ids[1],))
        before, unread, after = await _verified(ledger, run_ids, processes)
    assert (before.holds, unread.holds, after.holds) == (True, False, True)
    assert "Could not decode to UTF-8" in unread.unread
    assert (before.unread, unread.run_id, unread.lines) == ("", run_ids[1], 0)


async def test_processes_read_a_ledger_whatever_its_path(tmp_path: Path) -> None:
    directory = tmp_path / os.fsdecode(b"100%25?mode=rw#\xff")
    async with await SqliteLedger.open(directory) as ledger:
        assert [each.holds for each in await _verified(ledger, await _written(ledger, 1), 2)] == [True]


async def test_a_process_that_dies_vouches_for_no_run(tmp_path: Path) -> None:
    passed = passed_over(tmp_path / "missing", new_id(), [new_id()], 2)
    with pytest.raises(LedgerError, match="has ended; verify again"):
        await anext(passed)


async def test_an_answer_that_is_too_long_leaves_its_runs_to_be_looked_at_closely(tmp_path: Path) -> None:
    async with await SqliteLedger.open(tmp_path / "state") as ledger:
        part = json.dumps(await _written(ledger, 2)).encode()
        told, untold = (
            json.loads(next(serve(str(ledger.path), ledger.log_id, [part], limit))) for limit in (10_000, 100)
        )
    assert [each["faults"] for each in told] == [[], []]
    assert untold == [None, None]

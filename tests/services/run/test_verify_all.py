"""Verifying many runs: in one pass or line by line, in one process or several, the findings are the same."""

import asyncio
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.ledger.ledgers import behind, new_id, summary
from support.run.story import MACHINE, Story

from console.domain.ledger.line import Line, NewLine, line_bytes
from console.domain.run.gate import Gate
from console.services.ledger.codec import encode_event, kind_of
from console.services.ledger.sqlite import SqliteLedger
from console.services.run.verify_chain import Verified, verify_runs


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
    return [each async for each in verify_runs(ledger, run_ids, None, {}, processes)]


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

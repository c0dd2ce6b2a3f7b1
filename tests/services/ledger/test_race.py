"""Real processes: deciders at one barrier, writers killed at any moment, and at every statement of an append."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.ledger.ledgers import ANN, appended, begun, behind, call, decision, processes, score, summary

from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import Line, NewLine
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.parametrize("count", [2, 8])
async def test_of_deciders_at_once_one_is_accepted_and_all_others_are_told_by_whom(directory: Path, count: int) -> None:
    async with await SqliteLedger.open(directory) as ledger:
        line = await begun(ledger)
        with processes("decide", directory, line.run_id, line.sha256, count=count) as deciders:
            assert [decider.read() for decider in deciders] == ["ready"] * count
            for decider in deciders:
                decider.go()
            said: list[Any] = [decider.read() for decider in deciders]
        (won,) = [each for each in said if each["accepted"]]
        lost = [each for each in said if not each["accepted"]]
        assert len(lost) == count - 1
        assert all(
            (each["by"], each["head"], each["instead"]) == (won["by"], won["head"], [won["head"]]) for each in lost
        )
        lines = await ledger.read(line.run_id)
        assert [(each.kind, each.actor.id) for each in lines[1:]] == [("GateDecided", won["by"])]


async def test_consoles_that_open_a_new_ledger_at_once_all_get_it(tmp_path: Path) -> None:
    for number in range(20):
        opening = (SqliteLedger.open(tmp_path / f"{number}") for _ in range(6))
        ledgers = await asyncio.gather(*opening)
        assert len({ledger.log_id for ledger in ledgers}) == 1
        for ledger in ledgers:
            await ledger.close()


async def test_many_consoles_may_open_a_new_ledger_at_once(directory: Path) -> None:
    with processes("decide", directory, "01ARZ3NDEK0000000000000000", "0" * 64, count=6) as openers:
        assert [opener.read() for opener in openers] == ["ready"] * 6
    async with await SqliteLedger.open(directory) as ledger:
        assert await ledger.runs(10) == ()


@pytest.mark.parametrize(
    ("statement", "is_kept"),
    [("BEGIN", False), ("INSERT INTO line", False), ("INSERT INTO run", False), ("COMMIT", False), ("nothing", True)],
)
async def test_an_append_is_whole_wherever_its_process_dies(directory: Path, statement: str, is_kept: bool) -> None:
    async with await SqliteLedger.open(directory) as ledger:
        line = await begun(ledger)
    with processes("die", directory, line.run_id, line.sha256, statement) as (process,):
        assert process.rest() == (["kept"] if is_kept else [])
        assert process.returncode == -9
    async with await SqliteLedger.open(directory) as ledger:
        assert len(await ledger.read(line.run_id)) == (4 if is_kept else 1)
        assert [run.status for run in await ledger.runs(10)] == ["written" if is_kept else "waiting"]
        assert await ledger.check(line.run_id) == ()


async def test_writers_that_are_killed_at_any_moment_lose_nothing_that_was_acknowledged(directory: Path) -> None:
    """Three consoles append to one run at once, and each is killed from outside; again and again."""
    chance = random.Random(6)
    async with await SqliteLedger.open(directory) as ledger:
        line = await begun(ledger)
    acknowledged: dict[int, str] = {}
    for _ in range(3):
        with processes("write", directory, line.run_id, count=3) as writers:
            said: list[Any] = []
            for writer in writers:
                said += [writer.read() for _ in range(chance.randint(1, 12))]
                said += writer.kill()
        assert all(acknowledged.setdefault(seq, sha256) == sha256 for seq, sha256 in said)
        async with await SqliteLedger.open(directory) as ledger:
            lines = await ledger.read(line.run_id)
            assert await ledger.check(line.run_id) == ()
        kept = {each.seq: each.sha256 for each in lines}
        assert acknowledged.items() <= kept.items()
        # Each kill may leave one line that was kept and not yet said, and no more.
        assert len(kept) - 1 - len(acknowledged) <= 9
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_of_appends_in_one_group_each_has_its_own_outcome(directory: Path) -> None:
    """Twenty authors wait at once: those with a stale head, an unintended call or a secret cost the others nothing."""
    async with await SqliteLedger.open(directory) as ledger:
        runs = [await begun(ledger) for _ in range(5)]
        leaking = NewLine("Noted", None, 0, canonical({"note": "-----BEGIN " + "PRIVATE KEY-----\nMIIE"}))
        commits: list[str] = []
        await ledger._run(lambda: ledger._connection.set_trace_callback(commits.append))
        wanted = [
            each for run in runs for each in ((run, score()), (run, score(1)), (run, call("CallLost")), (run, leaking))
        ]
        outcomes = await asyncio.gather(*(appended(ledger, run, new) for run, new in wanted), return_exceptions=True)
        kept = [outcome for outcome in outcomes if isinstance(outcome, Line)]
        words = ["Line", "ConflictError", "ConflictError", "LedgerError"]
        assert [type(outcome).__name__ for outcome in outcomes] == words * 5
        assert sum(text.startswith("COMMIT") for text in commits) < len(kept)
        for run, last in zip(runs, kept, strict=True):
            assert await ledger.read(run.run_id) == (run, last)
            assert await ledger.check(run.run_id) == ()


async def test_an_append_to_a_damaged_run_costs_nobody_else_in_its_group(directory: Path) -> None:
    """The first in line stores the group: it must not be told of another's damage, nor lose its own lines."""
    async with await SqliteLedger.open(directory) as ledger:
        whole, damaged = await begun(ledger), await begun(ledger)
        last = await appended(ledger, damaged, score(), decision("revise"))
        with behind(directory) as connection:
            connection.execute("UPDATE line SET actor = x'00' WHERE run_id = ? AND seq = 2", (damaged.run_id,))
        first, second = await asyncio.gather(
            appended(ledger, whole, score()), appended(ledger, last, decision()), return_exceptions=True
        )
        assert await ledger.read(whole.run_id) == (whole, first)
        assert f"line 2 of run {damaged.run_id} is damaged" in str(second)


async def test_a_number_that_sqlite_cannot_store_costs_nobody_else_in_its_group(directory: Path) -> None:
    async with await SqliteLedger.open(directory) as ledger:
        whole, other = await begun(ledger), await begun(ledger)
        endless = summary(other.run_id, attempt=2**64)
        first, second = await asyncio.gather(
            appended(ledger, whole, score()),
            ledger.append(other.run_id, [score()], expected_head=other.sha256, actor=ANN, summary=endless),
            return_exceptions=True,
        )
        assert await ledger.read(whole.run_id) == (whole, first)
        assert isinstance(second, OverflowError)
        assert await ledger.read(other.run_id) == (other,)


async def test_lines_that_could_not_be_checked_for_secrets_are_not_stored(directory: Path) -> None:
    """Nor are they stored when their author's turn comes, and who waits with them is unharmed."""
    asked: list[str] = []

    def is_hit(text: str) -> bool:
        if "unchecked" not in text:
            return False
        asked.append(text)
        raise ZeroDivisionError

    async with await SqliteLedger.open(directory, is_hit=is_hit) as ledger:
        whole, other = await begun(ledger), await begun(ledger)
        unchecked = NewLine("Noted", None, 0, canonical({"note": "unchecked"}))
        first, second = await asyncio.gather(
            appended(ledger, whole, score()), appended(ledger, other, unchecked), return_exceptions=True
        )
        assert await ledger.read(whole.run_id) == (whole, first)
        assert isinstance(second, ZeroDivisionError)
        assert await ledger.read(other.run_id) == (other,)
        assert len(asked) == 1

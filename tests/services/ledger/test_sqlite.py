"""What only the ledger in a file has: its modes and locks, and how its operations are planned."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.ledger.ledgers import appended, begun, behind, score

from console.services.ledger import lines, transactions
from console.services.ledger.ledger import LedgerError, Wanted
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "gateway-console"


@pytest.fixture
async def ledger(directory: Path) -> AsyncIterator[SqliteLedger]:
    async with await SqliteLedger.open(directory) as opened:
        yield opened


@pytest.fixture
async def other(directory: Path, ledger: SqliteLedger) -> AsyncIterator[SqliteLedger]:
    """Another console of the same user."""
    async with await SqliteLedger.open(directory) as opened:
        yield opened


async def test_the_file_keeps_no_more_than_it_must_in_others_reach(directory: Path, ledger: SqliteLedger) -> None:
    await begun(ledger)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (directory, *directory.iterdir())}
    assert modes.pop("gateway-console") == 0o700
    assert modes == dict.fromkeys((FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"), 0o600)


async def test_the_loop_goes_on_while_another_console_keeps_the_file(
    directory: Path, ledger: SqliteLedger, other: SqliteLedger
) -> None:
    """Also: what is not done by the deadline is reported as of unknown outcome."""
    line = await begun(ledger)
    is_kept = False

    def time_limit(_: float) -> asyncio.Timeout:
        return asyncio.timeout(0 if is_kept else None)

    async with await SqliteLedger.open(directory, deadline_s=7, time_limit=time_limit) as hasty:
        await other._run(lambda: other._connection.execute("BEGIN IMMEDIATE"))
        is_kept = True
        with pytest.raises(LedgerError, match="within 7 s, so whether it was stored is unknown"):
            await appended(hasty, line, score())
        is_kept = False
        await other._run(lambda: other._connection.execute("ROLLBACK"))


def test_the_ledger_loads_sqlite_when_it_is_opened_and_not_before() -> None:
    code = (
        "import sys, console.services.ledger.sqlite, console.services.ledger.artifacts; print('sqlite3' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


async def test_opening_a_ledger_again_takes_no_lock_from_who_has_it_open(
    directory: Path, ledger: SqliteLedger, other: SqliteLedger
) -> None:
    """A process that closes a file loses all its locks on it; then a third console would clear the log away."""
    look = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1]);"
        " print(*connection.execute('SELECT count(*) FROM line').fetchone()); connection.close()"
    )

    def seen_from_elsewhere() -> str:
        command = [sys.executable, "-c", look, directory / FILE_NAME]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    line = await begun(ledger)
    assert seen_from_elsewhere() == "1"
    await appended(ledger, line, score())
    assert seen_from_elsewhere() == "2"
    assert len(await other.read(line.run_id)) == 2


async def test_only_runs_with_new_lines_have_changed(ledger: SqliteLedger, other: SqliteLedger) -> None:
    await begun(ledger)
    place = await other._run(lambda: lines.last_place(other._connection))
    line = await begun(ledger)
    now, changed = await other._run(lambda: transactions.appended_since(other._connection, place))
    assert changed == {line.run_id}
    assert await other._run(lambda: transactions.appended_since(other._connection, now)) == (now, frozenset())


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted(is_signed=True), Wanted("closed", "app", 1, "ready", "account_quota", "ann", 9, False)]
)
async def test_the_newest_runs_are_found_without_a_look_at_the_lines(
    directory: Path, ledger: SqliteLedger, wanted: Wanted
) -> None:
    await begun(ledger)
    asked: list[str] = []
    with behind(directory) as connection:
        connection.set_trace_callback(asked.append)
        transactions.runs(connection, 50, wanted)
        connection.set_trace_callback(None)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    assert plan[0] == "SCAN run", "from its newest entry back, until there are as many as are shown"
    assert all("line" not in step and "TEMP B-TREE" not in step for step in plan)
    assert [step for step in plan if "checkpoint" in step and "USING INDEX checkpoint_of_run" not in step] == []

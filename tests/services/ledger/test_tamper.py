"""Tampering: whoever may write to the file can change it, and what the chain then shows."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from support.ledger.ledgers import appended, begun, behind, decision, score

from console.domain.ledger.line import Line, line_from_json, line_to_json, root_of
from console.services.ledger.ledger import LedgerError
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
async def ledger(directory: Path) -> AsyncIterator[SqliteLedger]:
    async with await SqliteLedger.open(directory) as opened:
        yield opened


@pytest.fixture
async def lines(ledger: SqliteLedger) -> list[Line]:
    """Return the five lines of a run."""
    last = await begun(ledger)
    for total in range(3):
        last = await appended(ledger, last, score(total))
    await appended(ledger, last, decision())
    return list(await ledger.read(last.run_id))


async def faults(ledger: SqliteLedger, lines: list[Line]) -> dict[int, str]:
    return {fault.seq: fault.words for fault in await ledger.check(lines[0].run_id)}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE line SET at_ms = 0 WHERE seq = 2",
        "DELETE FROM line WHERE seq = 5",
        "DELETE FROM line",
        "REPLACE INTO line SELECT * FROM line WHERE seq = 5",
        "INSERT INTO line SELECT NULL, version, log_id, run_id, 7, at_ms, actor, kind, gate, attempt, call_id, body,"
        " previous, sha256 FROM line WHERE seq = 2",
    ],
)
async def test_the_table_itself_refuses_what_is_no_append(
    directory: Path, ledger: SqliteLedger, lines: list[Line], statement: str
) -> None:
    with (
        closing(sqlite3.connect(directory / FILE_NAME)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="a line"),
    ):
        connection.execute(statement)
    assert list(await ledger.read(lines[0].run_id)) == lines


@pytest.mark.parametrize(
    "change",
    [
        "body = CAST('{\"total\":99}' AS BLOB)", "at_ms = at_ms + 1", "kind = 'GateDecided'", "gate = 'critic'",
        "attempt = 2", "call_id = 'call-9'", "gate = NULL", "version = 2", "sha256 = upper(sha256)",
        "actor = CAST(replace(CAST(actor AS TEXT), 'ann', 'bob') AS BLOB)", "log_id = run_id",
    ],
)  # fmt: skip
async def test_an_edited_line_is_found_at_its_number(
    directory: Path, ledger: SqliteLedger, lines: list[Line], change: str
) -> None:
    with behind(directory) as connection:
        connection.execute(f"UPDATE line SET {change} WHERE seq = 3")
    assert 3 in await faults(ledger, lines)


@pytest.mark.parametrize("change", ["actor = x'00'", "actor = CAST('{}' AS BLOB)", "body = x'FF'", "body = x''"])
async def test_a_line_that_cannot_be_read_is_found_at_its_number(
    directory: Path, ledger: SqliteLedger, lines: list[Line], change: str
) -> None:
    with behind(directory) as connection:
        connection.execute(f"UPDATE line SET {change} WHERE seq = 3")
    assert "edited" in (await faults(ledger, lines))[3]
    if change.startswith("actor"):
        with pytest.raises(LedgerError, match=f"line 3 of run {lines[0].run_id} is damaged"):
            await ledger.read(lines[0].run_id)


async def test_a_deleted_line_is_found_at_the_next(directory: Path, ledger: SqliteLedger, lines: list[Line]) -> None:
    with behind(directory) as connection:
        connection.execute("DELETE FROM line WHERE seq IN (2, 3)")
    assert await faults(ledger, lines) == {4: "lines 2 to 3 are missing before it"}


async def test_lines_that_changed_places_are_found(directory: Path, ledger: SqliteLedger, lines: list[Line]) -> None:
    with behind(directory) as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute("UPDATE line SET seq = ? WHERE seq = ?", (new, old))
    assert {2, 3} <= set(await faults(ledger, lines))


async def test_lines_that_were_swapped_between_runs_are_found_in_both(
    directory: Path, ledger: SqliteLedger, lines: list[Line]
) -> None:
    other = await begun(ledger)
    await appended(ledger, other, score(7), score(8))
    with behind(directory) as connection:
        for old, new in ((lines[0].run_id, "x"), (other.run_id, lines[0].run_id), ("x", other.run_id)):
            connection.execute("UPDATE line SET run_id = ? WHERE run_id = ? AND seq = 2", (new, old))
    assert 2 in await faults(ledger, lines)
    assert 2 in {fault.seq for fault in await ledger.check(other.run_id)}


async def test_a_run_in_anothers_place_is_found_from_its_first_line(
    directory: Path, ledger: SqliteLedger, lines: list[Line]
) -> None:
    other = await begun(ledger)
    with behind(directory) as connection:
        connection.execute("DELETE FROM line WHERE run_id = ?", (other.run_id,))
        connection.execute("UPDATE line SET run_id = ?", (other.run_id,))
    assert {fault.seq for fault in await ledger.check(other.run_id)} == {1, 2, 3, 4, 5}


async def test_a_missing_end_and_a_whole_rewrite_show_only_beside_a_head_that_was_kept(
    directory: Path, ledger: SqliteLedger, lines: list[Line]
) -> None:
    """A limit and not a promise: the chain alone does not show these, a head that was kept elsewhere does."""
    kept = lines[-1].sha256
    with behind(directory) as connection:
        connection.execute("DELETE FROM line WHERE seq > 3")
    assert await ledger.check(lines[0].run_id) == ()
    assert await ledger.head(lines[0].run_id) != kept

    with behind(directory) as connection:
        connection.execute("DELETE FROM line")
        connection.execute("DELETE FROM run")
    forged = await begun(ledger, lines[0].run_id)
    await appended(ledger, forged, score(100), score(100), score(100), decision("ready"))
    assert await ledger.check(lines[0].run_id) == ()
    assert await ledger.head(lines[0].run_id) != kept


async def test_what_was_exported_tells_a_changed_ledger(
    directory: Path, ledger: SqliteLedger, lines: list[Line]
) -> None:
    exported = b"\n".join(map(line_to_json, lines))
    with behind(directory) as connection:
        connection.execute("DELETE FROM line WHERE seq > 3")
    read = [line_from_json(line) for line in exported.split(b"\n")]
    assert read == lines
    assert read[0].previous == root_of(ledger.log_id, read[0].run_id)
    assert tuple(read) != await ledger.read(read[0].run_id)

"""What keeping a run costs: `python -m tests.bench.appending [ROUNDS] [DIRECTORY]`.

An append to the ledger against a bare SQLite commit of the same bytes (write-ahead log, synchronous=FULL), one after
the other in one run; and listing 10,000 runs. Wall time, because the disk is what is waited for. The ratio is of the
sums: a disk answers a flush either at once or after several ms, and a median would only tell on which side it fell.
"""

import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import NewLine, line_to_json
from console.domain.ledger.ulid import new_run_id
from console.services.ledger.ledger import Summary
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger
from console.services.system.clock import unix_ms

from .harness.measuring import Row, row

ANCHOR = "bare SQLite FULL"
RATIO_LIMIT = 1.3
LISTING_LIMIT_MS = 100
RUNS = 10_000
WARM_UP = 20
WRITERS = 50
APPENDS = 20
ACTOR = Actor(ActorKind.CONSOLE, "console")
BODY = canonical(
    {
        "criteria": {"correctness": 4, "safety": 4, "source_support": 3, "tests": 3, "usefulness": 4},
        "rubric_sha256": "5f" * 32,
        "artifact_sha256": "a7" * 32,
        "total": 88,
        "threshold": 80,
        "findings": {"blocker": 0, "major": 0, "minor": 2},
    }
)
"""An event of the usual size: a review's scores."""


def summary(run_id: str, number: int) -> Summary:
    return Summary(run_id, "example.org/team/repository", "reviewer", "waiting", number, number, 1, is_simulated=True)


def bare(path: Path) -> sqlite3.Connection:
    """Return a database with the ledger's durability and nothing else of it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE line (place INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    return connection


async def measure_appends(directory: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return how long bare commits and appends took, in ms, each pair one after the other."""
    commits, appends = [], []
    plain = bare(directory / "bare.db")
    async with await SqliteLedger.open(directory / "state") as ledger:
        run_id = new_run_id(unix_ms, os.urandom)
        new = [NewLine("ReviewScored", "reviewer", 1, BODY)]
        (line,) = await ledger.create(run_id, new, actor=ACTOR, summary=summary(run_id, 0))
        for number in range(rounds + WARM_UP):
            data = line_to_json(line)
            start = time.perf_counter()
            plain.execute("BEGIN IMMEDIATE")
            plain.execute("INSERT INTO line (data) VALUES (?)", (data,))
            plain.execute("COMMIT")
            between = time.perf_counter()
            (line,) = await ledger.append(
                run_id, new, expected_head=line.sha256, actor=ACTOR, summary=summary(run_id, number)
            )
            appends.append((time.perf_counter() - between) * 1000)
            commits.append((between - start) * 1000)
    plain.close()
    return commits[WARM_UP:], appends[WARM_UP:]


async def measure_writers(directory: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return the commits a second of one bare committer, and the appends a second of 50 writers, in turn."""
    commits, appends = [], []
    plain = bare(directory / "bare-writers.db")
    new = [NewLine("ReviewScored", "reviewer", 1, BODY)]
    async with await SqliteLedger.open(directory / "writers") as ledger:
        ids = [new_run_id(unix_ms, os.urandom) for _ in range(WRITERS)]
        heads = {}
        for run_id in ids:
            heads[run_id] = (await ledger.create(run_id, new, actor=ACTOR, summary=summary(run_id, 0)))[0]

        async def write(run_id: str) -> None:
            for number in range(APPENDS):
                (heads[run_id],) = await ledger.append(
                    run_id, new, expected_head=heads[run_id].sha256, actor=ACTOR, summary=summary(run_id, number)
                )

        data = line_to_json(heads[ids[0]])
        for _ in range(rounds):
            start = time.perf_counter()
            for _ in range(WRITERS * APPENDS // 4):
                plain.execute("BEGIN IMMEDIATE")
                plain.execute("INSERT INTO line (data) VALUES (?)", (data,))
                plain.execute("COMMIT")
            between = time.perf_counter()
            await asyncio.gather(*map(write, ids))
            appends.append(WRITERS * APPENDS / (time.perf_counter() - between))
            commits.append(WRITERS * APPENDS / 4 / (between - start))
    plain.close()
    return commits, appends


def measure(rounds: int = 5, directory: str | None = None) -> dict[str, Row]:
    """Return what an append takes with 50 writers and with one, beside the bare commits of the same rounds."""
    with tempfile.TemporaryDirectory(dir=directory) as name:
        commits, appends = [], []
        for number in range(rounds):
            place = Path(name) / str(number)
            place.mkdir()
            bare_ms, ours_ms = asyncio.run(measure_appends(place, 100))
            commits.append(statistics.mean(bare_ms))
            appends.append(statistics.mean(ours_ms))
        bare_rates, rates = asyncio.run(measure_writers(Path(name), rounds))
    many = [[1000 / rate for rate in side] for side in (rates, bare_rates)]
    return {
        f"{WRITERS} writers": row(*many, ANCHOR, "ms an append"),
        "1 writer": row(appends, commits, ANCHOR, "ms an append"),
    }


async def measure_listing(directory: Path) -> list[float]:
    """Return how long listing 10,000 runs took, in ms."""
    async with await SqliteLedger.open(directory) as ledger:
        run_id = new_run_id(unix_ms, os.urandom)
        await ledger.create(run_id, [NewLine("RunCreated", None, 0, b"{}")], actor=ACTOR, summary=summary(run_id, 0))
    with sqlite3.connect(directory / FILE_NAME) as connection:  # 10,000 commits would take the bench a minute
        rows = [(new_run_id(unix_ms, os.urandom), number) for number in range(RUNS - 1)]
        connection.executemany(
            "INSERT INTO run (run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt, is_simulated)"
            " SELECT ?1, repository, gate, status, ?2, ?2, attempt, is_simulated FROM run WHERE number = 1",
            rows,
        )
    connection.close()
    times = []
    async with await SqliteLedger.open(directory) as ledger:
        for _ in range(15):
            start = time.perf_counter()
            found = await ledger.runs(RUNS)
            times.append((time.perf_counter() - start) * 1000)
            assert len(found) == RUNS
    return times


def main() -> int:
    """Measure, print both sides with their range, and tell whether the limits are kept."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as name:
        commits, appends = asyncio.run(measure_appends(Path(name), rounds))
        bare_rates, rates = asyncio.run(measure_writers(Path(name), 5))
        listings = asyncio.run(measure_listing(Path(name) / "listing"))
    for what, times in (("bare commit", commits), ("append", appends), (f"listing {RUNS} runs", listings)):
        deciles = statistics.quantiles(times, n=20)
        middle, mean = statistics.median(times), statistics.mean(times)
        print(f"{what:20} median {middle:6.2f} ms, mean {mean:6.2f}, p5 {deciles[0]:.2f}, p95 {deciles[-1]:.2f}")
    ratio = sum(appends) / sum(commits)
    listing = statistics.median(listings)
    is_kept = ratio <= RATIO_LIMIT
    is_fast = listing < LISTING_LIMIT_MS
    print(f"{'append to commit':20} ratio {ratio:5.2f}x, at most {RATIO_LIMIT}x: {'kept' if is_kept else 'NOT kept'}")
    many = statistics.median(ours / bare for bare, ours in zip(bare_rates, rates, strict=True))
    print(f"{'50 writers':20} {statistics.median(rates):,.0f} appends/s, {many:.2f}x one bare committer")
    print(f"{'listing':20} {listing:.0f} ms, under {LISTING_LIMIT_MS} ms: {'kept' if is_fast else 'NOT kept'}")
    return 0 if is_kept and is_fast else 1


if __name__ == "__main__":
    sys.exit(main())

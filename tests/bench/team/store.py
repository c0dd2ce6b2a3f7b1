"""What a team's store costs as it grows: measured on a server of its own; scripts/measure_scale.py prints it."""

import asyncio
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from support.postgres.server import Server
from support.team.store import migrated
from support.team.template import copy_runs

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import Line, NewLine
from console.domain.ledger.ulid import new_run_id
from console.domain.tokens.secret import Secret
from console.services.ledger.ledger import Ledger, LedgerError, Summary
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import PostgresLedger
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger
from console.services.system.clock import unix_ms

if TYPE_CHECKING:
    import psycopg

ACTOR = Actor(ActorKind.CONSOLE, "console")
BATCH = 500
"""Runs a transaction, while the tables are filled."""
CONFIG = """
shared_buffers = 512MB
max_wal_size = 2GB
checkpoint_timeout = 5min
maintenance_work_mem = 256MB
max_connections = 150
"""
Row = tuple[str, str]


async def measure(
    directory: Path, server: Server, template: Sequence[Line], about: Summary, sizes: Sequence[int]
) -> None:
    """Fill and measure, one size after the other."""
    url = await migrated(server)
    print_table(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
        f" {platform.python_version()}, {time.strftime('%Y-%m-%d', time.gmtime())}; each run is one of the demo's,"
        f" with {len(template)} lines",
        [],
    )
    stored = 0
    for size in sizes:
        count = (size - stored) // len(template)
        began = time.perf_counter()
        await asyncio.to_thread(fill, url, template, about, count, stored)
        fill_s = time.perf_counter() - began
        stored += count * len(template)
        async with await Database.open(Secret(url)) as database:
            ledger = await PostgresLedger.open(database, beside=directory)
            rows = [("filled by COPY, 2 processes", f"{count * len(template) / fill_s:,.0f} lines/s")]
            rows += await tables(database, stored)
            rows += await lookups(ledger)
            rows += [(f"appends, {writers} at once", await appends(url, directory, writers)) for writers in (1, 4)]
            rows.append(("an append is heard elsewhere", await heard(url, ledger)))
        print_table(f"{stored:,} lines, {stored // len(template):,} runs", rows)
    print_table("appends by 4 writers while so many consoles listen", await listeners(url, directory))


async def demo_run(directory: Path) -> tuple[tuple[Line, ...], Summary]:
    """Run the demo, and return the lines of its longest run that was closed."""
    command = Path(sys.executable).with_name("gateway-console")
    subprocess.run(
        [command, "demo"],
        env={"HOME": str(directory), "PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    (path,) = directory.rglob(FILE_NAME)
    async with await SqliteLedger.open(path.parent, is_looking=True) as ledger:
        runs = [(await ledger.read(each.run_id), each) for each in await ledger.runs(10) if each.gate == "candidate"]
    return min(runs, key=lambda run: len(run[0]))


def fill(url: str, template: Sequence[Line], about: Summary, count: int, stored: int) -> None:
    """Store so many runs, from two processes."""
    parts = [count // 2, count - count // 2]
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=fill_part, args=(url, (template, about), part, stored, number))
        for number, part in enumerate(parts)
    ]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
        assert each.exitcode == 0


def fill_part(url: str, run: tuple[Sequence[Line], Summary], count: int, stored: int, part: int) -> None:
    """Store a part of the runs."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT log_id FROM gateway_console.log WHERE is_own").fetchone()
        assert row is not None
        first_ms = 1_700_000_000_000 + 1_000 * stored + part
        for begin in range(0, count, BATCH):
            copied = min(BATCH, count - begin)
            copy_runs(connection, run, row[0], copied, first_ms + 1_000 * begin)


async def tables(database: Database, lines: int) -> list[Row]:
    """Return what PostgreSQL says of sizes, and how long it takes to vacuum."""

    def sizes(connection: "psycopg.Connection") -> tuple[int, int]:
        row = connection.execute(
            "SELECT pg_table_size('gateway_console.line'), pg_indexes_size('gateway_console.line')"
        ).fetchone()
        assert row is not None
        return row

    began = time.perf_counter()
    await asyncio.to_thread(vacuum, database)
    vacuum_s = time.perf_counter() - began
    heap, indexes = await database.run(sizes)
    return [
        ("a line in the table", f"{heap / lines:,.0f} bytes"),
        ("a line in the indexes", f"{indexes / lines:,.0f} bytes"),
        ("all lines with their indexes", f"{(heap + indexes) / 1e9:.2f} GB"),
        ("VACUUM ANALYZE of what is new", f"{vacuum_s:.1f} s"),
    ]


def vacuum(database: Database) -> None:
    """Vacuum the lines, outside of a transaction."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    with psycopg.connect(make_conninfo("", **database._parameters), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE gateway_console.line")
        connection.execute("VACUUM ANALYZE gateway_console.run")


async def lookups(ledger: Ledger) -> list[Row]:
    """Return what the looks at a ledger take."""
    newest = await ledger.runs(200)
    ids = [each.run_id for each in newest]
    began = time.perf_counter()
    lines = 0
    for each in ids:
        lines += len(await ledger.read(each))
        assert not await ledger.check(each)
    verify_us = (time.perf_counter() - began) / lines * 1e6
    return [
        ("the 200 newest runs", await timed(lambda: ledger.runs(200))),
        ("the ids of all runs", await timed(ledger.run_ids, 3)),
        ("runs that lack a newer entry", await timed(ledger.unsummarised, 3)),
        ("the head of a run", await timed(lambda: ledger.head(ids[7]), 50)),
        ("read a run", await timed(lambda: ledger.read(ids[9]), 50)),
        ("verify a run", await timed(lambda: ledger.check(ids[9]), 50)),
        ("read and verify, by the line", f"{verify_us:.0f} us (of 200 runs)"),
    ]


async def timed(look: Callable[[], Awaitable[object]], times: int = 20) -> str:
    """Return the median and the slowest of some looks."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        try:
            await look()
        except LedgerError as error:
            return f"refused: {error}"
        taken.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(taken):.1f} ms, slowest {max(taken):.1f}"


async def appends(url: str, directory: Path, writers: int, each: int = 200) -> str:
    """Append from some connections at once, each to a run of its own; return the rate and the time of one."""
    taken: list[float] = []

    async def write() -> None:
        async with await Database.open(Secret(url)) as database:
            ledger = await PostgresLedger.open(database, beside=directory)
            run_id = new_run_id(unix_ms, os.urandom)
            (line,) = await ledger.create(run_id, [_new(0)], actor=ACTOR, summary=_about(run_id))
            for number in range(1, each):
                began = time.perf_counter()
                (line,) = await ledger.append(
                    run_id, [_new(number)], expected_head=line.sha256, actor=ACTOR, summary=_about(run_id)
                )
                taken.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(writers)))
    rate = writers * each / (time.perf_counter() - began)
    ordered = sorted(taken)
    median, slow = statistics.median(ordered), ordered[-len(ordered) // 100]
    return f"{rate:,.0f}/s; one {median:.1f} ms, of 100 the slowest {slow:.1f}"


async def heard(url: str, ledger: Ledger, times: int = 30) -> str:
    """Return how long after an append another connection hears of it."""
    async with await Database.open(Secret(url)) as other:
        told = other.listen("gateway_console_run")
        await anext(told)
        run_id = new_run_id(unix_ms, os.urandom)
        (line,) = await ledger.create(run_id, [_new(0)], actor=ACTOR, summary=_about(run_id))
        await anext(told)
        taken = []
        for number in range(1, times):
            waiting = asyncio.ensure_future(anext(told))
            began = time.perf_counter()
            (line,) = await ledger.append(
                run_id, [_new(number)], expected_head=line.sha256, actor=ACTOR, summary=_about(run_id)
            )
            await waiting
            taken.append((time.perf_counter() - began) * 1000)
        await told.aclose()
    return f"{statistics.median(taken):.1f} ms after the append began"


async def listeners(url: str, directory: Path) -> list[Row]:
    """Return what appends cost while consoles listen."""
    import psycopg

    rows, open_connections = [], []
    for wanted in (0, 10, 50, 100):
        while len(open_connections) < wanted:
            connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
            await connection.execute("LISTEN gateway_console_run")
            open_connections.append(connection)
        rows.append((f"{wanted} listen", await appends(url, directory, 4)))
    for connection in open_connections:
        await connection.close()
    return rows


def _new(number: int) -> NewLine:
    return NewLine("ReviewScored", "reviewer", 1, canonical({"number": number, "padding": "x" * 280}))


def _about(run_id: str) -> Summary:
    now = unix_ms()
    return Summary(run_id, "example.org/team/app", "reviewer", "waiting", now, now, 1, is_simulated=True)


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Print a table."""
    sys.stdout.write(f"\n{title}\n" + "".join(f"  {name:<34} {value}\n" for name, value in rows))
    sys.stdout.flush()

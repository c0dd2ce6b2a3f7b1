"""Measure a fleet as it grows: `python scripts/measure_fleet.py [PROFILES …]`, by default 100, 1,000 and 10,000.

It starts a PostgreSQL server of its own and puts into a fresh store what a round of six routes a profile leaves there,
as workers do, 50 profiles at a time. Then it measures what a console does with them. It prints one column a size: CPU
of this process, or of a real `gateway-console fleet`, except where it says wall.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from fleet_sweep import ROLES, write_config

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.team.store import migrated, own_server

from console.domain.fleet.filter import parse_filter
from console.domain.fleet.fleet import fleet_of
from console.domain.fleet.order import Order, ordered
from console.domain.fleet.state import Looker, LookerKind, ProfileLook, RouteEnd
from console.domain.history.fact import FactKind, FactRoute, FactStatus
from console.domain.history.streak import End
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.secret import Secret
from console.services.config.load import load_profiles
from console.services.fleet.reading import known_profiles
from console.services.fleet.store_states import Seen, keep_states, read_states
from console.services.ledger.postgres.database import Database
from console.services.system.clock import unix_ms
from console.view.fleet.grid import fleet_grid

ORIGIN = "http://127.0.0.1:9"
A_WRITE = 50
Figures = dict[str, str]


@contextmanager
def measured(figures: Figures, name: str, each: int = 1) -> Iterator[None]:
    """Note the CPU time of the block in seconds, or for one of several in microseconds."""
    begun = time.process_time()
    yield
    took = time.process_time() - begun
    figures[name] = f"{took:.2f} s" if each == 1 else f"{took / each * 1e6:.0f} us"


def seen(names: list[str], at_ms: int) -> Seen:
    """Return what a round of some profiles shows: every route holds to rung 3."""
    looks = [ProfileLook((name, ORIGIN), at_ms, Looker(LookerKind.WORKER, "bench")) for name in names]
    ends = [
        RouteEnd(
            FactRoute(name, ORIGIN, RouteKey(Role(role)), "m", EndpointFamily.CHAT_COMPLETIONS),
            at_ms,
            End(FactStatus.UNPROVEN, Rung.KEY, is_check=True, is_refusal=False),
            FactKind.CHECK,
        )
        for name in names
        for role in ROLES
    ]
    return Seen(looks, ends)


async def fill(url: str, names: list[str], figures: Figures) -> None:
    """Keep a round of all profiles, and then a second one over it."""
    async with await Database.open(Secret(url)) as database:
        for round_name in ("first round into the store, a profile, wall", "a later round, a profile, wall"):
            begun = time.monotonic()
            for place in range(0, len(names), A_WRITE):
                some = seen(names[place : place + A_WRITE], unix_ms())
                await database.run(lambda each, some=some: keep_states(each, some))
            figures[round_name] = f"{(time.monotonic() - begun) / len(names) * 1e3:.1f} ms"


async def measure(url: str, home: Path, count: int) -> Figures:
    """Measure a fleet of one size."""
    figures: Figures = {}
    names = [f"p{number:05d}" for number in range(count)]
    write_config(home, names, [9])
    path = home / ".config" / "gateway-console" / "config.toml"
    figures["config"] = f"{path.stat().st_size / 1e6:.2f} MB"
    await fill(url, names, figures)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        size = connection.execute(
            "SELECT pg_total_relation_size('gateway_console.route_state')"
            " + pg_total_relation_size('gateway_console.profile_state')"
        ).fetchone()
        figures["in the store, a profile"] = f"{(size or (0,))[0] / count:,.0f} bytes"
        with measured(figures, "read the config"):
            profiles = load_profiles(path, why_no_programs=None)
        with measured(figures, "check all routes offline"):
            known = known_profiles(profiles, {}, unix_ms())
        with measured(figures, "read the store"):
            states = read_states(connection, unix_ms())
        with measured(figures, "make the table"):
            fleet = fleet_of(known, states, unix_ms())
        with measured(figures, "sort and filter it"):
            wanted = parse_filter("verdict:unproven age<1d")
            rows = [row for row in ordered(fleet.rows, Order.VERDICT) if wanted.takes(row, unix_ms())]
            fleet_grid(rows, unix_ms())
    if len(fleet.rows) != count or len(rows) != count:
        raise RuntimeError(f"{len(fleet.rows)} rows and {len(rows)} filtered, not {count}")
    figures |= of_process(url, home, count)
    return figures


def of_process(url: str, home: Path, count: int) -> Figures:
    """Measure `gateway-console fleet` as an operator starts it. Raises `RuntimeError` if it lacks a profile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(  # noqa: S603  # this program
        [sys.executable, "-c", PEAK, "fleet", "--json"], capture_output=True, check=False, text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "STORE_URL": url},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shown = json.loads(ended.stdout)
    if len(shown["profiles"]) != count:
        raise RuntimeError(f"fleet shows {len(shown['profiles'])} profiles, not {count}: {ended.stderr[-300:]}")
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "gateway-console fleet --json": f"{took:.2f} s",
        "its memory": f"{int(ended.stderr.split()[-1]) // 1024} MB",
    }


PEAK = (
    "import resource, sys; from console.__main__ import main; code = main();"
    " sys.stderr.write(f' {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}'); sys.exit(code)"
)


async def main(sizes: list[int], write: Callable[[str], object]) -> None:
    """Measure each size, and write a table."""
    columns: list[Figures] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="gc-fleet-") as name, own_server() as (_, server):
            columns.append(await measure(await migrated(server), Path(name), size))
    write("| | " + " | ".join(f"{size:,} profiles" for size in sizes) + " |\n")
    for name in columns[0]:
        write(f"| {name} | " + " | ".join(each[name] for each in columns) + " |\n")


if __name__ == "__main__":
    asyncio.run(main([int(each) for each in sys.argv[1:]] or [100, 1_000, 10_000], sys.stdout.write))

"""What one more stream, line, run and profile costs as they grow 10 and 100 times. `python -m tests.bench.scale`.

In proportion, the cost of each stays the same. CPU time, but for appends, which wait for the disk.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from console.domain.ledger.line import NewLine
from console.domain.ledger.ulid import new_run_id
from console.domain.money import Budget, BudgetScope
from console.domain.probes.event import SmokeFinished
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.services.config.load import load_profile
from console.services.config.settings import GatewaySettings
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.ledger.sqlite import SqliteLedger
from console.services.probes.smoke import SmokePlan, smoke
from console.services.system.clock import unix_ms

from .appending import ACTOR, BODY, summary
from .harness.loopback import loopback

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
NEW = [NewLine("ReviewScored", "reviewer", 1, BODY)]


def streams(count: int, base_url: str) -> float:
    """Smoke so many streams of 50 deltas at once and return the CPU time of one, in ms."""
    route = Route(Role.PLANNER, "m", EndpointFamily.RESPONSES, EndpointFamily.RESPONSES.standard_path)
    (checked,) = check(RouteTable((route,)))

    async def run() -> float:
        settings = GatewaySettings(base_url=base_url, deadline_s=120.0, idle_timeout_s=120.0, concurrency=64)
        async with Gateway(base_url, Secret(TOKEN), settings) as gateway:
            plan = SmokePlan(gateway, Reservations(Budget(BudgetScope.SESSION)), max_output_tokens=64)
            start, ended = time.process_time(), 0
            async with aclosing(smoke([checked] * count, plan, places=asyncio.Semaphore(count))) as events:
                async for event in events:
                    ended += isinstance(event, SmokeFinished)
            assert ended == count, ended
            return (time.process_time() - start) * 1000 / count

    return asyncio.run(run())


def lines(count: int) -> float:
    """Append so many lines to one run and return the wall time of one, in ms."""

    async def run(directory: Path) -> float:
        async with await SqliteLedger.open(directory) as ledger:
            run_id = new_run_id(unix_ms, os.urandom)
            (line,) = await ledger.create(run_id, NEW, actor=ACTOR, summary=summary(run_id, 0))
            start = time.perf_counter()
            for number in range(count):
                about = summary(run_id, number)
                (line,) = await ledger.append(run_id, NEW, expected_head=line.sha256, actor=ACTOR, summary=about)
            return (time.perf_counter() - start) * 1000 / count

    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(run(Path(name)))


def runs(count: int) -> float:
    """List so many runs and return the CPU time of one, in microseconds."""

    async def run(directory: Path) -> float:
        async with await SqliteLedger.open(directory) as ledger:
            for number in range(count):
                run_id = new_run_id(unix_ms, os.urandom)
                await ledger.create(run_id, NEW, actor=ACTOR, summary=summary(run_id, number))
            start = time.process_time()
            assert len(await ledger.runs(count)) == count
            return (time.process_time() - start) * 1e6 / count

    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(run(Path(name)))


def routes(count: int) -> float:
    """Check tables of six routes, so many routes in all, and return the CPU time of one, in microseconds."""
    responses = EndpointFamily.RESPONSES
    table = RouteTable(tuple(Route(role, "gpt-route", responses, responses.standard_path) for role in Role))
    check(table)
    start = time.process_time()
    for _ in range(max(count // len(Role), 1)):
        check(table)
    return (time.process_time() - start) * 1e6 / count


def profiles(count: int) -> float:
    """Load one of so many profiles and return the CPU time of one, in ms: every command reads the file whole."""
    rows = ["schema = 1", 'default_profile = "p0"']
    for number in range(count):
        rows += [f"[profiles.p{number}.gateway]", 'base_url = "http://127.0.0.1:9"', 'token_ref = ["env:KEY"]']
        for role in Role:
            rows += [f"[profiles.p{number}.routes.{role}]", 'model = "m"', 'endpoint_family = "responses"']
            rows.append('endpoint_path = "/v1/responses"')
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "config.toml")
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        load_profile(path)
        start = time.process_time()
        load_profile(path)
        return (time.process_time() - start) * 1000 / count


def main() -> None:
    """Print what each one costs at three sizes."""
    with loopback(50) as url:
        base_url = url.removesuffix("/v1")
        cases: dict[str, tuple[Callable[[int], float], tuple[int, ...], str]] = {
            "stream": (lambda count: streams(count, base_url), (5, 50, 500), "ms CPU each"),
            "line": (lines, (200, 2_000, 20_000), "ms wall each"),
            "run": (runs, (100, 1_000, 10_000), "us CPU each"),
            "route": (routes, (6, 60, 600), "us CPU each"),
            "profile": (profiles, (1, 10, 60), "ms CPU each"),
        }
        for name in sys.argv[1:] or cases:
            case, sizes, unit = cases[name]
            case(sizes[0])  # the first one imports and reads tables
            figures = "; ".join(f"{size:,}: {case(size):.3g}" for size in sizes)
            print(f"{name:8} {figures} {unit}", flush=True)


if __name__ == "__main__":
    main()

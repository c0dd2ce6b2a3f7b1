"""Sweep a fleet with four workers and with one: `python scripts/fleet_sweep.py [PROFILES] [LATENCY_MS] [JOBS]`.

It starts a PostgreSQL server of its own, and gateways on loopback that answer after the latency. The workers are real
processes of `gateway-console worker --once`, with JOBS profiles at a time each. One job looks at one profile of six
routes, to rung 2. It prints how long one worker took and how long four did, from their start to their end, and checks
that the store then has each route once, looked at in that sweep. With few CPUs, choose latency and jobs so that
waiting takes most of the time: what is measured is that workers share the work.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.postgres.server import programs, running_server

from console.domain.tokens.secret import Secret
from console.services.ledger.postgres.database import Database
from console.services.worker.jobs import Work, jobs_app, queue_of

ROLES = ("planner", "writer", "revision", "reviewer", "critic", "fallback")
GATEWAYS = 20
LIST = json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(LIST), LIST)


@contextlib.asynccontextmanager
async def gateways(latency_s: float) -> AsyncIterator[list[int]]:
    """Serve lists of models on some ports, each after the latency."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(latency_s)
                writer.write(ANSWER)
                await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(converse, "127.0.0.1", 0, backlog=1000) for _ in range(GATEWAYS)]
    try:
        yield [server.sockets[0].getsockname()[1] for server in servers]
    finally:
        for server in servers:
            server.close()


def write_config(home: Path, names: list[str], ports: list[int]) -> None:
    """Write the config of all workers: each profile on one of the gateways, watched once a day."""
    lines = ["schema = 1", f'default_profile = "{names[0]}"', "[store]", 'url_ref = "env:STORE_URL"']
    for number, name in enumerate(names):
        lines += [f"[profiles.{name}.gateway]", f'base_url = "http://127.0.0.1:{ports[number % len(ports)]}"']
        lines += [f"[profiles.{name}.watch]", "every_s = 86400", "level = 2"]
        for role in ROLES:
            lines += [f"[profiles.{name}.routes.{role}]", 'model = "m"', 'endpoint_family = "chat_completions"']
            lines += ['endpoint_path = "/v1/chat/completions"']
    path = home / ".config" / "gateway-console" / "config.toml"
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def run(environment: dict[str, str], *arguments: str) -> None:
    """Run the console to its end. Raises `RuntimeError` with what it said, if it did not end well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console", *arguments, env=environment, cwd=environment["HOME"],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}: {said.decode()[-800:]}")


async def defer(url: str, names: list[str]) -> None:
    """Ask for one look at each profile."""

    async def nothing(*_: object) -> None:
        """Do no work: this process only asks."""

    async with (
        await Database.open(Secret(url)) as database,
        jobs_app(database, Work(nothing, nothing, nothing)).open_async() as app,
    ):
        for name in names:
            await app.configure_task("watch_profile", queue=queue_of(name)).defer_async(timestamp=0, profile=name)


async def sweep(url: str, environments: list[dict[str, str]], names: list[str], jobs: int) -> float:
    """Sweep with one worker for each environment; return how many seconds it took. Raises if a route is missing."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE gateway_console.route_state, gateway_console.profile_state")
    await defer(url, names)
    begun, began_ms = time.monotonic(), time.time_ns() // 1_000_000
    await asyncio.gather(*(run(each, "worker", "--once", "--concurrency", str(jobs)) for each in environments))
    took = time.monotonic() - begun
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT count(*), count(DISTINCT (profile, origin, key)), count(DISTINCT profile), min(at_ms)"
            " FROM gateway_console.route_state"
        ).fetchone()
    wanted = (len(names) * len(ROLES), len(names) * len(ROLES), len(names))
    if rows is None or rows[:3] != wanted or rows[3] < began_ms:
        raise RuntimeError(f"the store has {rows}, and not {wanted} of this sweep")
    return took


async def measure(count: int, latency_ms: float, jobs: int) -> None:
    """Sweep with one worker, then with four, and print both."""
    found = programs()
    if found is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install -y --no-install-recommends postgresql")
    names = [f"p{number:05d}" for number in range(count)]
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)  # noqa: PTH101, S103  # the server's user has to pass
        with running_server(Path(directory) / "server", found) as server:
            url = server.url(server.create_database())
            async with gateways(latency_ms / 1000) as ports:
                environments = []
                for number in range(4):
                    home = Path(directory) / f"worker-{number}"
                    write_config(home, names, ports)
                    environments.append({"PATH": os.environ["PATH"], "HOME": str(home), "STORE_URL": url})
                await run(environments[0], "store", "migrate", "--yes")
                one = await sweep(url, environments[:1], names, jobs)
                four = await sweep(url, environments, names, jobs)
    sys.stdout.write(
        f"{count} profiles x {len(ROLES)} routes, {latency_ms:g} ms an answer, {jobs} at a time a worker:"
        f" one worker {one:.1f} s, four workers {four:.1f} s, {one / four:.2f} times as fast;"
        f" each of {count * len(ROLES)} routes once in the store, both times\n"
    )


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(
        measure(
            int(given[0]) if given else 1_000,
            float(given[1]) if len(given) > 1 else 300.0,
            int(given[2]) if len(given) > 2 else 4,
        )
    )

"""A worker in a process of its own: `python worker_process.py DIRECTORY BASE_URL TOKEN NAME`; STORE_URL has the store.

It prints what it tells, one line each; the first is "ready". SIGTERM drains it, a second one ends it at once.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import tomli_w
from support.config import config_table
from support.git.repositories import Repository
from support.run.desks import Office

from console.domain.tokens.secret import Secret
from console.services.ledger.postgres.database import Database
from console.services.open_gateway import open_target
from console.services.run.run_context import RunContext
from console.services.worker.look import Eyes
from console.services.worker.means import Clone, MachineMeans
from console.services.worker.presence import Presence
from console.services.worker.worker import Told, Worker, WorkerPlan

PLAN = WorkerPlan(concurrency=2, heartbeat_s=0.5, reap_every_s=0.5, poll_s=0.5, stalled_s=5, is_auto=True)

IMPATIENT = replace(PLAN, reach_s=1.0)
"""For a worker whose store goes away."""


@dataclass
class TeamOffice(Office):
    """An office whose runs are in a team's store."""

    store_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "STORE_URL": self.store_url}

    def furnish(self, **config: str) -> Repository:
        made = super().furnish(**config)
        own = self.home / ".config/gateway-console/config.toml"
        own.parent.mkdir(parents=True)
        own.write_text(tomli_w.dumps(config_table({"base_url": "sim:"}) | {"store": {"url_ref": "env:STORE_URL"}}))
        own.chmod(0o600)
        return made


class Lines:
    """What a worker tells."""

    def __init__(self) -> None:
        self._all: list[str] = []
        self._more = asyncio.Event()

    def add(self, told: Told) -> None:
        self._all.append(told.words)
        self._more.set()

    async def until(self, words: str) -> str:
        """Wait until a line with some words is told, and return it."""
        while True:
            if found := [each for each in self._all if words in each]:
                return found[0]
            self._more.clear()
            await self._more.wait()


@contextlib.asynccontextmanager
async def impatient(url: str) -> AsyncIterator[Database]:
    """Connect to a store as a worker whose operations do not wait for a server that is gone."""
    async with await Database.open(Secret(url), label="worker", wait=lambda _: None) as database:
        yield database


def say(told: Told) -> None:
    sys.stdout.write(told.words + "\n")
    sys.stdout.flush()


async def never(_: str) -> None:
    raise AssertionError("no profile is watched here")


def worker_of(
    office: Office,
    context: RunContext,
    name: str,
    *,
    tell: Callable[[Told], None] = say,
    plan: WorkerPlan = PLAN,
    clones: tuple[Clone, ...] = (),
    database: Database | None = None,
) -> Worker:
    """Return a worker of an office, whose runs wait in a store; its own jobs by another connection if one is given."""
    database = database or context.store.database
    assert database is not None
    profile = office.profile()
    means = MachineMeans({profile.name: profile}, clones, office.environment)
    eyes = Eyes(context, means.find, lambda each: open_target(each, office.embedded, environment=office.environment))
    presence = Presence(database, name, context.operator.host)
    return Worker(database, eyes, presence, plan, tell, never)


async def serve(office: Office, name: str) -> None:
    async with office.desk() as context:
        worker = worker_of(office, context, name)
        loop = asyncio.get_running_loop()

        def ends() -> None:
            (worker.hurry if worker.stop.is_set() else worker.stop).set()

        loop.add_signal_handler(signal.SIGTERM, ends)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await worker.run()


def main(directory: str, base_url: str, token: str, name: str) -> None:
    office = TeamOffice(Path(directory), base_url, token, store_url=os.environ.pop("STORE_URL"))
    asyncio.run(serve(office, name))


if __name__ == "__main__":
    main(*sys.argv[1:])

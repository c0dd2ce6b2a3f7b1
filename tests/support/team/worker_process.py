"""A worker in a process of its own: `python worker_process.py DIRECTORY BASE_URL TOKEN NAME`, the store's URL on stdin.

It prints what it tells, one line each; the first is "ready". SIGTERM drains it, a second one ends it at once.
"""

import asyncio
import signal
import sys
from pathlib import Path

from support.run.desks import Office

from console.domain.tokens.secret import Secret
from console.services.ledger.postgres.database import Database
from console.services.open_gateway import open_target
from console.services.worker.look import Eyes
from console.services.worker.means import MachineMeans
from console.services.worker.presence import Presence
from console.services.worker.worker import Told, Worker, WorkerPlan

PLAN = WorkerPlan(concurrency=2, heartbeat_s=0.3, reap_every_s=0.3, poll_s=0.3, stalled_s=2)


def say(told: Told) -> None:
    print(told.words, flush=True)


async def never(_: str) -> None:
    raise AssertionError("no profile is watched here")


def worker_of(office: Office, context, database: Database, name: str, tell=say, plan: WorkerPlan = PLAN) -> Worker:  # type: ignore[no-untyped-def]
    """Return a worker of an office, whose runs wait in a store."""
    profile = office.profile()
    means = MachineMeans({profile.name: profile}, (), office.environment)
    eyes = Eyes(context, means.find, lambda each: open_target(each, office.embedded, environment=office.environment))
    return Worker(database, eyes, Presence(database, name, context.operator.host), plan, tell, never)


async def serve(office: Office, name: str, url: Secret) -> None:
    async with office.desk() as context, await Database.open(url, label="worker") as database:
        worker = worker_of(office, context, database, name)
        loop = asyncio.get_running_loop()

        def ends() -> None:
            (worker.hurry if worker.stop.is_set() else worker.stop).set()

        loop.add_signal_handler(signal.SIGTERM, ends)
        print("ready", flush=True)
        await worker.run()


def main(directory: str, base_url: str, token: str, name: str) -> None:
    asyncio.run(serve(Office(Path(directory), base_url, token), name, Secret(sys.stdin.readline().strip())))


if __name__ == "__main__":
    main(*sys.argv[1:])

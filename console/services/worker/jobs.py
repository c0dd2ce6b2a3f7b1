"""Procrastinate as doorbell and clock: its app with our three jobs, none of which is ever repeated."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.problem import ProblemKind
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.address import NOT_INSTALLED
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.jobs_schema import JOBS_SCHEMA

if TYPE_CHECKING:
    from procrastinate import App

RUNS = "runs"
"""The queue of looks at runs."""
_EVERY_MINUTE = "* * * * *"
_POOL = 4
REACH_S = 10.0
"""How long a connection is waited for before the store counts as cut off."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker does when it is called."""

    look_at_run: Callable[[str, frozenset[str]], Awaitable[None]]
    """Takes a run, and who passed over it already."""
    look_at_all: Callable[[], Awaitable[None]]
    watch_profile: Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Watched:
    """A profile to watch."""

    profile: str
    every_s: float


def jobs_app(database: Database, work: Work, watched: Iterable[Watched] = (), *, reach_s: float = REACH_S) -> "App":
    """Return Procrastinate's app on a store; it is not open yet.

    Args:
        database: The store.
        work: What is done.
        watched: The profiles to watch, each on its own clock, which all workers share.
        reach_s: How long a connection is waited for before the store counts as cut off.

    Raises:
        LedgerError: Procrastinate is not installed.

    """
    try:
        from procrastinate import App, PsycopgConnector
    except ImportError:
        raise LedgerError(NOT_INSTALLED, ProblemKind.CONFIG) from None
    for name in ("procrastinate", "psycopg.pool"):  # what they say is said here, in our words
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
    app = App(
        connector=PsycopgConnector(
            kwargs=database.pool_parameters(JOBS_SCHEMA),
            min_size=1,
            max_size=_POOL,
            timeout=reach_s,
            reconnect_timeout=reach_s,
        )
    )

    @app.task(name="look_at_run", queue=RUNS, retry=False)
    async def look_at_run(run_id: str, passed: list[str] | None = None) -> None:
        await work.look_at_run(run_id, frozenset(passed or ()))

    @app.periodic(cron=_EVERY_MINUTE, periodic_id="all")
    @app.task(name="look_at_all", queue=RUNS, queueing_lock="all", lock="all", retry=False)
    async def look_at_all(timestamp: int) -> None:
        await work.look_at_all()

    @app.task(name="watch_profile", retry=False)
    async def watch_profile(timestamp: int, profile: str) -> None:
        await work.watch_profile(profile)

    for each in watched:
        lock = f"profile {each.profile}"
        app.periodic(
            cron=cron_of(each.every_s, each.profile),
            periodic_id=each.profile,
            queue=queue_of(each.profile),
            lock=lock,
            queueing_lock=lock,
            task_kwargs={"profile": each.profile},
        )(watch_profile)
    return app


def queue_of(profile: str) -> str:
    """Return the queue of a profile's watch: only workers that have the profile listen to it."""
    return f"watch {profile}"


def handed_to(worker: str) -> str:
    """Return the queue of what other workers hand to one."""
    return f"worker {worker}"


def cron_of(every_s: float, name: str) -> str:
    """Return when the rounds of a profile are due, as cron says it; profiles of other names begin at other times.

    Args:
        every_s: From one round to the next. Cron has no time that divides neither an hour nor a day: the next shorter
            one that does is taken.
        name: The profile's name.

    """
    spread = sum(name.encode())
    for unit_s, units, form in ((1, 60, "* * * * * {}"), (60, 60, "{} * * * *"), (3_600, 24, "{minute} {} * * *")):
        step = max(1, int(every_s // unit_s))
        if step < units:
            step = max(each for each in range(1, step + 1) if units % each == 0)
            return form.format(f"{spread % step}-{units - 1}/{step}", minute=spread % 60)
    return f"{spread % 60} {spread % 24} * * *"

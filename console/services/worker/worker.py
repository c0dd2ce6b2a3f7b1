"""A worker: takes jobs until it is told to end, and tries again while the store is cut off."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.domain.problem import Problem, ProblemKind
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError, Wanted
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.failures import UnknownOutcomeError
from console.services.ledger.postgres.jobs_schema import require_installed
from console.services.ledger.postgres.migrations import require_known
from console.services.worker.bell import STALLED_S, Bell
from console.services.worker.jobs import REACH_S, RUNS, Watched, Work, handed_to, jobs_app, queue_of
from console.services.worker.look import Eyes, Look, Looked, look_at
from console.services.worker.presence import Presence
from console.services.worker.tally import Tally

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.worker import Worker as Taker
    from psycopg import Connection

DRAIN_S = 60.0
"""How long a worker that is told to end finishes the gates at hand."""
_REAP_EVERY_S = 10.0
_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""The waits before the store is tried again; the last one from then on."""
_CANCEL_AGAIN_S = 1.0
_JOBS = "jobs"
"""The name of the task that takes jobs."""
_MOST_RUNS = 10_000
_ACTIVE = Wanted(status="active")


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How a worker works."""

    concurrency: int = 4
    """How many jobs it does at a time."""
    drain_s: float = DRAIN_S
    watched: tuple[Watched, ...] = ()
    is_once: bool = False
    """Whether it ends when no job waits."""
    is_auto: bool = False
    """Whether it takes the computed verdict at gates that need no person. Else each gate waits for an operator."""
    heartbeat_s: float = 10.0
    reap_every_s: float = _REAP_EVERY_S
    stalled_s: int = STALLED_S
    """How old another worker's heartbeat may be before its jobs are failed."""
    poll_s: float = 5.0
    """How often it looks for jobs whose bell was lost."""
    reach_s: float = REACH_S
    """How long it waits for a connection before the store counts as cut off."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker tells its operator, in one line."""

    words: str
    is_problem: bool = False


@dataclass
class Worker:
    """One worker of one store."""

    database: Database
    eyes: Eyes
    presence: Presence
    plan: WorkerPlan
    tell: Callable[[Told], None]
    watch: Callable[[str], Awaitable[None]]
    """Makes a round of a profile's watch."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: take nothing new, finish the gates at hand."""
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: end at once; a call under way is told as lost by the next look."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    tally: Tally = field(default_factory=Tally)
    _jobs: set["asyncio.Task[object]"] = field(default_factory=set)

    @property
    def _bell(self) -> Bell:
        return Bell(self.database, stalled_s=self.plan.stalled_s)

    async def run(self) -> None:
        """Work until told to end, or with `is_once` until no job waits.

        Raises:
            LedgerError: The store cannot be used for another reason than that it cannot be reached: nothing was taken.

        """
        work = Work(self._look_at_run, self._look_at_all, self._watch_profile)
        fails = 0
        while not self.stop.is_set():
            try:
                await self.database.run(self._require_versions)
                app_of_jobs = jobs_app(self.database, work, self.plan.watched, reach_s=self.plan.reach_s)
                async with app_of_jobs.open_async() as app:
                    back = ", which is back" if fails else ""
                    self.tell(Told(f"worker {self.presence.name} takes jobs of {self.database.where}{back}"))
                    fails = 0
                    self.tally.is_store_up = True
                    await self._work(app)
                if self.plan.is_once:
                    return
                if not self.stop.is_set():
                    raise LedgerError(f"{self.database.where} was cut off", ProblemKind.UNREACHABLE)
            except Problem as problem:  # what may not have been stored is said again
                if problem.kind is not ProblemKind.UNREACHABLE and not isinstance(problem, UnknownOutcomeError):
                    raise
                fails = await self._again(fails, str(problem))
            except _driver_errors() as error:
                fails = await self._again(fails, f"{self.database.where} was cut off ({type(error).__name__})")

    async def _again(self, fails: int, why: str) -> int:
        """Wait before the store is tried again, unless told to end; return how often it failed."""
        self.tally.is_store_up = False
        if fails == 0:
            self.tell(Told(f"{why}; trying again until it is back, nothing is lost", is_problem=True))
        wait = asyncio.ensure_future(self.sleep(_AGAIN_S[min(fails, len(_AGAIN_S) - 1)]))
        ended = asyncio.ensure_future(self.stop.wait())
        await asyncio.wait({wait, ended}, return_when=asyncio.FIRST_COMPLETED)
        wait.cancel()
        ended.cancel()
        await asyncio.gather(wait, ended, return_exceptions=True)
        return fails + 1

    async def _work(self, app: "App") -> None:
        """Take jobs until told to end, or until the store is cut off."""
        from procrastinate.worker import Worker as Taker

        queues = [RUNS, handed_to(self.presence.name), *(queue_of(each.profile) for each in self.plan.watched)]
        taker = Taker(
            app,
            queues=queues,
            name=self.presence.name,
            concurrency=self.plan.concurrency,
            wait=not self.plan.is_once,
            fetch_job_polling_interval=self.plan.poll_s,
            shutdown_graceful_timeout=self.plan.drain_s,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=self.plan.heartbeat_s,
            stalled_worker_timeout=float(self.plan.stalled_s),
        )
        beside = [
            asyncio.create_task(each, name=name)
            for name, each in (
                ("presence", self._present(taker)),
                ("reaper", self._reap()),
                ("stop", self._stop(taker)),
                ("heartbeat", self._beat(app, taker)),
                ("hurry", self._hurry()),
            )
        ]
        working = asyncio.create_task(_taking(taker), name=_JOBS)
        try:
            await asyncio.wait({working, *beside[:2]}, return_when=asyncio.FIRST_COMPLETED)
            _end(taker)
            await working
            for each in beside[:2]:
                if each.done():
                    each.result()
        finally:
            await _ended({*beside, working})
            with contextlib.suppress(LedgerError):  # a worker that cannot say goodbye has no heartbeat soon
                await self.presence.forget()

    async def _present(self, taker: "Taker") -> None:
        while (job_worker := taker.worker_id) is None:  # noqa: ASYNC110  # nothing tells when it has registered
            await asyncio.sleep(0.01)
        self.presence.began(job_worker)
        await self.presence.keep_going()

    async def _reap(self) -> None:
        while True:
            try:
                await self.database.run(self._require_versions)
            except LedgerError as error:
                if error.kind is ProblemKind.CONFIG:
                    self.stop.set()  # no gate beyond the one at hand
                raise
            for run_id in await self._bell.reap():
                self.tally.reaped += 1
                self.tell(Told(f"run {run_id}: its worker died; it is looked at again, and no call is repeated"))
            await self.sleep(self.plan.reap_every_s)

    def _require_versions(self, connection: "Connection") -> None:
        """Refuse to go on once a newer version has taken the store over: what is at hand is finished first."""
        require_known(connection, where=self.database.where)
        require_installed(connection)

    async def _beat(self, app: "App", taker: "Taker") -> None:
        """Go on with heartbeats while the gates at hand are finished: Procrastinate gives none then."""
        while True:
            await self.sleep(self.plan.heartbeat_s)
            if taker.worker_id is not None and (self.stop.is_set() or self.plan.is_once):
                with contextlib.suppress(*_driver_errors()):  # the next one may pass
                    await app.job_manager.update_heartbeat(taker.worker_id)

    async def _stop(self, taker: "Taker") -> None:
        await self.stop.wait()
        self.presence.drains()
        _end(taker)

    async def _hurry(self) -> None:
        await self.hurry.wait()
        for job in tuple(self._jobs):
            job.cancel()

    # --- The jobs --------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _job(self, what: str, words: str) -> AsyncIterator[None]:
        if (task := asyncio.current_task()) is not None:
            self._jobs.add(task)
            task.add_done_callback(_seen)
        self.presence.does(what, words)
        try:
            with self._told(what):
                yield
        finally:
            self._jobs = {each for each in self._jobs if each is not task}
            self.presence.did(what)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Tell why a job fails, if it does: Procrastinate only logs it."""
        try:
            yield
            self.presence.succeeds(what)
        finally:
            error = sys.exc_info()[1]
            if isinstance(error, Exception):  # the words of other programs may quote the store's URL
                words = str(error) if isinstance(error, Problem) else f"{type(error).__name__}, a bug; please report it"
                self.presence.fails(what, words)
                self.tell(Told(f"{what}: {words}. It is looked at again within a minute", is_problem=True))

    async def _look_at_run(self, run_id: str, passed: frozenset[str]) -> None:
        async with self._job(run_id, "looking"):
            eyes = Eyes(
                self.eyes.context,
                self.eyes.means,
                self.eyes.open_target,
                goes_on=lambda: not self.stop.is_set(),
                is_auto=self.plan.is_auto,
                sees=lambda state: self.presence.does(run_id, _doing(state)),
            )
            look = await look_at(eyes, run_id)
        self.tally.count(look.ended)
        if look.ended is Looked.PASSED_OVER:
            await self._pass_over(look, passed)
        else:
            self.presence.takes(run_id)
            if look.ended is Looked.STEPPED:
                self.tell(Told(f"run {run_id}: stepped"))

    async def _pass_over(self, look: Look, passed: frozenset[str]) -> None:
        if self.presence.passes(look.run_id, look.why):
            self.tell(Told(f"run {look.run_id} is left to others: {look.why}"))
        await self._bell.hand_on(look.run_id, passed | {self.presence.name})

    async def _look_at_all(self) -> None:
        if (task := asyncio.current_task()) is not None:
            task.add_done_callback(_seen)
        with self._told("all runs"):
            due = [each.run_id for each in await self.eyes.context.ledger.runs(_MOST_RUNS, _ACTIVE)]
            await self._bell.ring(due)

    async def _watch_profile(self, profile: str) -> None:
        if profile not in {each.profile for each in self.plan.watched}:  # a round costs money: jobs alone begin none
            self.tell(Told(f"a job asks for a round of {safe(profile, limit=40)}, which is not watched here"))
            return
        async with self._job(f"profile {profile}", "watching"):
            await self.watch(profile)
        self.tally.rounds += 1


async def _taking(taker: "Taker") -> None:
    await taker.run()  # type: ignore[no-untyped-call]


async def _ended(tasks: "set[asyncio.Task[None]]") -> None:
    """Cancel tasks, again and again until they have ended: a driver may lose a cancellation that comes with an answer.

    What takes jobs is cancelled once: it waits for those at hand itself.
    """
    left = {each for each in tasks if not each.done()}
    for each in left:
        each.cancel()
    while left:
        _, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)
        for each in left:
            if each.get_name() != _JOBS:
                each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _seen(job: "asyncio.Task[object]") -> None:
    """Take a job's failure, which the reaper tells: a job whose end cannot be stored is failed by it."""
    if not job.cancelled():
        job.exception()


def _end(taker: "Taker") -> None:
    taker.stop()  # type: ignore[no-untyped-call]


def _doing(state: RunState) -> str:
    return f"gate {state.gate.words}, {state.phase}"


def _driver_errors() -> tuple[type[Exception], ...]:
    """Return what Procrastinate and psycopg raise when the store is cut off; their words may quote the URL."""
    import psycopg
    import psycopg_pool
    from procrastinate.exceptions import ConnectorException

    return (ConnectorException, psycopg.OperationalError, psycopg_pool.PoolTimeout)

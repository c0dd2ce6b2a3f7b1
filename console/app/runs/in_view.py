"""The runs of this machine and the run in view: read from the ledger, followed while other consoles append to it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from console.app.session import Session
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from console.domain.ledger.actor import Actor
    from console.domain.run.state import RunState
    from console.services.config.settings import Profile
    from console.services.open_gateway import Target
    from console.services.run.run_context import RunContext
    from console.services.run.run_log import RunLog
    from console.services.team.inbox import Inbox

    OpensRuns = Callable[..., contextlib.AbstractAsyncContextManager[RunContext]]

_READING = ("console.app.runs.reading", "console.services.run.opening")
"""The modules that are loaded after the first paint, to read runs."""
_LOOK_S = 0.25
_LIST_LIMIT = 500
_AGAIN_S = (0.5, 1.0, 2.0, 4.0)
"""How long to wait before a store that is cut off is tried again; the last one counts on."""


def _wall_clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M")


class RunsInView:
    """What one session sees of the runs. It holds no lease."""

    def __init__(
        self,
        session: Session,
        environment: Mapping[str, str] = os.environ,
        *,
        open_runs: "OpensRuns | None" = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], str] = _wall_clock,
    ) -> None:
        """Start without having read anything.

        Args:
            session: The session.
            environment: The environment variables, which lead to the store.
            open_runs: Opens the store and the rest that runs need; `open_context` by default.
            sleep: Waits for that many seconds before a store that is cut off is tried again.
            clock: Returns the time of day as the operator reads it.

        """
        self._open_runs = open_runs
        self._session = session
        self._environment = environment
        self._sleep = sleep
        self._clock = clock
        self._is_reached = False
        """Whether the store was read since it was last tried."""
        self.context: RunContext | None = None
        """The session's context; None while the ledger is not open."""
        self.log: RunLog | None = None
        """The run in view."""
        self.here: RunContext | None = None
        """The context with the profile of the run in view."""
        self._problem = ""
        self._inbox: tuple[RunContext, Inbox] | None = None
        self._moved = asyncio.Event()
        """Set when another run came into view."""
        self.stepped: RunLog | None = None
        """The run being stepped at this console, as the step reads and appends it."""

    async def keep_open(self) -> None:
        """Read the runs of the store, and follow them until cancelled."""
        with self._session.noted():
            await self._session.load(_READING)
            from console.view.run.event import RunsFailed

            try:
                await self._trying_again(self._keep_open_once)
            except Problem as error:
                self._session.dispatch(RunsFailed(str(error)))
            finally:
                self.context = None

    async def _trying_again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something, and again as long as the store cannot be reached: the network may be cut off for a while."""
        from console.view.run.event import RunsFailed

        since, waits = "", iter(_AGAIN_S)
        while True:
            self._is_reached = False
            try:
                await work()
            except Problem as error:
                if error.kind is not ProblemKind.UNREACHABLE:
                    raise
            else:
                return
            if self._is_reached or not since:
                since, waits = self._clock(), iter(_AGAIN_S)
            self._session.dispatch(RunsFailed(f"the store cannot be reached since {since}; trying again"))
            await self._sleep(next(waits, _AGAIN_S[-1]))

    async def _keep_open_once(self) -> None:
        """Follow the runs until the store is cut off, or is not needed. Raises any kind of `Problem`."""
        from console.services.run.opening import open_context
        from console.services.store.door import may_have_runs
        from console.view.run.event import RunsListed

        if self._session.state.is_read_only and not await asyncio.to_thread(may_have_runs, self._environment):
            self._session.dispatch(RunsListed(()))
            return
        from console.services.team.operators import identities
        from console.services.team.telling import telling

        open_runs = self._open_runs or open_context
        async with (
            telling(self._environment, self._session.tell, is_auto=self._is_auto) as appended,
            open_runs(
                self._session.profile,
                self._share_gateway,
                environment=self._environment,
                reservations=self._session.reservations,
                ended=self._session.run_ended,
                appended=appended,
                identify=identities,
            ) as context,
        ):
            self.context = context  # it stays open while the store is cut off: a step may be waiting to write
            others = asyncio.create_task(self._see_others(context), name="who else looks")
            try:
                await self._trying_again(partial(self._follow, context))
            finally:
                others.cancel()
                await asyncio.wait({others})

    def _is_auto(self, run_id: str) -> bool:
        view = self._session.state.run
        return view is not None and view.auto == run_id

    async def _see_others(self, context: "RunContext") -> None:
        """Say which run is in view here, and show who else looks at it; only a team's database knows that."""
        if context.store.database is None:
            return
        from console.domain.ledger.actor import actor_id
        from console.services.team.presence import watch_others
        from console.view.run.event import OthersSeen

        def where_i_am() -> "tuple[str, Actor] | None":
            here = context if self.here is None else self.here
            return None if self.log is None else (self.log.state.run_id, here.operator)

        async with aclosing(watch_others(context.store.database, where_i_am, self._moved)) as told:
            async for run_id, watchers in told:
                names = dict.fromkeys(actor_id(each.name) for each in watchers)
                self._session.dispatch(OthersSeen(run_id, tuple(names)))

    async def _follow(self, context: "RunContext") -> None:
        await self.list_runs(context)
        self._is_reached = True
        view = self._session.state.run
        if view is not None and view.runs:
            known = {row.run_id for row in view.runs}
            here = None if self.log is None else self.log.state.run_id  # of a profile that was in use before
            self.log = None
            await self.look_at(here if here in known and here is not None else view.runs[0].run_id)
        first = asyncio.create_task(self._read_inbox(context, ()), name="inbox")  # nothing appended meanwhile is missed
        try:
            async for changed in context.ledger.changes(interval_s=_LOOK_S):
                await self._take(context, changed)
                await first
                await self._read_inbox(context, changed)
        finally:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)

    async def _take(self, context: "RunContext", changed: frozenset[str]) -> None:
        """Show what was appended to runs."""
        await self.list_runs(context)
        view = self._session.state.run
        if self.log is None and view is not None and view.runs:
            await self.look_at(view.runs[0].run_id)
        elif self.log is not None and self.log.state.run_id in changed and self.stepped is None:
            run = self.log.state
            if not await self._is_known(context, run):  # our own appends are shown already
                await self.look_at(run.run_id)

    async def _is_known(self, context: "RunContext", run: "RunState") -> bool:
        """Return whether a run is as it was read; not if it cannot be read, which looking at it then says."""
        try:
            return await context.ledger.head(run.run_id) == run.head
        except Problem as error:
            if error.kind is ProblemKind.UNREACHABLE:
                raise
            return False  # its lines may be gone, and the other runs are still followed

    async def list_runs(self, context: "RunContext") -> None:
        """Read the list of runs."""
        from console.view.run.event import RunRow, RunsListed

        rows = [
            RunRow(
                each.run_id,
                each.repository,
                each.gate,
                each.status,
                each.attempt,
                each.started_at_ms,
                each.updated_at_ms,
                each.is_simulated,
            )
            for each in await context.ledger.runs(_LIST_LIMIT)
        ]
        store = context.store
        self._session.dispatch(RunsListed(tuple(rows), "" if store.database is None else store.where))

    async def _read_inbox(self, context: "RunContext", changed: Iterable[str]) -> None:
        """Find out what waits for the operator; a run that was not appended to is not read again."""
        from console.services.run.opening import Operators
        from console.services.team.inbox import Inbox
        from console.view.run.event import InboxEntry, InboxRead

        if self._inbox is None or self._inbox[0] is not context:
            operators = Operators(
                context.artifacts,
                context.profile,
                self._environment,
                context.named,
                is_shared=context.store.database is not None,
            )
            self._inbox = context, Inbox(context.ledger, operators)
        inbox = self._inbox[1]
        inbox.forget(changed)
        entries = [
            InboxEntry(row.run.run_id, row.waiting.since_ms, row.waiting.why, row.waiting.left is not None)
            for row in await inbox.read(known=self.log)
        ]
        self._session.dispatch(InboxRead(tuple(entries)))

    async def look_at(self, run_id: str) -> None:
        """Put a run in view, in its current state."""
        context = self.context
        if context is None:
            return
        from console.app.runs.reading import context_of_run, read_run
        from console.view.run.event import RunUnread

        try:
            log = self.log
            if self.stepped is not None and self.stepped.state.run_id == run_id:
                log = self.stepped
            elif log is not None and log.state.run_id == run_id:
                await log.refresh()
            else:
                log = await read_run(context, run_id)
            self.here, self._problem = await context_of_run(context, log.state, self._open_gateway_of)
            if self.log is None or self.log.state.run_id != run_id:
                self._moved.set()
            self.log = log
            await self.tell()
        except Problem as error:
            self.log = self.here = None
            self._session.dispatch(RunUnread(str(error)))

    async def tell(self) -> None:
        """Show the run in view in the state known here."""
        from console.app.runs.reading import seen

        if self.log is not None and self.here is not None:
            view = self._session.state.run
            is_same = view is not None and view.state is not None and view.state.run_id == self.log.state.run_id
            known = view.notes if view is not None and is_same else ()
            self._session.dispatch(await seen(self.here, self.log, self._problem, known))

    @contextlib.contextmanager
    def telling_checkpoint(self, context: "RunContext", log: "RunLog") -> Iterator[None]:
        """After the block's decision or step, show why the run's checkpoint is not signed, if it is not."""
        from console.view.run.event import CheckpointTold

        context.checkpoints.problem = ""
        try:
            yield
        finally:
            self._session.dispatch(CheckpointTold(log.state.run_id, context.checkpoints.problem))

    # --- The gateway -------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _share_gateway(self) -> AsyncIterator["Target"]:
        """Yield the session's gateway, which is open already, so that none is started twice."""
        from console.services.open_gateway import TargetError

        if self._session.target is None:
            raise TargetError(self._session.state.gateway_failure or "the gateway is still being opened; step again")
        yield self._session.target

    def _open_gateway_of(self, profile: "Profile") -> Callable[[], contextlib.AbstractAsyncContextManager["Target"]]:
        """Return what opens the gateway of a run that was begun with another profile."""
        if profile.is_embedded and self._session.profile.is_embedded:
            return self._share_gateway
        from console.services.open_gateway import open_target

        return lambda: open_target(profile, self._session.start_embedded, environment=self._environment)

"""The bridge for runs: the one place that connects run services and the screen. It steps, decides, and repaints.

A lease is held only during a step. The bridge notices what other consoles append, so that the run in view is fresh.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from console.app.runs.form import RunForm
from console.app.session import Session
from console.domain.problem import Problem

if TYPE_CHECKING:
    from console.domain.routes.route import Route
    from console.domain.run.command import OperatorCommand
    from console.domain.run.event import ArtifactRole
    from console.domain.run.state import RunState
    from console.services.config.settings import Profile
    from console.services.open_gateway import Target
    from console.services.run.role_call import RoleCall
    from console.services.run.run_context import RunContext
    from console.services.run.run_log import RunLog
    from console.services.run.step import StepEvent

    OpensRuns = Callable[..., contextlib.AbstractAsyncContextManager[RunContext]]

_READING = ("console.app.runs.reading", "console.services.run.opening")
"""The modules that are loaded after the first paint: to read runs and, below, to step them."""
_STEPPING = ("console.services.run.session", "console.services.run.beginning")
_LOOK_S = 0.25
_LIST_LIMIT = 500


class RunBridge:
    """The runs of this machine, in one session. Its coroutines run as the app's named workers."""

    def __init__(
        self,
        session: Session,
        environment: Mapping[str, str] = os.environ,
        *,
        open_runs: "OpensRuns | None" = None,
    ) -> None:
        """Start without having read anything.

        Args:
            session: The session whose state and gateway the runs share.
            environment: The environment variables, which say where state is kept.
            open_runs: Opens the ledger and the rest that runs need; `open_context` by default.

        """
        self._open_runs = open_runs
        self._session = session
        self._environment = environment
        self._context: RunContext | None = None
        self._log: RunLog | None = None
        self._here: RunContext | None = None
        """The context with the profile of the run in view."""
        self._problem = ""
        self._prepared: tuple[str, RoleCall] | None = None
        """The head that a shown call depends on, and the call."""
        self._calling: Route | None = None
        """The route of the next call."""
        self._step_task: asyncio.Task[object] | None = None
        self._stepped: RunLog | None = None
        """The run being stepped, as the step reads and appends it."""

    # --- Reading -----------------------------------------------------------------------------------------------------

    async def keep_open(self) -> None:
        """Read the runs of this machine, and follow them until cancelled."""
        from console.services.system.directories import state_directory

        with self._session.noted():
            await self._session.load(_READING)
            from console.services.ledger.sqlite import FILE_NAME
            from console.services.run.opening import open_context
            from console.view.run_view import RunsFailed, RunsListed

            try:
                place = state_directory(self._environment) / FILE_NAME
                if self._session.state.is_read_only and not await asyncio.to_thread(place.exists):
                    self._session.dispatch(RunsListed(()))
                    return
                profile = self._session.profile
                open_runs = self._open_runs or open_context
                async with open_runs(
                    profile,
                    self._share_gateway,
                    environment=self._environment,
                    reservations=self._session.reservations,
                ) as context:
                    self._context = context
                    await self._follow(context)
            except Problem as error:
                self._session.dispatch(RunsFailed(str(error)))
            finally:
                self._context = None

    async def _follow(self, context: "RunContext") -> None:
        await self._list(context)
        view = self._session.state.run
        if view is not None and view.runs:
            await self.look_at(view.runs[0].run_id)
        async for changed in context.ledger.changes(interval_s=_LOOK_S):
            await self._list(context)
            view = self._session.state.run
            if self._log is None and view is not None and view.runs:
                await self.look_at(view.runs[0].run_id)
            elif self._log is not None and self._log.state.run_id in changed and self._step_task is None:
                run = self._log.state
                if await context.ledger.head(run.run_id) != run.head:  # our own appends are shown already
                    await self.look_at(run.run_id)

    async def _list(self, context: "RunContext") -> None:
        from console.view.run_view import RunRow, RunsListed

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
        self._session.dispatch(RunsListed(tuple(rows)))

    async def look_at(self, run_id: str) -> None:
        """Put a run in view, in its current state."""
        context = self._context
        if context is None:
            return
        from console.app.runs.reading import context_of_run, read_run
        from console.view.run_view import RunUnread

        try:
            log = self._log
            if self._stepped is not None and self._stepped.state.run_id == run_id:
                log = self._stepped
            elif log is not None and log.state.run_id == run_id:
                await log.refresh()
            else:
                log = await read_run(context, run_id)
            self._here, self._problem = await context_of_run(context, log.state, self._open_gateway_of)
            self._log = log
            await self._tell()
        except Problem as error:
            self._log = self._here = None
            self._session.dispatch(RunUnread(str(error)))

    async def _tell(self) -> None:
        """Show the run in view in the state known here."""
        from console.app.runs.reading import seen

        if self._log is not None and self._here is not None:
            view = self._session.state.run
            is_same = view is not None and view.state is not None and view.state.run_id == self._log.state.run_id
            known = view.notes if view is not None and is_same else ()
            self._session.dispatch(await seen(self._here, self._log, self._problem, known))

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

    # --- Stepping ----------------------------------------------------------------------------------------------------

    def claim(self) -> None:
        """Note at once that a step begins, so that no key can begin it twice before its work starts."""
        from console.view.run_view import StepBegun

        if self._log is not None:
            self._session.dispatch(StepBegun(self._log.state.run_id))

    async def prepare(self) -> bool:
        """Build the next call and show it; nothing is sent. Return whether there is anything to show."""
        from console.app.runs.reading import call_shown

        self._prepared = None
        async with self._stepping() as work:
            if work is not None:
                log, context = work
                from console.services.run.session import stepping

                async with stepping(context, log) as stepper:
                    await log.refresh()
                    call = await stepper.prepare()
                self._prepared = (log.state.head, call)
                self._session.dispatch(call_shown(call, log.state.attempt))
        return self._prepared is not None

    async def step(self, *, as_shown: bool = False) -> None:
        """Do the work of the current gate of the run in view.

        Args:
            as_shown: Send only the call that was shown.

        """
        async with self._stepping() as work:
            if work is None:
                return
            log, context = work
            from console.services.run.session import stepping
            from console.services.run.step import StepHeldError

            async with stepping(context, log) as stepper:
                await log.refresh()
                head, call = self._prepared or ("", None)
                self._prepared = None
                if as_shown and head != log.state.head:
                    raise StepHeldError("the run changed since you looked: check again what will be sent")
                async with aclosing(stepper.step(call if as_shown else None)) as events:
                    async for each in events:
                        await self._take(each)

    @contextlib.asynccontextmanager
    async def _stepping(self) -> AsyncIterator["tuple[RunLog, RunContext] | None"]:
        """Yield the run in view for a step; end with its message, and with the run's state after the step."""
        await self._session.load(_STEPPING)
        from console.view.run_view import StepEnded

        log, context, said = self._log, self._here, ""
        with self._session.noted():
            self._step_task, self._stepped = asyncio.current_task(), log
            try:
                yield None if log is None or context is None else (log, context)
            except Problem as error:
                said = str(error)
            finally:
                self._step_task = self._stepped = None
                self._session.dispatch(StepEnded(said))
            if log is not None:
                await self.look_at(log.state.run_id)

    async def _take(self, event: "StepEvent") -> None:
        """Show an event of a step."""
        from console.app.runs.reading import call_shown
        from console.domain.probes.event import BudgetSpent, LoopLagMeasured, RungStarted, SmokeStarted
        from console.domain.run.call_event import CallIntended
        from console.domain.run.event import Entry
        from console.services.run.step import CallPrepared, GateNoted, PreflightNoted
        from console.view.run_view import CheckOutput, RunCalled

        match event:
            case CallPrepared(call):
                attempt = 1 if self._stepped is None else self._stepped.state.attempt
                self._calling = call.route
                self._session.dispatch(call_shown(call, attempt))
            case Entry(at_ms=at_ms, event=CallIntended()) if self._calling is not None:
                self._session.dispatch(RunCalled(SmokeStarted(self._calling, at_ms / 1000)))
                await self._tell()
            case Entry():
                await self._tell()
            case GateNoted(opened, _, tails) if tails:
                self._session.dispatch(CheckOutput(opened, tails))
            case GateNoted():
                pass  # its words are read with the opening
            case BudgetSpent() | LoopLagMeasured():
                self._session.dispatch(event)
            case RungStarted() | PreflightNoted():
                pass  # the record says what the preflight proved, and what it took
            case _:
                self._session.dispatch(RunCalled(event))

    async def settle(self) -> None:
        """After a step was cancelled: record in the ledger that its call was cut off, if there was one."""
        if self._step_task is not None:
            await asyncio.wait({self._step_task})
        from console.domain.run.state import Phase
        from console.view.run_view import StepEnded

        view = self._session.state.run
        if view is not None and view.is_stepping:  # it was cancelled before it began
            self._session.dispatch(StepEnded())
        if self._log is None:
            return
        await self.look_at(self._log.state.run_id)
        if self._log.state.phase is Phase.CALLING:
            self.claim()
            await self.step()

    # --- The operator's commands -------------------------------------------------------------------------------------

    async def begin(self, form: RunForm) -> str:
        """Begin a run and put it in view. Return why it cannot begin; nothing if it did."""
        context = self._context
        if context is None:
            view = self._session.state.run
            return (view.failure if view is not None else "") or "the runs of this machine are still being read"
        await self._session.load(_STEPPING)
        from console.app.runs.new_run import in_scenario, made_sample, task_of
        from console.domain.artifacts.artifact import ArtifactKind
        from console.domain.ledger.ulid import new_run_id
        from console.services.run.beginning import Order, begin_run
        from console.services.run.opening import origin_of
        from console.services.system.directories import absolute

        try:
            context, routes = in_scenario(context, form.scenario)
            order = Order(
                await asyncio.to_thread(task_of, form),
                ArtifactKind(form.kind),
                await made_sample(absolute(Path(form.repository or ".")), self._environment),
                tuple(form.context.split()),
                are_checks_confirmed=form.are_checks_confirmed,
                routes=routes,
            )
            origin = origin_of(context.profile, self._environment)
            log, _ = await begin_run(context, order, new_run_id(context.now_ms, os.urandom), origin)
        except Problem as error:
            return str(error)
        await self._list(context)
        await self.look_at(log.state.run_id)
        return ""

    async def command(self, what: "OperatorCommand") -> str:
        """Carry out an operator's command on the run in view. Return why not; nothing if it was carried out."""
        log, context = self._log, self._here
        if log is None or context is None:
            return "no run is in view"
        await self._session.load(_STEPPING)
        from console.services.run.deciding import command

        said = ""
        try:
            await log.refresh()
            await command(context, log, what)
        except Problem as error:
            said = str(error)
        await self.look_at(log.state.run_id)
        return said

    async def read_artifact(self, role: "ArtifactRole") -> str:
        """Return the text of the newest artifact of a role. Raises `LedgerError`."""
        from console.app.runs.reading import read_text

        if self._log is None or self._here is None:
            return ""
        return await read_text(self._here, self._log.state, role)

    @property
    def seen_state(self) -> "RunState | None":
        """Return the run in view as the operator sees it now."""
        return None if self._session.state.run is None else self._session.state.run.state


Command = Callable[[str], Awaitable[str]]
"""Carries something out for a typed reason; returns why not, or nothing."""

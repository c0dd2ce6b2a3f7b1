"""The bridge for runs: the one place that connects run services and the screen.

`in_view.py` reads and follows, `stepping.py` steps; here are the operator's commands.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from console.app.runs.form import RunForm
from console.app.runs.in_view import RunsInView
from console.app.runs.stepping import STEPPING, Stepping
from console.app.session import Session
from console.domain.problem import Problem

if TYPE_CHECKING:
    from console.app.runs.in_view import OpensRuns
    from console.domain.run.command import OperatorCommand
    from console.domain.run.state import RunState


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
        self._session = session
        self._environment = environment
        self.runs = RunsInView(session, environment, open_runs=open_runs)
        self.steps = Stepping(session, self.runs)

    async def begin(self, form: RunForm) -> str:
        """Begin a run and put it in view. Return why it cannot begin; nothing if it did."""
        context = self.runs.context
        if context is None:
            view = self._session.state.run
            return (view.failure if view is not None else "") or "the runs of this machine are still being read"
        await self._session.load(STEPPING)
        from console.app.runs.new_run import draft_of, in_scenario, made_sample, task_of
        from console.domain.artifacts.artifact import ArtifactKind
        from console.domain.ledger.ulid import new_run_id
        from console.domain.routes.route_key import RouteKey
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
                routes=(*routes, *([RouteKey(form.writer_route)] if form.writer_route else [])),
                writer=form.writer,
                draft=await asyncio.to_thread(draft_of, form),
                made_by=form.made_by,
            )
            origin = origin_of(context.profile, self._environment)
            log, _ = await begin_run(context, order, new_run_id(context.now_ms, os.urandom), origin)
        except Problem as error:
            return str(error)
        await self.runs.list_runs(context)
        await self.runs.look_at(log.state.run_id)
        return ""

    async def command(self, what: "OperatorCommand") -> str:
        """Carry out an operator's command on the run in view. Return why not; nothing if it was carried out."""
        log, context = self.runs.log, self.runs.here
        if log is None or context is None:
            return "no run is in view"
        await self._session.load(STEPPING)
        from console.services.run.deciding import command

        said = ""
        try:
            await log.refresh()
            with self.runs.telling_checkpoint(context, log):
                await command(context, log, what)
        except Problem as error:
            said = str(error)
        await self.runs.look_at(log.state.run_id)
        return said

    async def hand_over(self, to: str, note: str) -> str:
        """Leave the run in view to another operator. Return why not; nothing if it was left."""
        from console.services.team.operators import handover_to

        if self.runs.here is None:
            return "no run is in view"
        try:
            what = await handover_to(self.runs.here.store, to, note)
        except Problem as error:
            return str(error)
        return await self.command(what)

    async def bring_draft(self, path: str) -> str:
        """Bring the next draft to the run in view, by its author so far. Return why not; nothing if it was brought."""
        log, context = self.runs.log, self.runs.here
        outside = None if log is None else log.state.outside
        if outside is None or context is None:
            return "the draft of the run in view did not come from outside"
        if not path.strip():
            return "name the file of the draft"
        await self._session.load(STEPPING)
        from console.app.runs.new_run import read_draft
        from console.domain.run.command import BringDraft
        from console.services.run.beginning import keep_outside

        try:
            draft = await keep_outside(context, await asyncio.to_thread(read_draft, path), outside.made_by)
        except Problem as error:
            return str(error)
        return await self.command(BringDraft(draft))

    async def save_candidate(self, path: str) -> str:
        """Write the sealed candidate of the run in view to a new file. Return why not; nothing if it was written."""
        log, context = self.runs.log, self.runs.here
        sealed = None if log is None else log.state.sealed
        if log is None or context is None or sealed is None:
            return "no candidate is sealed in the run in view"
        from console.services.candidate.file import save_candidate
        from console.services.record.checkpoints import save_beside
        from console.services.system.directories import absolute
        from console.view.run.event import CandidateSaved

        if not path.strip():
            return "name the file to write"
        try:
            data = await context.artifacts.read(sealed.artifact_sha256)
            if data is None:
                return "the candidate is not stored on this machine: it was deleted, or the run began on another one"
            whole = absolute(Path(path.strip()))
            await asyncio.to_thread(save_candidate, whole, data)
            await asyncio.to_thread(save_beside, whole, context.ledger, log.state.run_id)
        except Problem as error:
            return str(error)
        self._session.dispatch(CandidateSaved(log.state.run_id, str(whole)))
        return ""

    @property
    def seen_state(self) -> "RunState | None":
        """Return the run in view as the operator sees it now."""
        return None if self._session.state.run is None else self._session.state.run.state

"""The stepper: does the work of a run's current gate, until the run waits or is over. One step, one gate.

Every event is in the ledger before it is reported, and a call is in the ledger before it is made. A process that dies
during a call leaves one whose outcome is unknown, and no stepper repeats it on its own.
"""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from typing import Never

import msgspec

from console.domain.answers.role_answer import Critique, Draft, Plan, Review
from console.domain.errors.category import Category
from console.domain.money import BudgetScope, Spent
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.event import BudgetSpent, RungStarted, SmokeFinished
from console.domain.problem import ProblemKind
from console.domain.routes.route import Route
from console.domain.run.agent_event import AgentBegun, AgentLost
from console.domain.run.call_event import CallIntended, CallLost
from console.domain.run.command import ReportEvent
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    Entry,
    PreflightFinished,
    ProofPaid,
    RunEvent,
    RunStopped,
    StopCause,
)
from console.domain.run.gate import GATES_WITH_A_CALL, Gate
from console.domain.run.rules.budgets import run_budgets
from console.domain.run.rules.repeats import needs_new_attempt
from console.domain.run.state import Phase, RunState
from console.services.checks.kept_output import AGENT
from console.services.gateway.client import Gateway
from console.services.ledger.heartbeat import HeldLease
from console.services.open_gateway import Target
from console.services.probes.catalogue_reader import read_catalogue
from console.services.probes.smoke import taken_by
from console.services.run.briefing.briefing import AgentTask, Briefing
from console.services.run.briefing.texts import RunTexts
from console.services.run.briefs import secret_stop
from console.services.run.call_end import failure_of, recorded_of, unread_of, unread_words, why_failed, with_exchange
from console.services.run.gate_work import GateWork
from console.services.run.judging import GateOpening, asks_again, open_failed, open_lost
from console.services.run.preflight.preflight import PreflightEnded, run_preflight
from console.services.run.preflight.stop import PreflightStop
from console.services.run.preflight_notes import encode_notes
from console.services.run.role_call import RoleCall, RoleCallEnded, make_call, read_answer
from console.services.run.routing import route_of
from console.services.run.run_context import RunContext, RunInputs
from console.services.run.run_log import RunLog
from console.services.run.step import CallPrepared, GateNoted, PreflightNoted, StepEvent, StepHeldError
from console.services.run.writing.agent_gate import AgentGate


class Stepper:
    """Steps one run that this process holds."""

    def __init__(
        self, context: RunContext, log: RunLog, inputs: RunInputs, held: HeldLease, target: Target | None = None
    ) -> None:
        """Prepare to step a run.

        Args:
            context: What stepping needs of this process.
            log: The run, read.
            inputs: Where the run works on this machine.
            held: The lease.
            target: The gateway, if it is already open; otherwise the context opens it when the first call is due.

        """
        self._context = context
        self._log = log
        self._inputs = inputs
        self._texts = RunTexts(context.artifacts, inputs.rubric_sha256)
        self._briefing = Briefing(context, inputs, self._texts)
        self._gates = GateWork(context, inputs, self._texts)
        self._agent = AgentGate(context, inputs, lambda: self.state, self._report)
        self._held = held
        self._target = target
        self._stack = AsyncExitStack()
        self._why_failed = ""
        """Our evidence of why the latest call failed."""

    async def __aenter__(self) -> "Stepper":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def state(self) -> RunState:
        """The run as far as this process has read it."""
        return self._log.state

    def cut_off(self) -> None:
        """End the coding agent that is at work, if one is. Its changes are lost; the gate waits for a decision."""
        self._agent.cut_off()

    async def prepare(self) -> RoleCall | AgentTask:
        """Build the call or the agent's task that is due, which `step` would send, without sending it.

        Raises:
            StepHeldError: No call is due, or the gateway's prices cannot be read.
            BriefError: The brief cannot be built.

        """
        if self.state.gate not in GATES_WITH_A_CALL or self.state.phase is not Phase.DUE:
            raise StepHeldError(f"no call is due: the gate {self.state.gate.words} is {self.state.phase}")
        if self.state.gate is Gate.WRITER and self.state.outside is not None:
            raise StepHeldError("no call is due: the draft comes from outside")
        target = await self._open()
        if self.state.is_agents_turn:
            return await self._briefing.prepare_agent(self.state, self._route())
        if self._briefing.catalogue is None and target.gateway is not None:
            self._briefing.catalogue = await self._read_prices(target.gateway)
        return await self._briefing.prepare(self.state, self._route())

    async def step(self, prepared: RoleCall | AgentTask | None = None) -> AsyncGenerator[StepEvent, None]:
        """Do the gate's work and yield what happens; return when the run waits or is over.

        Args:
            prepared: The call that was shown, if one was.

        Raises:
            StepHeldError: A step is not possible now; nothing was changed.
            ConflictError: Another process appended first; read again.
            LedgerError: The events cannot be recorded.

        """
        await self._log.refresh()
        if self.state.phase in (Phase.CALLING, Phase.WRITING):
            async for entry in self._lose_work():
                yield entry
        if needs_new_attempt(self.state):
            async for noted in self._open_gate(open_lost(self.state)):
                yield noted
        if self.state.is_over or self.state.is_waiting:
            return
        if self.state.phase is Phase.DUE:
            async with aclosing(self._work(prepared)) as events:
                async for each in events:
                    yield each
        if self.state.phase is Phase.WORKED or self._opens_by_itself():
            async with aclosing(self._judge()) as events:
                async for each in events:
                    yield each

    def _opens_by_itself(self) -> bool:
        return self.state.gate is Gate.CANDIDATE and self.state.phase is Phase.DUE

    async def _lose_work(self) -> AsyncGenerator[Entry, None]:
        """Record interrupted work: this process holds the run and did not begin it, so whoever did is gone."""
        lost: list[RunEvent] = [CallLost(call.call_id, call.role) for call in self.state.open_calls]
        if isinstance(self.state.intended, AgentBegun):
            lost.append(AgentLost(self.state.intended.turn_id, self.state.intended.role))
        for entry in await self._report(*lost):
            yield entry

    async def _work(self, prepared: RoleCall | AgentTask | None) -> AsyncGenerator[StepEvent, None]:
        if self.state.role is not None:  # a model's work, which rests on what the run has pinned
            origin = (await self._open()).opened.origin
            if (changed := await self._gates.what_changed(self.state, origin)) is not None:
                for entry in await self._report(changed):
                    yield entry
                return
        match self.state.gate:
            case Gate.INSTRUCTION:
                for entry in await self._report(await self._gates.pin_instruction()):
                    yield entry
            case Gate.PREFLIGHT:
                async with aclosing(self._preflight()) as proving:
                    async for each in proving:
                        yield each
            case Gate.SOURCE_CHECK:
                target = await self._open()
                own = target.opened.origin if target.opened.is_embedded else None
                for entry in await self._report(await self._gates.check_sources(self.state, own)):
                    yield entry
            case Gate.CANDIDATE:
                return
            case Gate.WRITER if self.state.outside is not None:
                for entry in await self._report(*self._gates.bring_draft(self.state)):
                    yield entry
            case Gate.WRITER if self.state.is_agents_turn:
                async with aclosing(self._write(prepared)) as events:
                    async for event in events:
                        yield event
            case _:
                async with aclosing(self._call(prepared)) as events:
                    async for event in events:
                        yield event

    async def _preflight(self) -> AsyncGenerator[Entry | PreflightNoted | RungStarted, None]:
        target = await self._open()
        criteria = (await self._texts.rubric(self.state)).ids
        async with aclosing(run_preflight(self._context, self.state, self._inputs, target, criteria)) as events:
            async for event in events:
                if isinstance(event, RungStarted):
                    yield event
                    continue
                if isinstance(event.outcome, PreflightStop) and event.outcome.is_held:
                    await self._hold(event.outcome)
                ended = await self._noted(event)
                for entry in await self._report(ended):
                    yield entry
                yield PreflightNoted(ended, event.notes)

    async def _hold(self, stop: PreflightStop) -> Never:
        """Book what a preflight paid that may pass later. Raises `StepHeldError`: the run stays where it is."""
        if stop.spent is not None:
            await self._report(ProofPaid(stop.spent))
        is_over = stop.category is Category.BUDGET_EXCEEDED
        raise StepHeldError(stop.words, ProblemKind.BLOCKED if is_over else ProblemKind.UNREACHABLE)

    async def _noted(self, ended: PreflightEnded) -> PreflightFinished | RunStopped:
        """Store a preflight's notes, and return its end as the ledger records it."""
        sha256 = await self._context.artifacts.put(encode_notes(ended.notes))
        if isinstance(ended.outcome, PreflightStop):
            return ended.outcome.recorded(ended.notes.reach, sha256)
        return replace(ended.outcome, notes_sha256=sha256)

    # --- A role's call ---------------------------------------------------------------------------------------------

    async def _call(self, prepared: RoleCall | AgentTask | None) -> AsyncGenerator[StepEvent, None]:
        target = await self._open()
        call = prepared or await self.prepare()
        if not isinstance(call, RoleCall) or (call.gate, call.route.role) != (self.state.gate, self._route().role):
            raise StepHeldError("the run has moved on since this call was shown; look at it again")
        yield CallPrepared(call)
        if (leaking := secret_stop(call.brief)) is not None:
            for entry in await self._report(leaking):
                yield entry
            return
        if target.gateway is None:
            return
        over = self._context.reservations.reserve(call.cost, *run_budgets(self.state))
        if over is None:
            async with aclosing(self._make(call, target.gateway)) as events:
                async for each in events:
                    yield each
            return
        if over.scope is BudgetScope.SESSION:  # another session may make the call
            raise StepHeldError(over.message, ProblemKind.BLOCKED)
        stopped = RunStopped(StopCause.BUDGET, Category.BUDGET_EXCEEDED, over.message, role=call.route.role)
        for entry in await self._report(stopped):
            yield entry

    async def _write(self, prepared: RoleCall | AgentTask | None) -> AsyncGenerator[StepEvent, None]:
        """Let the run's coding agent write the draft."""
        gateway = (await self._open()).require_gateway()
        task = prepared or await self.prepare()
        if not isinstance(task, AgentTask):
            raise StepHeldError("the run has moved on since this call was shown; look at it again")
        yield CallPrepared(task)
        if (leaking := secret_stop(task.brief)) is not None:
            for entry in await self._report(leaking):
                yield entry
            return
        catalogue = self._briefing.catalogue = self._briefing.catalogue or await self._read_prices(gateway)
        draft = "" if self.state.attempt == 1 else await self._briefing.draft_to_revise(self.state)
        async with aclosing(self._agent.work(task, self._route(), draft, gateway, catalogue)) as events:
            async for event in events:
                yield event
        self._why_failed = self._agent.why_failed
        yield BudgetSpent(self._context.reservations.budget)

    async def _make(self, call: RoleCall, gateway: Gateway) -> AsyncGenerator[StepEvent, None]:
        """Make a call whose cost is reserved, and book what it cost."""
        taken = Spent()
        try:
            for entry in await self._report(self._intended(call)):
                yield entry
            taken = call.cost.taken()  # if stopped from here on, it may have been sent and billed in full
            async with aclosing(make_call(call, gateway)) as events:
                async for event in events:
                    if not isinstance(event, RoleCallEnded):
                        yield event
                        continue
                    taken = taken_by(event.result, call.cost, call.price)
                    for entry in await self._end_call(call, event):
                        yield entry
                    yield SmokeFinished(event.result)
        finally:
            self._context.reservations.settle(call.cost, taken)
        yield BudgetSpent(self._context.reservations.budget)

    async def _end_call(self, call: RoleCall, ended: RoleCallEnded) -> Sequence[Entry]:
        """Record how a call ended, and store its answer if it is valid."""
        result = ended.result
        made = call.made
        failed = failure_of(made, result)
        if failed is not None:
            self._why_failed = why_failed(result)
            return await self._report(await with_exchange(failed, result, self._context.artifacts))
        answer = read_answer(call.gate, ended.text, (await self._texts.rubric(self.state)).ids)
        if not isinstance(answer, Plan | Draft | Review | Critique):
            self._why_failed = unread_words(result, answer.evidence)
            return await self._report(await with_exchange(unread_of(made, result), result, self._context.artifacts))
        recorded = recorded_of(made, result)
        stored = [await self._keep(ArtifactRole.ANSWER, ended.text)]
        if isinstance(answer, Plan):
            stored.append(await self._keep(ArtifactRole.PLAN, ended.text))
        if isinstance(answer, Draft):
            stored.append(await self._keep(ArtifactRole.DRAFT, answer.artifact))
        return await self._report(recorded, *stored)

    async def _keep(self, role: ArtifactRole, text: str) -> ArtifactStored:
        data = text.encode()
        return ArtifactStored(role, self.state.attempt, await self._context.artifacts.put(data), len(data))

    # --- Judging ---------------------------------------------------------------------------------------------------

    async def _judge(self) -> AsyncGenerator[StepEvent, None]:
        failure = self.state.failure
        opening: GateOpening = (
            open_failed(self.state, failure, self._why_failed)
            if failure is not None
            else await self._gates.judge(self.state)
        )
        opening = await self._keep_notes(opening)
        if failure is None and (role := await self._briefing.asked_before(self.state, opening.opened)) is not None:
            opening = asks_again(opening, role)
        async for each in self._open_gate(opening):
            yield each

    async def _open_gate(self, opening: GateOpening) -> AsyncGenerator[Entry | GateNoted, None]:
        """Let a gate wait, with its notes stored."""
        kept = await self._keep_notes(opening)
        for entry in await self._report(kept.opened):
            yield entry
        tails = kept.output_tails
        if self.state.failure is not None and self._agent.tail:
            tails = (*tails, (AGENT, self._agent.tail))
        yield GateNoted(kept.opened, kept.findings, tails)

    async def _keep_notes(self, opening: GateOpening) -> GateOpening:
        notes = msgspec.json.encode([{"id": each.id, "message": each.message} for each in opening.findings])
        return replace(opening, opened=replace(opening.opened, notes_sha256=await self._context.artifacts.put(notes)))

    # --- The gateway and the ledger ----------------------------------------------------------------------------------

    def _route(self) -> Route:
        """Return the profile's route that does the gate's work."""
        role = self.state.role
        if role is None or self.state.route(role) is None:
            raise StepHeldError(f"the profile has no route for {role}; add one, then begin another run")
        origin = "" if self._target is None else self._target.opened.origin
        route = route_of(self._context.profile, self.state, role, origin)
        if route is None:
            raise StepHeldError(f"the config's route for {role} has changed since the run began; begin another run")
        return route

    def _intended(self, call: RoleCall) -> CallIntended:
        pinned = self.state.route(call.route.role)
        return CallIntended(
            call.call_id,
            call.route.role,
            self.state.gate,
            self.state.attempt,
            "" if pinned is None else pinned.fingerprint,
            hashlib.sha256(call.request.body).hexdigest(),
            len(call.request.body),
            0,
            call.cost.tokens,
            call.cost.microusd,
            call.brief.content_sha256,
        )

    async def _open(self) -> Target:
        if self._target is None:
            self._target = await self._stack.enter_async_context(self._context.open_target())
        self._target.require_gateway()
        return self._target

    async def _read_prices(self, gateway: Gateway) -> Catalogue:
        """Return the gateway's prices: as the preflight saw them, or read now."""
        memory = self._context.catalogues
        known = memory.session or memory.last()
        if known is None:
            routes = list(self._context.profile.table)
            known = (await read_catalogue(gateway, routes)).catalogue
            memory.keep(known)
        return known

    async def _report(self, *events: RunEvent) -> tuple[Entry, ...]:
        if self._held.lost.is_set():
            raise StepHeldError("another console has taken over this run; look again")
        commands = tuple(ReportEvent(event) for event in events)
        return await self._log.command(self._context.machine, *commands, fence=self._held.lease.fence)

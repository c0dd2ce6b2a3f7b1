"""Briefing: builds the call that is due from the run's pinned and stored parts, and knows what was asked before."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.run.event import ArtifactRole, GateOpened
from console.domain.run.fold import next_state
from console.domain.run.gate import GATES_WITH_A_CALL, Gate
from console.domain.run.state import Phase, RunState, changed
from console.domain.text.secret_scan import find_secrets
from console.services.run.briefing.texts import RunTexts
from console.services.run.briefing.why_again import why_again
from console.services.run.briefs import Brief, BriefError, BriefParts, build_brief
from console.services.run.context import read_context, read_instructions
from console.services.run.role_call import RoleCall, boundary_of, nonce_of, prepare_call
from console.services.run.run_context import RunContext, RunInputs


@dataclass(frozen=True, slots=True)
class AgentTask:
    """What a coding agent is asked to do, for the operator to see before it starts."""

    turn_id: str
    gate: Gate
    route: Route
    """The one route that it may use."""
    agent: str
    """Its id."""
    brief: Brief

    @property
    def cost(self) -> None:
        """Not known: each of its calls is set aside on its own, within the budgets of the run and the attempt."""

    @property
    def body(self) -> bytes:
        """What it gets on stdin, byte for byte."""
        return f"{self.brief.instructions}\n\n{self.brief.prompt}".encode()


class Briefing:
    """Builds the calls of one run, in this process."""

    def __init__(self, context: RunContext, inputs: RunInputs, texts: RunTexts) -> None:
        """Prepare to build calls.

        Args:
            context: What stepping needs of this process.
            inputs: Where the run works on this machine.
            texts: The run's stored texts.

        """
        self._context = context
        self._inputs = inputs
        self._texts = texts
        self._root = Path(inputs.repository)
        self.catalogue: Catalogue | None = None
        """Where to look up prices, once the gateway's lists have been read."""

    async def prepare(self, state: RunState, route: Route) -> RoleCall:
        """Build the gate's call. Raises `BriefError` and `LedgerError`."""
        call_id = self._context.new_call_id()
        return prepare_call(
            call_id,
            state.gate,
            route,
            await self._brief(state, route.role, call_id),
            criteria=(await self._texts.rubric(state)).ids,
            max_output_tokens=self._context.profile.policy.run_max_output_tokens,
            price=self.price_of(route),
        )

    async def prepare_agent(self, state: RunState, route: Route) -> AgentTask:
        """Build the task that the run's coding agent is given. Raises `BriefError` and `LedgerError`."""
        turn_id = self._context.new_call_id()
        agent = "" if state.writer is None else state.writer.agent
        return AgentTask(turn_id, state.gate, route, agent, await self._brief(state, route.role, turn_id))

    async def draft_to_revise(self, state: RunState) -> str:
        """Return the draft that was sent back; empty if there is none, or if it seems to hold a secret."""
        draft = await self._texts.newest(state, ArtifactRole.DRAFT) if state.artifact(ArtifactRole.DRAFT) else ""
        return "" if find_secrets(draft) else draft

    def price_of(self, route: Route) -> Price | None:
        """Return the gateway's price for a route's model."""
        entry = None if self.catalogue is None else self.catalogue.get(route.model)
        return None if entry is None else entry.price

    async def asked_before(self, state: RunState, opened: GateOpened) -> Role | None:
        """Return the role that would get a brief once more if a gate's computed verdict were accepted; None if none.

        Args:
            state: The run, at the gate that is about to open.
            opened: The opening, with its notes stored.

        Raises:
            LedgerError: A text was deleted or altered.

        """
        then = next_state(state, opened)
        if then.gate is Gate.SOURCE_CHECK and then.phase is Phase.DUE:  # it sends nothing: the reviewer is next
            then = changed(then, {"gate": Gate.REVIEWER})
        role = then.role
        is_due = then.phase is Phase.DUE and then.gate in GATES_WITH_A_CALL
        asked = {call.role for call in state.calls if call.content_sha256} | {turn.role for turn in state.turns}
        if role is None or not is_due or role not in asked:
            return None
        try:
            brief = await self._brief(then, role, self._context.new_call_id())
        except BriefError:
            return None  # it cannot be sent at all, which the step that is due then says
        return role if then.repeats(brief.content_sha256) else None

    async def _brief(self, state: RunState, role: Role, call_id: str) -> Brief:
        is_judge = state.gate in (Gate.REVIEWER, Gate.CRITIC)
        is_for_agent = state.is_agents_turn
        is_revision = not is_judge and state.attempt > 1
        draft = await self._texts.newest(state, ArtifactRole.DRAFT) if state.artifact(ArtifactRole.DRAFT) else ""
        plan = await self._texts.newest(state, ArtifactRole.PLAN) if state.artifact(ArtifactRole.PLAN) else ""
        # never send a model what seems to be a key: the findings say what was wrong
        if is_revision and find_secrets(draft):
            draft = ""
        if state.gate is Gate.PLANNER and find_secrets(plan):
            plan = ""
        patterns = () if is_judge or is_for_agent else self._inputs.context  # an agent sees all files
        commit = "" if state.created is None else state.created.repository.commit
        parts = BriefParts(
            task=await self._texts.newest(state, ArtifactRole.TASK),
            kind="" if state.created is None else state.created.kind,
            instructions=await asyncio.to_thread(read_instructions, self._root, self._context.home, state.instruction),
            context=await read_context(self._root, commit, patterns, self._context.environment),
            rubric=await self._texts.rubric(state),
        )
        return build_brief(
            state.gate,
            role,
            parts,
            attempt=state.attempt,
            boundary=boundary_of(call_id),
            nonce=nonce_of(call_id) if is_judge else "",
            plan=plan,
            draft=draft if is_judge or (is_revision and not is_for_agent) else "",
            findings=await why_again(state, self._texts) if is_revision else (),
            is_for_agent=is_for_agent,
        )

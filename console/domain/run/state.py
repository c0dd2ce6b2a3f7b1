"""The state of a run: one candidate's way through the gates, folded from the events."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from console.domain.ledger.actor import Actor
from console.domain.money import Estimate, Spent
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentLost, AgentWriter, OutsideDraft
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    CandidateSealed,
    DraftBrought,
    GateDecided,
    GateOpened,
    HandedOver,
    InstructionPinned,
    OperatorSigned,
    PreflightFinished,
    RouteMoved,
    RunBlocked,
    RunCreated,
    RunStopped,
    SourcesChecked,
)
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict, role_at
from console.domain.run.pinned import PinnedRoute


class RunStatus(StrEnum):
    """The status of a run. All but the first are final."""

    ACTIVE = "active"
    CLOSED = "closed"
    BLOCKED = "blocked"
    STOPPED = "stopped"


class Phase(StrEnum):
    """The phase of a run at its gate."""

    NEW = "new"
    """Nothing has happened yet."""
    DUE = "due"
    """The gate's work has to be done."""
    CALLING = "calling"
    """A call was intended, and the ledger has no end of it."""
    WRITING = "writing"
    """A coding agent is at work, and the ledger has no end of its turn."""
    LOST = "lost"
    """The gate's work was cut off when its process ended: it may have been billed, and only the operator may repeat
    it."""
    WORKED = "worked"
    """The work is done; our code judges it next."""
    WAITING = "waiting"
    """The gate waits for a decision."""
    ENDING = "ending"
    """The last decision is made; its result follows immediately."""
    OVER = "over"


CallEnd = CallRecorded | CallFailed | CallLost


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its author and time."""

    decided: GateDecided
    actor: Actor
    at_ms: int
    signed: OperatorSigned | None = None
    """The signature of the decision."""


@dataclass(frozen=True, slots=True)
class Handover:
    """A hand-over with its author and time."""

    handed: HandedOver
    actor: Actor
    at_ms: int


@dataclass(frozen=True)
class RunState:
    """Everything known about a run, folded from the ledger. It has no slots, so that `changed` copies it at once."""

    run_id: str
    seq: int = 0
    head: str = ""
    """The hash of the newest line; an operator has to have seen it before deciding."""
    started_at_ms: int = 0
    updated_at_ms: int = 0
    creator: Actor | None = None
    begun: OperatorSigned | None = None
    """The creator's signature."""
    signed: OperatorSigned | None = None
    """The signature for the decision that follows; any other event voids it."""
    created: RunCreated | None = None
    status: RunStatus = RunStatus.ACTIVE
    gate: Gate = Gate.INSTRUCTION
    attempt: int = 1
    """The writer pass, from 1; at the planner, the number of the plan."""
    phase: Phase = Phase.NEW
    routes: tuple[PinnedRoute, ...] = ()
    instruction: InstructionPinned | None = None
    preflight: PreflightFinished | None = None
    intended: CallIntended | AgentBegun | None = None
    """The gate's newest work: a call, or a coding agent's turn."""
    failure: CallFailed | AgentEnded | None = None
    """How it ended, if it produced nothing to judge."""
    is_lost: bool = False
    """Whether it was cut off, and none was begun since."""
    is_asked: bool = False
    """Whether a person gave a reason since the newest call: for a decision, or for repeating the call."""
    calls: tuple[CallIntended, ...] = ()
    ends: tuple[CallEnd, ...] = ()
    turns: tuple[AgentBegun, ...] = ()
    turn_ends: tuple[AgentEnded | AgentLost, ...] = ()
    brought: tuple[DraftBrought, ...] = ()
    """The drafts from outside that entered, each with its attempt."""
    allowed_repeats: tuple[CallRepeatAllowed, ...] = ()
    """The permissions to make one more call, each with its reason."""
    artifacts: tuple[ArtifactStored, ...] = ()
    sources: SourcesChecked | None = None
    opened: GateOpened | None = None
    """The waiting gate, with its computed verdict."""
    openings: tuple[GateOpened, ...] = ()
    decisions: tuple[Decision, ...] = ()
    verdict: GateVerdict | None = None
    """The newest decision's verdict."""
    handovers: tuple[Handover, ...] = ()
    moves: tuple[RouteMoved, ...] = ()
    spent: Spent = Spent()
    spent_in_attempt: Spent = Spent()
    blocked: RunBlocked | None = None
    stopped: RunStopped | None = None
    stopped_by: Actor | None = None
    sealed: CandidateSealed | None = None

    @property
    def is_over(self) -> bool:
        """Whether the run is over."""
        return self.status is not RunStatus.ACTIVE

    @property
    def is_waiting(self) -> bool:
        """Whether only a person can continue the run."""
        return not self.is_over and self.phase in (Phase.WAITING, Phase.LOST)

    @property
    def has_generated(self) -> bool:
        """Whether any call of the run was intended."""
        return bool(self.calls)

    @property
    def writer(self) -> AgentWriter | None:
        """The coding agent that writes the drafts; None if the writer's route is asked for them."""
        return None if self.created is None else self.created.writer

    @property
    def outside(self) -> OutsideDraft | None:
        """The draft from outside that the run is about; None if the run makes its drafts."""
        return None if self.created is None else self.created.outside

    @property
    def role(self) -> Role | None:
        """The role whose route does the gate's work in this attempt; None if no model does."""
        return self.role_at(self.gate)

    @property
    def awaits_draft(self) -> bool:
        """Whether a draft from outside was sent back, and its next version has to be brought."""
        is_due = self.gate is Gate.WRITER and self.phase is Phase.DUE
        return is_due and self.outside is not None and self.attempt > 1

    @property
    def is_call_due(self) -> bool:
        """Whether a role's paid call, or a coding agent's turn, is due next."""
        return self.phase is Phase.DUE and self.gate in GATES_WITH_A_CALL and self.role is not None

    @property
    def is_agents_turn(self) -> bool:
        """Whether the gate's work is a coding agent's turn."""
        return self.gate is Gate.WRITER and self.writer is not None

    def role_at(self, gate: Gate) -> Role | None:
        """Return the role whose route does a gate's work in this attempt; an agent revises on the writer's route."""
        if gate is Gate.WRITER and self.outside is not None:
            return None
        return role_at(gate, 1 if self.writer is not None else self.attempt)

    @property
    def open_calls(self) -> tuple[CallIntended, ...]:
        """The calls that the ledger has no end of: an agent may have several at once."""
        ended = {end.call_id for end in self.ends}
        return tuple(call for call in self.calls if call.call_id not in ended)

    @property
    def open_cost(self) -> Estimate:
        """The most that the open calls may cost."""
        costs = [call.cost for call in self.open_calls]
        return Estimate(sum(each.tokens for each in costs), sum(each.microusd or 0 for each in costs))

    @property
    def handover(self) -> Handover | None:
        """Whom this gate was left to, and with which note; None if it was left to no one, or is decided since."""
        last = self.handovers[-1] if self.handovers and self.phase not in (Phase.ENDING, Phase.OVER) else None
        is_here = last is not None and (last.handed.gate, last.handed.attempt) == (self.gate, self.attempt)
        return last if is_here else None

    def needs_signature(self, verdict: GateVerdict) -> bool:
        """Return whether a decision has to be signed, which a policy for two operators requires. Anyone may block."""
        return self.created is not None and self.created.policy.four_eyes and verdict is not GateVerdict.BLOCK

    def repeats(self, content_sha256: str) -> bool:
        """Return whether a call with this content would ask what the run has asked before, and no person wants that."""
        asked = {call.content_sha256 for call in self.calls} | {turn.content_sha256 for turn in self.turns}
        asked -= {""}
        return content_sha256 in asked and not self.is_asked

    def route(self, role: Role) -> PinnedRoute | None:
        """Return the route that serves a role in this run."""
        return next((route for route in self.routes if route.role is role), None)

    def artifact(self, role: ArtifactRole) -> ArtifactStored | None:
        """Return the newest artifact of a role."""
        for each in reversed(self.artifacts):
            if each.role is role:
                return each
        return None

    @property
    def subject_sha256(self) -> str | None:
        """The hash of the gate's subject: the plan, or the draft of this attempt."""
        stored = self.artifact(_PLAN if self.gate is _PLANNER else _DRAFT)
        return None if stored is None or stored.attempt != self.attempt else stored.sha256

    def opening(self, gate: Gate) -> GateOpened | None:
        """Return the computed verdict of a gate in this attempt."""
        found = (each for each in reversed(self.openings) if each.gate is gate and each.attempt == self.attempt)
        return next(found, None)


_PLANNER, _PLAN, _DRAFT = Gate.PLANNER, ArtifactRole.PLAN, ArtifactRole.DRAFT


def changed(state: RunState, changes: Mapping[str, Any]) -> RunState:
    """Return a state with changes by field, as `dataclasses.replace` does, in a tenth of the time."""
    new = object.__new__(RunState)
    new.__dict__.update(state.__dict__)
    new.__dict__.update(changes)
    return new

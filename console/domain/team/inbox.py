"""What waits for an operator, and why for this one: a run at its gate, as an inbox shows it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.ledger.actor import Actor
from console.domain.run.agent_event import AgentLost
from console.domain.run.call_event import CallLost
from console.domain.run.decide import waits_for
from console.domain.run.event import Entry, GateOpened, PreflightFinished
from console.domain.run.gate import GateVerdict
from console.domain.run.state import Handover, Phase, RunState
from console.domain.run.terms import terms_of

_BEGINS_TO_WAIT = (GateOpened, CallLost, AgentLost, PreflightFinished)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a run waits for an operator, and since when."""

    since_ms: int
    """Unix time in ms: when it began to wait, whatever was said of it since."""
    why: str
    """In our own words, but for the note of a hand-over."""
    left: Handover | None = None
    """The hand-over to this operator; None if the run was left to no one, or to someone else."""

    @property
    def order(self) -> tuple[bool, int]:
        """The place in an inbox: what was left to the operator first, then the oldest."""
        return self.left is None, self.since_ms


def waiting_for(state: RunState, entries: Iterable[Entry], operator: Actor) -> Waiting | None:
    """Return why a run waits for an operator; None if it does not.

    Args:
        state: The run.
        entries: Its events.
        operator: Who asks.

    """
    if not waits_for(state, operator):
        return None
    since = next((each.at_ms for each in reversed(tuple(entries)) if isinstance(each.event, _BEGINS_TO_WAIT)), 0)
    left = state.handover
    if left is not None and is_left_to(left, operator):
        return Waiting(since, f"{left.actor.id} left it to you: {left.handed.note}", left)
    why = _why(state)
    return Waiting(since, why if left is None else f"{why}; {left.actor.id} left it to {left.handed.to}")


def is_left_to(left: Handover, operator: Actor) -> bool:
    """Return whether a run was left to an operator: to their key if it names one, else to their id."""
    to, key = left.handed.to, left.handed.to_key
    return operator.id == to if key is None else operator.key_fingerprint == key


def _why(state: RunState) -> str:
    if state.phase is Phase.LOST:
        return "a call or an agent was cut off, and only an operator may repeat it"
    terms = terms_of(state, GateVerdict.READY)
    if terms is not None and terms.is_second:
        return "it needs a second operator, and you neither began it nor passed its draft"
    if state.opened is not None and state.opened.needs_human:
        return "the gate needs a person"
    return "any operator may decide"

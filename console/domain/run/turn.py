"""The turns of a run's coding agent: each with what held it, its end and its calls, for the record and for display."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Category
from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentEnding, AgentLost, Isolation, NetworkGuard
from console.domain.run.state import RunState


class TurnOutcome(StrEnum):
    """What became of a turn."""

    OPEN = "open"
    """The agent is at work, or the run was stopped while it was."""
    DRAFTED = "drafted"
    FAILED = "failed"
    """It made no draft; this does not count as a failed draft."""
    LOST = "lost"
    """The process that held it ended, and the agent with it."""


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One turn of a coding agent."""

    turn_id: str
    attempt: int
    agent: str
    """Its id, such as `codex`; `command` for a command of the operator's own."""
    version: str
    """Empty if the agent did not say it, or was not asked."""
    isolation: Isolation
    brief_sha256: str
    """The hash of the task that it was given."""
    brief_size: int
    """In bytes."""
    outcome: TurnOutcome
    ending: AgentEnding | None
    """How it ended; None if that is not known. So are the next four."""
    exit_code: int | None
    """None also if it did not end by itself."""
    duration_ms: int | None
    output_bytes: int | None
    calls_refused: int | None
    """The calls that the relay refused; nothing of them was sent."""
    calls: int
    """The calls that it made, each of them in the ledger."""
    failure: Category | None
    """Why its changes are not a draft."""
    output_sha256: str | None
    """The end of what a turn without a draft wrote to its output, stored separately."""
    repeat_reason: str | None
    """Why the operator let it work once more after this turn; None if it did not."""


def could_ask_elsewhere(turns: Iterable[AgentTurn]) -> bool:
    """Return whether an agent could reach other models than its route's: nothing kept it from the network."""
    return any(turn.isolation.network is NetworkGuard.NONE for turn in turns)


def turns_of(state: RunState) -> tuple[AgentTurn, ...]:
    """Return the turns of a run's agent, in their order."""
    ends = {end.turn_id: end for end in state.turn_ends}
    reasons = {each.call_id: each.reason for each in state.allowed_repeats}
    return tuple(_turn(state, begun, ends.get(begun.turn_id), reasons.get(begun.turn_id)) for begun in state.turns)


def _turn(state: RunState, begun: AgentBegun, end: AgentEnded | AgentLost | None, repeat: str | None) -> AgentTurn:
    ended = end if isinstance(end, AgentEnded) else None
    return AgentTurn(
        begun.turn_id,
        begun.attempt,
        begun.agent,
        begun.version,
        begun.isolation,
        begun.brief_sha256,
        begun.brief_size,
        _outcome(end),
        ending=None if ended is None else ended.ending,
        exit_code=None if ended is None else ended.exit_code,
        duration_ms=None if ended is None else ended.duration_ms,
        output_bytes=None if ended is None else ended.output_bytes,
        calls_refused=None if ended is None else ended.calls_refused,
        calls=sum(call.turn_id == begun.turn_id for call in state.calls),
        failure=None if ended is None else ended.failure,
        output_sha256=None if ended is None else ended.output_sha256,
        repeat_reason=repeat,
    )


def _outcome(end: AgentEnded | AgentLost | None) -> TurnOutcome:
    match end:
        case None:
            return TurnOutcome.OPEN
        case AgentLost():
            return TurnOutcome.LOST
        case AgentEnded(failure=None):
            return TurnOutcome.DRAFTED
        case AgentEnded():
            return TurnOutcome.FAILED

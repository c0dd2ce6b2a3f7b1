"""The times of a run that its record does not have: when each call and gate began and ended, from the ledger's lines.

A line's time is that of the writer's clock when it was stored, so it measures nothing: a call's own duration is in the
record. What the ledger has no line for has no time here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentLost
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.event import (
    Entry,
    GateDecided,
    GateOpened,
    PreflightFinished,
    RunBlocked,
    RunClosed,
    RunCreated,
    RunStopped,
)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, as Unix times in milliseconds."""

    began_at_ms: int
    ended_at_ms: int | None
    """None if it has not ended."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The times of a run."""

    calls: dict[str, Span] = field(default_factory=dict)
    """Each call, by its id: from the line before it was sent to the line that ended it."""
    turns: dict[str, Span] = field(default_factory=dict)
    """Each turn of a coding agent, by its id."""
    gates: tuple[Span, ...] = ()
    """Each opening of a gate, as the record's `gates`: from the line that made its work due to the decision."""
    opened_at_ms: tuple[int, ...] = ()
    """When each of these gates had its computed verdict."""
    gate_work: tuple[tuple[str, ...], ...] = ()
    """The calls and turns of each of these gates, by their ids."""
    finishes: dict[str, str] = field(default_factory=dict)
    """Why the model stopped, by the call's id, where the answer said it in a closed form."""


def timeline_of(entries: Iterable[Entry]) -> Timeline:
    """Return the times of a run from its events."""
    begun: dict[str, int] = {}
    calls: dict[str, Span] = {}
    turns: dict[str, Span] = {}
    finishes: dict[str, str] = {}
    due_at = 0
    gates: list[Span] = []
    opened: list[int] = []
    made: list[tuple[str, ...]] = []
    here: list[str] = []
    is_open = False
    for entry in entries:
        at, event = entry.at_ms, entry.event
        match event:
            case CallIntended(call_id=call_id):
                calls[call_id] = Span(at, None)
                begun[call_id] = at
                here.append(call_id)
            case CallRecorded() | CallFailed() | CallLost():
                calls[event.call_id] = Span(begun.get(event.call_id, at), at)
                if isinstance(event, CallRecorded) and event.finish is not None:
                    finishes[event.call_id] = event.finish
            case AgentBegun(turn_id=turn_id):
                turns[turn_id] = Span(at, None)
                begun[turn_id] = at
                here.append(turn_id)
            case AgentEnded() | AgentLost():
                turns[event.turn_id] = Span(begun.get(event.turn_id, at), at)
            case GateOpened():
                gates.append(Span(due_at, None))
                opened.append(at)
                made.append(tuple(here))
                is_open = True
            case _:
                pass
        if isinstance(event, GateDecided | CallRepeatAllowed | RunStopped | RunBlocked | RunClosed) and is_open:
            gates[-1] = Span(gates[-1].began_at_ms, at)
            is_open = False
        if isinstance(event, RunCreated | GateDecided | CallRepeatAllowed) or (
            isinstance(event, PreflightFinished) and not event.needs_human
        ):
            due_at, here = at, []
    return Timeline(calls, turns, tuple(gates), tuple(opened), tuple(made), finishes)

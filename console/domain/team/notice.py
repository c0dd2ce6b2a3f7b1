"""What a team is told of its runs: closed words, names and times; neither a reason nor a note. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from console.domain.ledger.checkpoint import moment
from console.domain.run.agent_event import AgentLost
from console.domain.run.call_event import CallLost
from console.domain.run.event import (
    Entry,
    GateDecided,
    GateOpened,
    HandedOver,
    RunBlocked,
    RunClosed,
    RunStopped,
)
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase, RunState, RunStatus


class NoticeKind(StrEnum):
    """What happened to a run."""

    WAITS = "waits"
    """Its gate waits for a decision."""
    CUT_OFF = "cut_off"
    """A call or an agent was cut off, and only an operator may repeat it."""
    DECIDED = "decided"
    """An operator decided at a gate."""
    HANDED_OVER = "handed_over"
    """An operator left it to another one."""
    ENDED = "ended"
    """It is closed, blocked or stopped."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of a run, as a webhook is told it."""

    id: str
    """The run's id and the number of its line: the same in whichever console or try it is sent."""
    kind: NoticeKind
    run_id: str
    repository: str
    gate: Gate
    attempt: int
    at: str
    """RFC 3339 in UTC."""
    by: str
    """The id of who did it: an operator, or `gateway-console`."""
    waits_for: str | None
    """Whom the run was left to; null if any operator may decide."""
    verdict: GateVerdict | None
    """What was computed where a gate waits, and what was decided where it does not; else null."""
    status: RunStatus
    is_simulated: bool
    """Whether the embedded gateway answers."""


@dataclass(frozen=True, kw_only=True)
class TeamEvents:
    """What a webhook is sent: events of runs, in the order in which they were stored."""

    schema: Literal["gateway-console/team-events/v1"] = "gateway-console/team-events/v1"
    events: tuple[Notice, ...]
    dropped: int
    """How many events were given up since the last delivery that arrived."""


def notices_of(state: RunState, entries: Iterable[Entry], *, is_auto: bool = False) -> Iterator[Notice]:
    """Yield what is told of events that were just stored.

    Args:
        state: The run after them.
        entries: The events.
        is_auto: Whether this console takes the computed verdicts by itself: a gate waits only for a person then.

    """
    for entry in entries:
        event = entry.event
        match event:
            case GateOpened() if state.phase is Phase.WAITING and not (is_auto and _passes_by_itself(state, event)):
                yield _notice(state, entry, NoticeKind.WAITS, event.verdict)
            case CallLost() | AgentLost() if state.phase is Phase.LOST:
                yield _notice(state, entry, NoticeKind.CUT_OFF)
            case GateDecided() if not event.is_machine:
                yield _notice(state, entry, NoticeKind.DECIDED, event.verdict, event.gate, event.attempt)
            case HandedOver():
                yield _notice(state, entry, NoticeKind.HANDED_OVER)
            case RunStopped() | RunBlocked() | RunClosed():
                yield _notice(state, entry, NoticeKind.ENDED)


def _passes_by_itself(state: RunState, opened: GateOpened) -> bool:
    four_eyes = state.created is not None and state.created.policy.four_eyes
    return not opened.needs_human and not four_eyes


def _notice(  # noqa: PLR0917  # what the event itself says, where the state after it does not
    state: RunState,
    entry: Entry,
    kind: NoticeKind,
    verdict: GateVerdict | None = None,
    gate: Gate | None = None,
    attempt: int | None = None,
) -> Notice:
    created, left = state.created, state.handover
    return Notice(
        id=f"{state.run_id}-{entry.seq}",
        kind=kind,
        run_id=state.run_id,
        repository="" if created is None else created.repository.name,
        gate=gate or state.gate,
        attempt=state.attempt if attempt is None else attempt,
        at=moment(entry.at_ms),
        by=entry.actor.id,
        waits_for=None if left is None else left.handed.to,
        verdict=verdict,
        status=state.status,
        is_simulated=created is not None and created.is_simulated,
    )


def team_events(notices: Sequence[Notice], dropped: int) -> TeamEvents:
    """Return the document of one delivery."""
    return TeamEvents(events=tuple(notices), dropped=dropped)

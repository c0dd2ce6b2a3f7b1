"""The events of the view of runs, and what they carry: display data, none of which is stored."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.finding import Finding
from console.domain.ledger.actor import Actor
from console.domain.money import Estimate
from console.domain.probes.event import CallEvent, RungStarted
from console.domain.relay.call import RelayEvent
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.event import GateOpened
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.domain.run.subject import Subject

if TYPE_CHECKING:
    from console.view.record.proof import Claim


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the list shows it."""

    run_id: str
    repository: str
    gate: str
    status: str
    attempt: int
    started_at_ms: int
    """Unix time; so is the next."""
    updated_at_ms: int
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A run that waits for the operator of this console."""

    run_id: str
    since_ms: int
    """Unix time."""
    why: str
    is_left_to_me: bool
    """Whether someone left it to this operator."""


@dataclass(frozen=True, slots=True)
class GateNotes:
    """The result of a gate with its details, which are stored apart from the ledger."""

    gate: Gate
    attempt: int
    opened: GateOpened | None
    """None at a preflight that needed no decision, or that stopped the run: it opens no gate."""
    findings: tuple[Finding, ...] = ()
    """Those of the opening; the message is empty if it was deleted, or the run was begun on another machine."""
    subject: Subject | None = None
    """What the decision is about; None if there is nothing, or it cannot be read."""
    problem: str = ""
    """Why the subject or the findings cannot be read."""
    outputs: tuple[tuple[str, str], ...] = ()
    """The names of failed checks with what they wrote last, as far as it is stored."""


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """The last output of a draft's failed checks: text from outside, display only."""

    opened: GateOpened
    """The gate that they failed at."""
    tails: tuple[tuple[str, str], ...]
    """By the check's name."""


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call as it will be sent, or was: what the operator sees before paying for it."""

    gate: Gate
    attempt: int
    role: Role
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    body_size: int
    """In bytes."""
    cost: Estimate | None
    """The most that it can cost; None if an agent makes calls of its own, within the budgets."""
    instructions: str
    prompt: str
    agent: str = ""
    """The coding agent that gets it as its task; empty if the model does."""


# --- Events of the view ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunsListed:
    """The runs of this machine, or of the store that it shares, were read."""

    runs: tuple[RunRow, ...]
    store: str = ""
    """The store that other machines use too, safe to display; empty if the runs are in a file of this one."""


@dataclass(frozen=True, slots=True)
class InboxRead:
    """What waits for the operator was read: what was left to them first, then the oldest."""

    entries: tuple[InboxEntry, ...]


@dataclass(frozen=True, slots=True)
class InboxToggled:
    """The operator wants the list to have only what waits for them, or all runs again."""


@dataclass(frozen=True, slots=True)
class OthersSeen:
    """Who else looks at a run, at other consoles of the team."""

    run_id: str
    names: tuple[str, ...]
    """Operators' ids, each once."""


@dataclass(frozen=True, slots=True)
class RunsFailed:
    """The ledger cannot be used. What was read of it before stays in view."""

    words: str


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run was read: from the ledger, or after its next event."""

    state: RunState
    words: tuple[str, ...]
    notes: tuple[GateNotes, ...] = ()
    independence: tuple[tuple[str, int], ...] = ()
    operator: Actor | None = None
    problem: str = ""
    claim: "Claim | None" = None


@dataclass(frozen=True, slots=True)
class RunUnread:
    """The run to put in view cannot be read."""

    words: str


@dataclass(frozen=True, slots=True)
class CursorMoved:
    """The cursor of the list was moved."""

    cursor: int


@dataclass(frozen=True, slots=True)
class LookedBack:
    """The operator goes back to the result of an earlier gate, or forward again."""

    step: int


@dataclass(frozen=True, slots=True)
class StepBegun:
    """A step of a run began at this console."""

    run_id: str


@dataclass(frozen=True, slots=True)
class StepEnded:
    """The step of this console is over."""

    said: str = ""
    """Why it did not continue, if it did not."""


@dataclass(frozen=True, slots=True)
class RunCalled:
    """An event of the call that the step makes, or of a call of the agent that writes."""

    event: CallEvent | RelayEvent


@dataclass(frozen=True, slots=True)
class PreflightRungStarted:
    """The preflight that is being stepped begins a call that costs."""

    started: RungStarted


@dataclass(frozen=True, slots=True)
class AutoBegun:
    """The operator lets a run step by itself until it needs a person."""

    run_id: str


@dataclass(frozen=True, slots=True)
class AutoEnded:
    """No run steps by itself any longer: the gate's work in progress is the last."""

    said: str = ""
    """Why, if the operator did not end it."""


@dataclass(frozen=True, slots=True)
class CandidateSaved:
    """The sealed candidate of a run was written to a file."""

    run_id: str
    path: str


@dataclass(frozen=True, slots=True)
class CheckpointTold:
    """After a decision or a step: why the run's newest checkpoint is not signed or not stored; empty if it is."""

    run_id: str
    words: str


RunViewEvent = (
    RunsListed
    | InboxRead
    | InboxToggled
    | OthersSeen
    | RunsFailed
    | RunSeen
    | RunUnread
    | CursorMoved
    | LookedBack
    | StepBegun
    | StepEnded
    | CallShown
    | CheckOutput
    | RunCalled
    | PreflightRungStarted
    | AutoBegun
    | AutoEnded
    | CandidateSaved
    | CheckpointTold
)

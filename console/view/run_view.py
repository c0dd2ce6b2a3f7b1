"""What the screen knows of runs: the list, the one in view, and the call that is being made in it.

The run itself is folded from the ledger (`run.py`); this holds what is for display only, and nothing of it is kept.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from console.domain.finding import Severity
from console.domain.ledger.actor import Actor
from console.domain.money import Estimate
from console.domain.probes.event import CallEvent
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.event import GateOpened
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.view.live_call import LiveCall

WORDS_LIMIT = 200
"""How many of the newest things that happened are shown."""
OUTPUTS_LIMIT = 20
"""Of how many of the newest openings what failed checks wrote is known."""


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
class RunNote:
    """A finding of a gate in our words."""

    id: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class JudgeNote:
    """Something that a judge wrote: text of a model, display only."""

    label: str
    """A criterion, or how much a finding weighs."""
    text: str
    quote: str = ""
    """The words of the draft that it names."""


@dataclass(frozen=True, slots=True)
class GateNotes:
    """What stands behind one opening of a gate, kept apart from the ledger."""

    opened: GateOpened
    findings: tuple[RunNote, ...] = ()
    judged: tuple[JudgeNote, ...] = ()
    is_kept: bool = True
    """False if it was deleted, or the run was begun on another machine."""


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What the failed checks of a draft wrote last: text from outside, display only."""

    opened: GateOpened
    """The gate that they failed at."""
    tails: tuple[tuple[str, str], ...]
    """By the check's name."""


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call as it will be sent, or was: what the operator sees before it is paid for."""

    gate: Gate
    attempt: int
    role: Role
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    body_size: int
    """In bytes."""
    cost: Estimate
    """The most that it can take."""
    instructions: str
    prompt: str


# --- What happens to the view ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunsListed:
    """The runs of this machine were read."""

    runs: tuple[RunRow, ...]


@dataclass(frozen=True, slots=True)
class RunsFailed:
    """The ledger cannot be used."""

    words: str


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run was read: from the ledger, or as the next thing happened in it."""

    state: RunState
    words: tuple[str, ...]
    notes: tuple[GateNotes, ...] = ()
    independence: tuple[tuple[str, int], ...] = ()
    operator: Actor | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RunUnread:
    """The run that was to be put in view cannot be read."""

    words: str


@dataclass(frozen=True, slots=True)
class CursorMoved:
    """The cursor of the list was moved."""

    cursor: int


@dataclass(frozen=True, slots=True)
class LookedBack:
    """The operator goes back to what an earlier gate came to, or forward again."""

    step: int


@dataclass(frozen=True, slots=True)
class StepBegun:
    """A step of a run began at this console."""

    run_id: str


@dataclass(frozen=True, slots=True)
class StepEnded:
    """The step of this console is over."""

    said: str = ""
    """Why it did not go on, where it did not."""


@dataclass(frozen=True, slots=True)
class RunCalled:
    """Something happened to the call that the step makes."""

    event: CallEvent


RunViewEvent = (
    RunsListed
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
)


# --- The view ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunView:
    """All that the screen draws of runs."""

    is_read: bool = False
    """The ledger was read."""
    failure: str = ""
    """Why it cannot be used."""
    runs: tuple[RunRow, ...] = ()
    """The newest first."""
    cursor: int = 0
    """The position in the list."""
    operator: Actor | None = None
    """Who decides at this desk in the run in view."""
    state: RunState | None = None
    """The run in view."""
    problem: str = ""
    """Why the run in view can be looked at and not be stepped here; empty if it can."""
    notes: tuple[GateNotes, ...] = ()
    """One for each opening of a gate, in their order."""
    outputs: tuple[CheckOutput, ...] = ()
    """What checks wrote in steps of this console, the newest last; it is kept nowhere else."""
    back: int = 0
    """How many openings the operator has gone back from the newest."""
    independence: tuple[tuple[str, int], ...] = ()
    """Pairs such as `writer_vs_reviewer` by what the routes ask for; what answered may lower it."""
    call: CallShown | None = None
    live: LiveCall = LiveCall()
    """The call under way, or the last one."""
    stepping: str = ""
    """The id of the run that this console steps now; empty if it steps none."""
    said: str = ""
    """Why the last step or command did not go on."""
    words: tuple[str, ...] = ()
    """What happened in the run in view, the newest last."""

    @property
    def is_stepping(self) -> bool:
        """Whether this console steps a run now."""
        return bool(self.stepping)

    @property
    def is_stepping_this(self) -> bool:
        """Whether this console steps the run in view now."""
        return self.state is not None and self.stepping == self.state.run_id

    @property
    def shown(self) -> GateNotes | None:
        """Return the opening that is looked at: the newest, or one further back."""
        place = len(self.notes) - 1 - self.back
        return self.notes[place] if 0 <= place < len(self.notes) else None

    def tails_at(self, opened: GateOpened) -> tuple[tuple[str, str], ...]:
        """Return what failed checks wrote last at an opening of a gate, by their names."""
        return next((each.tails for each in self.outputs if each.opened == opened), ())

    def apply(self, event: RunViewEvent) -> "RunView":
        """Return the view after an event. Pure."""
        match event:
            case RunsListed(runs):
                return self._listed(runs)
            case RunsFailed(words):
                return replace(self, is_read=True, failure=words)
            case RunSeen():
                return self._seen(event)
            case RunUnread(words):
                return replace(self, state=None, notes=(), words=(), call=None, live=LiveCall(), said=words)
            case CursorMoved(cursor):
                return replace(self, cursor=max(0, min(cursor, len(self.runs) - 1)))
            case LookedBack(step):
                return replace(self, back=max(0, min(self.back + step, len(self.notes) - 1)))
            case StepBegun(run_id):
                return replace(self, stepping=run_id, said="", back=0, live=LiveCall())
            case StepEnded(said):
                return replace(self, stepping="", said=said)
            case CallShown():
                return replace(self, call=event) if self.is_stepping_this else self
            case CheckOutput():
                return replace(self, outputs=(*self.outputs, event)[-OUTPUTS_LIMIT:])
            case RunCalled(called):
                return replace(self, live=self.live.apply(called)) if self.is_stepping_this else self
            case _:
                assert_never(event)

    def _listed(self, runs: tuple[RunRow, ...]) -> "RunView":
        """Keep the cursor on the run that it was on."""
        before = self.runs[self.cursor].run_id if self.cursor < len(self.runs) else None
        place = next((at for at, each in enumerate(runs) if each.run_id == before), self.cursor)
        cursor = max(0, min(place, len(runs) - 1))
        return replace(self, is_read=True, failure="", runs=runs, cursor=cursor)

    def _seen(self, seen: RunSeen) -> "RunView":
        is_same = self.state is not None and self.state.run_id == seen.state.run_id
        has_moved = not is_same or self.state is None or self.state.head != seen.state.head
        place = next((at for at, each in enumerate(self.runs) if each.run_id == seen.state.run_id), self.cursor)
        return replace(
            self,
            cursor=place,
            state=seen.state,
            words=seen.words[-WORDS_LIMIT:],
            notes=seen.notes,
            independence=seen.independence,
            operator=seen.operator,
            problem=seen.problem,
            back=0 if has_moved else self.back,
            said=self.said if is_same else "",
            call=self.call if is_same else None,
            live=self.live if is_same else LiveCall(),
        )

"""What the screen knows of runs: the list, the one in view, and the call that is being made in it.

The run itself is folded from the ledger (`run.py`); this holds what is for display only, and nothing of it is kept.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from console.domain.finding import Severity
from console.domain.ledger.actor import Actor
from console.domain.money import Estimate
from console.domain.probes.event import (
    AnswerStarted,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    SmokeEvent,
    SmokeFinished,
    SmokeStarted,
)
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.event import GateOpened
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.view.console_state import OUTPUT_LIMIT, Smoke, SmokePhase

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
    """False where it was deleted, or the run was begun on another machine."""


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
    """Why the run in view can be looked at and not be stepped here; empty where it can."""
    notes: tuple[GateNotes, ...] = ()
    """One for each opening of a gate, in their order."""
    outputs: tuple[CheckOutput, ...] = ()
    """What checks wrote in steps of this console, the newest last; it is kept nowhere else."""
    back: int = 0
    """How many openings the operator has gone back from the newest."""
    independence: tuple[tuple[str, int], ...] = ()
    """Pairs such as `writer_vs_reviewer` by what the routes ask for; what answered may lower it."""
    call: CallShown | None = None
    live: Smoke = Smoke()
    """The call under way, or the last one."""
    stepping: str = ""
    """The id of the run that this console steps now; empty where it steps none."""
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


RunNews = (
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
)


def see(view: RunView, news: RunNews) -> RunView:
    """Return the view after some news. Pure."""
    match news:
        case RunsListed(runs):
            return _listed(replace(view, is_read=True, failure=""), runs)
        case RunsFailed(words):
            return replace(view, is_read=True, failure=words)
        case RunSeen():
            return _seen(view, news)
        case RunUnread(words):
            return replace(view, state=None, notes=(), words=(), call=None, live=Smoke(), said=words)
        case CursorMoved(cursor):
            return replace(view, cursor=max(0, min(cursor, len(view.runs) - 1)))
        case LookedBack(step):
            return replace(view, back=max(0, min(view.back + step, len(view.notes) - 1)))
        case StepBegun(run_id):
            return replace(view, stepping=run_id, said="", back=0, live=Smoke())
        case StepEnded(said):
            return replace(view, stepping="", said=said)
        case CallShown():
            return replace(view, call=news) if view.is_stepping_this else view
        case CheckOutput():
            return replace(view, outputs=(*view.outputs, news)[-OUTPUTS_LIMIT:])
        case _:
            assert_never(news)


def see_call(view: RunView, event: SmokeEvent) -> RunView:
    """Return the view after an event of the call under way."""
    if not view.is_stepping_this:
        return view
    before = view.live
    match event:
        case SmokeStarted():
            return replace(view, live=Smoke(SmokePhase.CONNECTING))
        case RequestWritten():
            return replace(view, live=replace(before, phase=SmokePhase.WAITING))
        case AnswerStarted():
            return view
        case OutputReceived(_, text, _, ttft_ms):
            output = (before.output + text)[-OUTPUT_LIMIT:]
            return replace(view, live=Smoke(SmokePhase.STREAMING, ttft_ms, before.pieces + 1, output))
        case RefusalRead(_, excerpt):
            return replace(view, live=replace(before, said=excerpt))
        case SmokeFinished(result):
            return replace(view, live=replace(before, phase=SmokePhase.DONE, result=result))
        case _:
            return view


def _listed(view: RunView, runs: tuple[RunRow, ...]) -> RunView:
    """Keep the cursor on the run that it was on."""
    before = view.runs[view.cursor].run_id if view.cursor < len(view.runs) else None
    place = next((at for at, each in enumerate(runs) if each.run_id == before), view.cursor)
    return replace(view, runs=runs, cursor=max(0, min(place, len(runs) - 1)))


def _seen(view: RunView, news: RunSeen) -> RunView:
    is_same = view.state is not None and view.state.run_id == news.state.run_id
    has_moved = not is_same or view.state is None or view.state.head != news.state.head
    place = next((at for at, each in enumerate(view.runs) if each.run_id == news.state.run_id), view.cursor)
    return replace(
        view,
        cursor=place,
        state=news.state,
        words=news.words[-WORDS_LIMIT:],
        notes=news.notes,
        independence=news.independence,
        operator=news.operator,
        problem=news.problem,
        back=0 if has_moved else view.back,
        said=view.said if is_same else "",
        call=view.call if is_same else None,
        live=view.live if is_same else Smoke(),
    )

"""What the screen knows about runs: the list, the run in view, and the call in progress in it.

The run itself is folded from the ledger (`run.py`); this holds display data only, and none of it is stored.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

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
from console.view.live_call import LiveCall
from console.view.relay.calls import RelayedCalls

if TYPE_CHECKING:
    from console.view.record.proof import Claim

WORDS_LIMIT = 200
"""How many of the newest events are shown."""
OUTPUTS_LIMIT = 20
"""For how many of the newest openings the output of failed checks is kept."""


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


# --- The view ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything that the screen draws of runs."""

    is_read: bool = False
    """The ledger was read."""
    failure: str = ""
    """Why it cannot be used."""
    runs: tuple[RunRow, ...] = ()
    """The newest first."""
    store: str = ""
    """The store that other machines use too; empty if the runs are in a file of this one, or none was opened."""
    cursor: int = 0
    """The position in the list."""
    operator: Actor | None = None
    """Who decides at this console in the run in view."""
    state: RunState | None = None
    """The run in view."""
    problem: str = ""
    """Why the run in view is read-only here; empty if it can be stepped."""
    notes: tuple[GateNotes, ...] = ()
    """One for each opening of a gate, and one for the preflight, in order."""
    outputs: tuple[CheckOutput, ...] = ()
    """What checks wrote in this console's steps, newest last."""
    back: int = 0
    """How many results the operator has gone back from the newest."""
    independence: tuple[tuple[str, int], ...] = ()
    """Pairs such as `writer_vs_reviewer`, from the models that the routes request; the answers may lower it."""
    call: CallShown | None = None
    live: LiveCall = LiveCall()
    """The call in progress, or the last one."""
    relayed: RelayedCalls = RelayedCalls()
    """The calls of the agent that writes in the step in progress, or wrote in the last one."""
    stepping: str = ""
    """The id of the run that this console is stepping; empty if it is stepping none."""
    auto: str = ""
    """The id of the run that steps by itself until it needs a person; empty if none does."""
    rungs: tuple[RungStarted, ...] = ()
    """The calls that the preflight in progress made, or the last one of this console."""
    saved: tuple[tuple[str, str], ...] = ()
    """The runs whose candidates were saved at this console, each with the path, newest last."""
    said: str = ""
    """Why the last step or command did not continue."""
    claim: "Claim | None" = None
    """How the run in view is signed, unverified."""
    unsigned: tuple[str, str] = ("", "")
    """A run, and why the checkpoint after this console's last decision or step in it is not as the policy wants it."""
    words: tuple[str, ...] = ()
    """The events of the run in view, newest last."""

    @property
    def is_stepping(self) -> bool:
        """Whether this console is stepping a run now."""
        return bool(self.stepping)

    @property
    def is_stepping_this(self) -> bool:
        """Whether this console is stepping the run in view now."""
        return self.state is not None and self.stepping == self.state.run_id

    @property
    def is_auto(self) -> bool:
        """Whether the run in view steps by itself."""
        return self.state is not None and self.auto == self.state.run_id

    @property
    def why_unsigned(self) -> str:
        """Why the newest checkpoint of the run in view is not signed or not stored; empty if it is."""
        run_id, words = self.unsigned
        return words if self.state is not None and self.state.run_id == run_id else ""

    @property
    def shown(self) -> GateNotes | None:
        """Return the result on display: the newest, or one further back."""
        place = len(self.notes) - 1 - self.back
        return self.notes[place] if 0 <= place < len(self.notes) else None

    @property
    def saved_to(self) -> tuple[str, ...]:
        """The paths that the candidate of the run in view was saved to at this console."""
        return tuple(path for run_id, path in self.saved if self.state is not None and run_id == self.state.run_id)

    def tails_at(self, notes: GateNotes) -> tuple[tuple[str, str], ...]:
        """Return the last output of failed checks at an opening of a gate, by their names."""
        now = next((each.tails for each in self.outputs if each.opened == notes.opened), ())
        return tuple({**dict(notes.outputs), **dict(now)}.items())

    def apply(self, event: RunViewEvent) -> "RunView":
        """Return the view after an event. Pure."""
        match event:
            case RunsListed(runs, store):
                return self._listed(runs, store)
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
                live, relayed = LiveCall(), RelayedCalls()
                return replace(self, stepping=run_id, said="", back=0, live=live, relayed=relayed, rungs=())
            case StepEnded(said):
                return replace(self, stepping="", said=said or self.said)
            case PreflightRungStarted(started):
                return replace(self, rungs=(*self.rungs, started))
            case AutoBegun(run_id):
                return replace(self, auto=run_id)
            case AutoEnded(said):
                return replace(self, auto="", said=said or self.said)
            case CandidateSaved(run_id, path):
                return replace(self, saved=(*self.saved, (run_id, path)))
            case CheckpointTold(run_id, words):
                return replace(self, unsigned=(run_id, words))
            case CallShown():
                return replace(self, call=event) if self.is_stepping_this else self
            case CheckOutput():
                return replace(self, outputs=(*self.outputs, event)[-OUTPUTS_LIMIT:])
            case RunCalled(called):
                return self._called(called) if self.is_stepping_this else self
            case _:
                assert_never(event)

    def _called(self, called: CallEvent | RelayEvent) -> "RunView":
        if isinstance(called, RelayEvent):
            return replace(self, relayed=self.relayed.apply(called))
        return replace(self, live=self.live.apply(called))

    def _listed(self, runs: tuple[RunRow, ...], store: str) -> "RunView":
        """Keep the cursor on the same run."""
        before = self.runs[self.cursor].run_id if self.cursor < len(self.runs) else None
        place = next((at for at, each in enumerate(runs) if each.run_id == before), self.cursor)
        cursor = max(0, min(place, len(runs) - 1))
        return replace(self, is_read=True, failure="", runs=runs, store=store, cursor=cursor)

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
            claim=seen.claim,
            back=0 if has_moved else self.back,
            said=self.said if is_same else "",
            call=self.call if is_same else None,
            live=self.live if is_same else LiveCall(),
            relayed=self.relayed if is_same else RelayedCalls(),
        )

"""What the screen knows about runs: the list, the run in view, and the call in progress in it.

The run itself is folded from the ledger (`run.py`); this holds display data only, and none of it is stored.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from console.domain.ledger.actor import Actor
from console.domain.probes.event import CallEvent, RungStarted
from console.domain.relay.call import RelayEvent
from console.domain.run.state import RunState
from console.view.live_call import LiveCall
from console.view.relay.calls import RelayedCalls
from console.view.run.event import (
    AutoBegun,
    AutoEnded,
    CallShown,
    CandidateSaved,
    CheckOutput,
    CheckpointTold,
    CursorMoved,
    GateNotes,
    InboxEntry,
    InboxRead,
    InboxToggled,
    LookedBack,
    OthersSeen,
    PreflightRungStarted,
    RunCalled,
    RunRow,
    RunSeen,
    RunsFailed,
    RunsListed,
    RunUnread,
    RunViewEvent,
    StepBegun,
    StepEnded,
)

if TYPE_CHECKING:
    from console.view.record.proof import Claim

WORDS_LIMIT = 200
"""How many of the newest events are shown."""
OUTPUTS_LIMIT = 20
"""For how many of the newest openings the output of failed checks is kept."""


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything that the screen draws of runs."""

    is_read: bool = False
    """The ledger was read."""
    failure: str = ""
    """Why it cannot be used."""
    runs: tuple[RunRow, ...] = ()
    """The runs in the list, the newest first; as an inbox, those that wait for the operator, in its order."""
    every: tuple[RunRow, ...] = ()
    """All runs that were read, the newest first."""
    store: str = ""
    """The store that other machines use too; empty if the runs are in a file of this one, or none was opened."""
    inbox: tuple[InboxEntry, ...] = ()
    """What waits for the operator of this console."""
    others: tuple[str, tuple[str, ...]] = ("", ())
    """A run, and who else looks at it."""
    is_inbox: bool = False
    """Whether the list has only what waits for the operator."""
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

    def waits_since(self, run_id: str) -> InboxEntry | None:
        """Return why a run waits for the operator, and since when; None if it does not."""
        return next((each for each in self.inbox if each.run_id == run_id), None)

    @property
    def others_here(self) -> tuple[str, ...]:
        """Who else looks at the run in view, at other consoles of the team."""
        run_id, names = self.others
        return names if self.state is not None and self.state.run_id == run_id else ()

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
                return self._listed(replace(self, is_read=True, failure="", every=runs, store=store))
            case InboxRead(entries):
                return self._listed(replace(self, inbox=entries))
            case OthersSeen(run_id, names):
                return replace(self, others=(run_id, names))
            case InboxToggled():
                return self._listed(replace(self, is_inbox=not self.is_inbox))
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

    def _listed(self, now: "RunView") -> "RunView":
        """Return the view with another list, and the cursor on the same run."""
        rows = {each.run_id: each for each in now.every}
        waiting = tuple(rows[each.run_id] for each in now.inbox if each.run_id in rows)
        runs = waiting if now.is_inbox else now.every
        before = self.runs[self.cursor].run_id if self.cursor < len(self.runs) else None
        place = next((at for at, each in enumerate(runs) if each.run_id == before), self.cursor)
        cursor = max(0, min(place, len(runs) - 1))
        return replace(now, runs=runs, cursor=cursor)

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

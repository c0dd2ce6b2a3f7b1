"""A run in the ledger: read, folded, and appended to only as the run's rules allow."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import reduce

from console.domain.ledger.actor import Actor
from console.domain.ledger.line import Line, NewLine, check_chain
from console.domain.problem import Problem, ProblemKind
from console.domain.record.projection import review_status
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded
from console.domain.run.command import Command
from console.domain.run.decide import decide
from console.domain.run.event import Entry, RunEvent
from console.domain.run.fold import apply, fold
from console.domain.run.gate import Gate
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import RunState
from console.services.ledger.codec import CodecError, encode_event, entry_of, kind_of
from console.services.ledger.ledger import Ledger, LedgerError, Summary

_KINDS = {
    RefusalCode.SECRET: ProblemKind.REFUSED,
    RefusalCode.STALE: ProblemKind.WAITING,
    RefusalCode.HUMAN: ProblemKind.WAITING,
    RefusalCode.FOUR_EYES: ProblemKind.WAITING,
}
"""The refusals that are not caused by the typed input."""


class RunRefusedError(Problem):
    """A command was refused: nothing happened."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message, _KINDS.get(refusal.code, ProblemKind.USAGE))
        self.refusal = refusal


class DamagedRunError(Problem):
    """A run's lines are damaged: nothing may rely on them."""

    kind = ProblemKind.RECORD


def unnoted(state: RunState) -> None:
    """Note nothing of a run that has ended."""


def untold(state: RunState, entries: Sequence[Entry]) -> None:
    """Tell no one what was appended to a run."""


Appended = Callable[[RunState, Sequence[Entry]], None]
"""Takes a run and what was just appended to it; it must not wait."""


class RunLog:
    """One run's lines, as far as this process has read them."""

    def __init__(
        self,
        ledger: Ledger,
        run_id: str,
        lines: Sequence[Line] = (),
        ended: Callable[[RunState], None] = unnoted,
        appended: Appended = untold,
    ) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._ended = ended
        self._appended = appended
        self.entries: tuple[Entry, ...] = ()
        """All events so far read or appended here."""
        self.state = RunState(run_id)
        """The run after these entries."""
        self._take(lines)

    @classmethod
    async def open(
        cls,
        ledger: Ledger,
        run_id: str,
        *,
        ended: Callable[[RunState], None] = unnoted,
        appended: Appended = untold,
    ) -> "RunLog":
        """Read a run.

        Args:
            ledger: Where it is.
            run_id: Its id.
            ended: Called with the run once a command here ended it.
            appended: Called with the run and what a command here appended to it.

        Raises:
            LedgerError: The run does not exist, or the ledger cannot be read.
            DamagedRunError: Its lines are damaged.

        """
        log = cls(ledger, run_id, ended=ended, appended=appended)
        await log.refresh()
        return log

    async def refresh(self) -> RunState:
        """Read the run again if another process appended to it. Raises as `open` does."""
        if self.entries and await self._ledger.head(self._run_id) == self.state.head:
            return self.state
        lines = await self._ledger.read(self._run_id)
        faults = check_chain(lines)
        if faults:
            raise DamagedRunError(
                f"the ledger of run {self._run_id} is damaged at line {faults[0].seq}: {faults[0].words};"
                " run: gateway-console record verify"
            )
        entries = tuple(map(entry_of, lines))
        self.entries, self.state = entries, fold(self._run_id, entries)
        return self.state

    async def command(self, actor: Actor, *commands: Command, fence: int | None = None) -> tuple[Entry, ...]:
        """Append the events that commands cause: all of them, or none.

        Args:
            actor: Who gives the commands.
            commands: The commands, in order; each applies to the run as the one before left it.
            fence: The fence of the stepper's lease; None for an operator's decision.

        Raises:
            RunRefusedError: The run's rules do not allow one of them.
            ConflictError: Another process appended first: read again, then decide again.
            LedgerError: The events cannot be recorded.

        """
        state, was_over = self.state, self.state.is_over
        lines: list[NewLine] = []
        for command in commands:
            result = decide(state, command, actor)
            if isinstance(result, Refusal):
                raise RunRefusedError(result)
            for event in result:
                lines.append(_line(state, event))
                state = apply(state, Entry(state.seq + 1, state.updated_at_ms, actor, state.head, event))
        kept = await self._ledger.append(
            self._run_id,
            lines,
            expected_head=self.state.head,
            actor=actor,
            summary=summary_of(state),
            fence=fence,
        )
        taken = self._take(kept)
        if self.state.is_over and not was_over:
            self._ended(self.state)
        self._appended(self.state, taken)
        return taken

    def _take(self, lines: Sequence[Line]) -> tuple[Entry, ...]:
        """Fold lines that were appended here, skipping those that a concurrent read has already folded."""
        entries = tuple(map(entry_of, lines))
        new = tuple(entry for entry in entries if entry.seq > self.state.seq)
        self.entries += new
        self.state = reduce(apply, new, self.state)
        return entries


async def begin(
    ledger: Ledger,
    run_id: str,
    actor: Actor,
    events: Sequence[RunEvent],
    now_ms: int,
    *,
    ended: Callable[[RunState], None] = unnoted,
    appended: Appended = untold,
) -> RunLog:
    """Begin a run with its first events."""
    state = RunState(run_id)
    lines = []
    for event in events:
        lines.append(_line(state, event))
        state = apply(state, Entry(state.seq + 1, now_ms, actor, "", event))
    kept = await ledger.create(run_id, lines, actor=actor, summary=summary_of(state))
    return RunLog(ledger, run_id, kept, ended, appended)


def summary_of(state: RunState) -> Summary:
    """Return a run's summary for the list of runs."""
    created = state.created
    return Summary(
        state.run_id,
        "" if created is None else created.repository.name,
        state.gate,
        state.status if not state.is_waiting else "waiting",
        state.started_at_ms,
        state.updated_at_ms,
        state.attempt,
        created is not None and created.is_simulated,
        verdict=review_status(state) or "",
        category="" if state.stopped is None else state.stopped.category or "",
        operator="" if state.creator is None else state.creator.id,
    )


def summarise(lines: Sequence[Line]) -> Summary:
    """Return a run's summary for the list of runs, from its lines."""
    return summary_of(fold(lines[0].run_id, map(entry_of, lines)))


async def complete_list(ledger: Ledger, run_ids: Sequence[str]) -> AsyncIterator[str]:
    """Complete the entries of runs in the list, one by one; yield why one cannot be, or an empty text.

    Each is a transaction of its own, so that other consoles go on meanwhile, and what is done stays done.
    """
    for run_id in run_ids:
        try:
            await ledger.summarise_again(run_id, summarise)
        except (CodecError, LedgerError) as error:
            yield str(error)
        else:
            yield ""


_CALLS = (CallIntended, CallRecorded, CallFailed, CallLost)


def _line(state: RunState, event: RunEvent) -> NewLine:
    call_id = event.call_id if isinstance(event, _CALLS) else None
    gate: Gate = getattr(event, "gate", state.gate)
    attempt: int = getattr(event, "attempt", state.attempt)
    return NewLine(kind_of(event), gate.value, attempt, encode_event(event), call_id)

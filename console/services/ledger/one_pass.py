"""One pass over a run's stored lines: the chain, the spelling of every event, and that each can follow in a run.

It accepts only what the rules accept that `verify_run` applies one by one, and leaves every other run to them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from console.domain.ledger.line import ChainFault
from console.domain.ledger.signature import begin_statement, decision_statement
from console.domain.ledger.stored import StoredLine, follower
from console.domain.run.event import GateDecided, OperatorSigned, RunEvent
from console.domain.run.fold import Course
from console.domain.run.gate import GateVerdict
from console.services.ledger.codec import decode_forms, encode_event


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature in a run, and the statement that it must sign."""

    seq: int
    key_fingerprint: str
    """The key that the line names."""
    signature: str
    statement: bytes
    at_ms: int
    """When it was stored, by the writer's clock."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A run whose lines are whole, and what its events say together."""

    run_id: str
    lines: int
    head: str
    faults: tuple[ChainFault, ...]
    """The first event that cannot follow, and a beginning that is not signed although the policy requires it."""
    signatures: tuple[Signed, ...]
    """All up to that event."""


def pass_over(rows: Iterable[StoredLine], log_id: str, run_id: str) -> Followed | None:
    """Return what a run's lines say; None if there are none, or one must be looked at closely."""
    is_whole = follower(log_id, run_id)
    following = Following(run_id)
    seq, head, unread = 0, "", iter(rows)
    while part := tuple(islice(unread, _AT_ONCE)):
        events = decode_forms([(row[6], row[9]) for row in part]) if is_whole(part) else None
        if events is None:
            return None
        for row, (kind, form) in zip(part, events, strict=True):
            following.take(row[3], row[4], row[10], form, kind)
        seq, head = part[-1][3], part[-1][11]
    return following.end(seq, head) if seq else None


_AT_ONCE = 512
"""The lines that are in memory at once."""


class Following:
    """A run that is followed from its beginning: whether each event can follow, and who signed."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._course = Course(run_id)
        self._signatures: list[Signed] = []
        self._fault: ChainFault | None = None
        self._seen = ""
        """The head before the newest signature: what an operator saw who signed a decision."""

    def take(self, seq: int, at_ms: int, before: str, event: Any, kind: type[RunEvent]) -> None:
        """Take the next event, or its form. After the first that cannot follow, nothing can be judged.

        Args:
            seq: The number of its line.
            at_ms: When it was stored.
            before: The hash of the line before it.
            event: The event, or the form that it is written in.
            kind: Its kind.

        """
        if self._fault is not None:
            return
        if kind is OperatorSigned:
            self._seen = before
        state = self._course.state
        signed = state.signed if kind is GateDecided else None
        if (refused := self._course.take(event, kind)) is not None:
            self._fault = ChainFault(seq, refused.message)
        elif signed is not None:
            if event.saw != self._seen:  # the signature is of that head, and covers nothing if the lines have another
                self._fault = ChainFault(seq, "what was signed is not the run as these lines have it")
            self._sign(seq - 1, signed, _statement(self._run_id, event), at_ms)
        elif kind is OperatorSigned and (begun := state.begun) is not None and begun is event and state.created:
            self._sign(seq, begun, begin_statement(self._run_id, encode_event(state.created)), at_ms)

    def end(self, lines: int, head: str) -> Followed:
        """Return the result after the last event."""
        state = self._course.state
        faults = [] if self._fault is None else [self._fault]
        if state.begun is None and state.needs_signature(GateVerdict.READY):
            faults.insert(0, ChainFault(1, "the policy requires four eyes, but the beginning of the run is not signed"))
        return Followed(self._run_id, lines, head, tuple(faults), tuple(self._signatures))

    def _sign(self, seq: int, event: OperatorSigned, statement: bytes, at_ms: int) -> None:
        self._signatures.append(Signed(seq, event.key_fingerprint, event.signature, statement, at_ms))


def _statement(run_id: str, decided: GateDecided) -> bytes:
    return decision_statement(
        run_id,
        decided.saw,
        gate=decided.gate.value,
        attempt=decided.attempt,
        verdict=decided.verdict.value,
        artifact_sha256=decided.artifact_sha256,
        reason=decided.reason,
    )

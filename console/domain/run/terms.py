"""The terms of a verdict: what an operator takes on by giving it at the gate that waits. Both faces ask here."""

from dataclasses import dataclass

from console.domain.run.event import OperatorSigned
from console.domain.run.gate import Gate, GateVerdict, allowed_verdicts
from console.domain.run.state import RunState


@dataclass(frozen=True, slots=True)
class Terms:
    """What a verdict means at the gate that waits."""

    is_override: bool
    """It is better than what our code computed."""
    is_open: bool
    """It may be given here; False also where what was computed is final."""
    needs_reason: bool
    """An operator has to type a reason; the machine's own verdict never needs one."""
    needs_signature: bool
    """The policy wants two operators, and they are told apart by what they sign."""
    is_second: bool
    """Another operator has to give it than those who stand behind the draft already."""
    behind: tuple[OperatorSigned | None, ...]
    """Who began the run and who passed the draft of this attempt; None for each who did not sign."""


def terms_of(state: RunState, verdict: GateVerdict) -> Terms | None:
    """Return the terms of a verdict; None where no gate waits."""
    opened = state.opened
    if opened is None:
        return None
    is_override = verdict.rank < opened.verdict.rank
    needs_signature = state.needs_signature(verdict)
    return Terms(
        is_override=is_override,
        is_open=verdict in allowed_verdicts(opened.gate) and not (is_override and opened.is_final),
        needs_reason=is_override or opened.needs_human or verdict is not GateVerdict.READY,
        needs_signature=needs_signature,
        is_second=needs_signature and opened.gate is Gate.CANDIDATE,
        behind=_behind(state),
    )


def open_verdicts(state: RunState) -> tuple[GateVerdict, ...]:
    """Return what may be said at the gate that waits; nothing where none does."""
    return tuple(verdict for verdict in GateVerdict if (terms := terms_of(state, verdict)) and terms.is_open)


def _behind(state: RunState) -> tuple[OperatorSigned | None, ...]:
    passed = (
        each.signed
        for each in state.decisions
        if (each.decided.gate, each.decided.attempt) == (Gate.WRITER, state.attempt)
    )
    return (state.begun, *passed)

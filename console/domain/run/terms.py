"""The terms of a verdict: what giving it at the waiting gate requires. Both user interfaces ask here."""

from dataclasses import dataclass

from console.domain.run.event import OperatorSigned
from console.domain.run.gate import Gate, GateVerdict, allowed_verdicts
from console.domain.run.state import RunState


@dataclass(frozen=True, slots=True)
class Terms:
    """What a verdict means at the waiting gate."""

    is_override: bool
    """Whether it is better than the computed verdict."""
    is_open: bool
    """Whether it may be given here; False also if the computed verdict is final."""
    needs_reason: bool
    """Whether an operator has to type a reason; the machine's own verdict never needs one."""
    needs_signature: bool
    """Whether the policy requires two operators, told apart by their signatures."""
    is_second: bool
    """Whether it has to come from an operator who has not yet passed the draft."""
    behind: tuple[OperatorSigned | None, ...]
    """The operators who began the run and passed the draft of this attempt; None for each unsigned one."""


def terms_of(state: RunState, verdict: GateVerdict) -> Terms | None:
    """Return the terms of a verdict; None if no gate waits."""
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
    """Return the verdicts that may be given at the waiting gate; empty if none waits."""
    return tuple(verdict for verdict in GateVerdict if (terms := terms_of(state, verdict)) and terms.is_open)


def _behind(state: RunState) -> tuple[OperatorSigned | None, ...]:
    passed = (
        each.signed
        for each in state.decisions
        if (each.decided.gate, each.decided.attempt) == (Gate.WRITER, state.attempt)
    )
    return (state.begun, *passed)

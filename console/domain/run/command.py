"""Commands for a run; `decide` turns them into events."""

from dataclasses import dataclass

from console.domain.routes.role import Role
from console.domain.run.agent_event import OutsideDraft
from console.domain.run.event import GateOpened, RunEvent
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import ProofSpent, RouteProof
from console.domain.run.state import RunState


@dataclass(frozen=True, slots=True)
class ReportEvent:
    """The stepper reports an event."""

    event: RunEvent


@dataclass(frozen=True, slots=True)
class Decide:
    """A decision at a gate."""

    gate: Gate
    verdict: GateVerdict
    reason: str
    saw: str
    """The ledger head that the operator had seen; its first 12 characters are enough."""
    artifact_sha256: str | None
    is_machine: bool = False
    """Whether `--auto` accepts the machine's verdict."""


@dataclass(frozen=True, slots=True)
class SignDecision:
    """The operator's verified signature for the beginning of a run, or for the decision that follows immediately."""

    signature: str
    signers_sha256: str


@dataclass(frozen=True, slots=True)
class AllowRepeat:
    """The operator allows one more call at the gate, on the same route."""

    reason: str


@dataclass(frozen=True, slots=True)
class BringDraft:
    """The operator brings another draft from outside, to a run that began with one."""

    draft: OutsideDraft


@dataclass(frozen=True, slots=True)
class MoveRoute:
    """The operator moves a role to the fallback route for the rest of the run."""

    role: Role
    reason: str
    proof: RouteProof | None = None
    """How far the fallback's route is proven; whoever carries the command out proves it first."""
    spent: ProofSpent | None = None
    """What proving it took; None if it took nothing."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The operator leaves the run to another one, with a note; no one else is kept from deciding."""

    to: str
    """Whom it is for: an operator's id."""
    note: str
    to_key: str | None = None
    """The fingerprint of their key, if it is known."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The operator ends the run."""

    reason: str


Command = ReportEvent | Decide | SignDecision | AllowRepeat | BringDraft | MoveRoute | HandOver | Stop
OperatorCommand = Decide | AllowRepeat | BringDraft | MoveRoute | HandOver | Stop
"""The operator's commands; a signature accompanies a decision that needs one."""


def operator_verdict(
    state: RunState, gate: Gate, verdict: GateVerdict, reason: str, *, saw: str | None = None
) -> Decide:
    """Return an operator's decision at the waiting gate.

    Args:
        state: The run as the operator's console read it.
        gate: The gate that the operator means.
        verdict: The verdict.
        reason: The reason.
        saw: The head that the operator had seen; by default the one that the console read.

    """
    artifact = None if state.opened is None else state.opened.artifact_sha256
    return Decide(gate, verdict, reason, state.head if saw is None else saw, artifact)


def machine_verdict(state: RunState, opened: GateOpened) -> Decide:
    """Return the decision that accepts the computed verdict at the waiting gate."""
    return Decide(opened.gate, opened.verdict, "", state.head, opened.artifact_sha256, is_machine=True)

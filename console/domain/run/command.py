"""What can be wanted of a run: the commands that `decide` turns into events."""

from dataclasses import dataclass

from console.domain.routes.role import Role
from console.domain.run.event import GateOpened, RunEvent
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import RunState


@dataclass(frozen=True, slots=True)
class Report:
    """The stepper reports what was done."""

    event: RunEvent


@dataclass(frozen=True, slots=True)
class Decide:
    """A verdict at a gate."""

    gate: Gate
    verdict: GateVerdict
    reason: str
    saw: str
    """The head of the ledger that the operator had seen; its first 12 characters are enough."""
    artifact_sha256: str | None
    is_machine: bool = False
    """The machine's own verdict is taken, by `--auto`."""


@dataclass(frozen=True, slots=True)
class Sign:
    """The operator's signature for what is begun, or for the decision that follows at once. It was verified."""

    signature: str
    signers_sha256: str


@dataclass(frozen=True, slots=True)
class AllowRepeat:
    """The operator wants the gate's call to be made once more, on the same route."""

    reason: str


@dataclass(frozen=True, slots=True)
class MoveRoute:
    """The operator wants the fallback route to serve a role from here on."""

    role: Role
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The operator ends the run."""

    reason: str


Command = Report | Decide | Sign | AllowRepeat | MoveRoute | Stop
OperatorCommand = Decide | AllowRepeat | MoveRoute | Stop
"""What an operator can want; a signature comes with a decision that needs one."""


def operator_verdict(
    state: RunState, gate: Gate, verdict: GateVerdict, reason: str, *, saw: str | None = None
) -> Decide:
    """Return an operator's decision on what waits.

    Args:
        state: The run as the operator's console has read it.
        gate: Where the operator means to decide.
        verdict: What is said.
        reason: Why.
        saw: The head that the operator had seen; by default the one that the console has read.

    """
    artifact = None if state.opened is None else state.opened.artifact_sha256
    return Decide(gate, verdict, reason, state.head if saw is None else saw, artifact)


def machine_verdict(state: RunState, opened: GateOpened) -> Decide:
    """Return the decision that takes what our code computed at the gate that waits, as it is."""
    return Decide(opened.gate, opened.verdict, "", state.head, opened.artifact_sha256, is_machine=True)

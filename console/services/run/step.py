"""A step of a run as its faces see it: what it tells while it is made, and why it could not be."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.domain.finding import Finding
from console.domain.probes.event import SmokeEvent
from console.domain.problem import Problem, ProblemKind
from console.domain.run.event import Entry, GateOpened

if TYPE_CHECKING:
    from console.services.run.role_call import RoleCall


class StepHeldError(Problem):
    """A step cannot be made now, and nothing was changed: the run stays where it is."""

    kind = ProblemKind.WAITING


@dataclass(frozen=True, slots=True)
class CallPrepared:
    """A call as it is about to be sent. Display only."""

    call: "RoleCall"


@dataclass(frozen=True, slots=True)
class GateNoted:
    """A gate's findings in words. Display only; they are kept apart from the ledger."""

    opened: GateOpened
    findings: tuple[Finding, ...]
    output_tails: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What each failed check wrote last, after its name; kept nowhere."""


StepEvent = Entry | CallPrepared | GateNoted | SmokeEvent

"""A step of a run as the CLI and the app see it: the events it yields, and why it could not run."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.domain.finding import Finding
from console.domain.probes.event import RungStarted, SmokeEvent
from console.domain.problem import Problem, ProblemKind
from console.domain.relay.call import RelayEvent
from console.domain.run.event import Entry, GateOpened, PreflightFinished, RunStopped
from console.domain.run.subject import PreflightNotes

if TYPE_CHECKING:
    from console.services.run.briefing.briefing import AgentTask
    from console.services.run.role_call import RoleCall


class StepHeldError(Problem):
    """A step is not possible now. Nothing was changed: the run stays where it is."""

    kind = ProblemKind.WAITING


@dataclass(frozen=True, slots=True)
class CallPrepared:
    """A call about to be sent. Display only."""

    call: "RoleCall | AgentTask"


@dataclass(frozen=True, slots=True)
class GateNoted:
    """A gate's findings as text. Display only; they are stored outside the ledger."""

    opened: GateOpened
    findings: tuple[Finding, ...]
    output_tails: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The name and last output of each failed check; never stored."""


@dataclass(frozen=True, slots=True)
class PreflightNoted:
    """What a preflight found as text, whether it passed or stopped the run. Display only; stored outside the ledger."""

    ended: PreflightFinished | RunStopped
    notes: PreflightNotes


StepEvent = Entry | CallPrepared | GateNoted | PreflightNoted | RungStarted | SmokeEvent | RelayEvent

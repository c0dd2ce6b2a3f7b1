"""A step of a run as its faces see it: what it tells while it is made, and why it could not be."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.domain.errors.category import Category
from console.domain.finding import Finding
from console.domain.probes.event import SmokeEvent
from console.domain.run.event import Entry, GateOpened
from console.domain.tokens.state import TokenState

if TYPE_CHECKING:
    from console.services.run.role_call import RoleCall


class StepHeldError(Exception):
    """A step cannot be made now, and nothing was changed: the run stays where it is."""

    def __init__(self, words: str, *, token: TokenState | None = None, category: Category | None = None) -> None:
        super().__init__(words)
        self.token = token
        """What asking for the token led to, where that holds the step."""
        self.category = category
        """Why the gateway could not be asked or called, where that holds the step."""


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

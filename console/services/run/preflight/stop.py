"""How a preflight stops a run: the rule, what it is about, and words that fit into a record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.domain.errors.category import Category
from console.domain.finding import Finding
from console.domain.routes.role import Role
from console.domain.run.event import RunStopped, StopCause, StopRule, noted
from console.domain.run.pinned import ProofSpent
from console.domain.run.reach import Reach
from console.domain.run.reason import REASON_LIMIT, check_reason


@dataclass(frozen=True, slots=True)
class PreflightStop:
    """Why a run cannot go on: it is stopped, or held if asking again later may help."""

    words: str
    rule: StopRule | None = None
    """None if a budget stops it: the cause says so."""
    category: Category | None = None
    findings: tuple[Finding, ...] = ()
    role: Role | None = None
    independence: tuple[tuple[str, int], ...] = ()
    """The pairs that are too close, with their level."""
    verification_rows: tuple[str, ...] = ()
    cause: StopCause = StopCause.PREFLIGHT
    is_held: bool = False
    spent: ProofSpent | None = None
    """What the calls took that led here."""

    def recorded(self, reach: Reach | None, notes_sha256: str | None) -> RunStopped:
        """Return the stop as the ledger records it.

        Args:
            reach: The tokens that roles could have reached.
            notes_sha256: The hash of the preflight's notes.

        """
        return RunStopped(
            self.cause,
            self.category,
            _recordable(self.words, self.findings),
            noted(self.findings),
            self.spent,
            self.role,
            self.rule,
            self.independence,
            self.verification_rows,
            reach,
            notes_sha256,
        )


def joined(stops: Sequence[PreflightStop]) -> PreflightStop | None:
    """Return several stops as one, so that all can be fixed at once: the first one's rule, and what all are about."""
    if not stops:
        return None
    first = stops[0]
    return PreflightStop(
        fitting([stop.words for stop in stops]),
        first.rule,
        first.category,
        tuple(finding for stop in stops for finding in stop.findings),
        first.role,
        tuple(pair for stop in stops for pair in stop.independence),
        tuple(row for stop in stops for row in stop.verification_rows),
    )


def in_words(findings: Sequence[Finding]) -> str:
    """Return findings in one line that a record can hold."""
    return fitting([f"{each.id}: {each.message}" for each in findings]) or "no finding says why"


def fitting(parts: Iterable[str]) -> str:
    """Return as many sentences as a record's reason can hold, and how many more there are."""
    said = [part.rstrip(". ") for part in parts]
    for count in range(len(said), 0, -1):
        more = f" (and {len(said) - count} more)" if count < len(said) else ""
        if len(words := ". ".join(said[:count]) + more) <= REASON_LIMIT:
            return words
    return said[0][: REASON_LIMIT - 1] + "…" if said else ""


def _recordable(words: str, findings: Sequence[Finding]) -> str:
    """Return the words if a record may hold them, or else the findings' ids: a stop always has a reason."""
    kept = fitting([words])
    if kept and check_reason(kept) is None:
        return kept
    return ", ".join(dict.fromkeys(each.id for each in findings)) or "the preflight found a reason to stop"

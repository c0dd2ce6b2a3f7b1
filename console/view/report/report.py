"""What a verb found, whatever form it is written in: results, and the findings that each rests on."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from console.domain.baseline import Acceptance, Seen
from console.domain.finding import Severity
from console.domain.record.record import Record
from console.view.sign import Tone


class Outcome(StrEnum):
    """What became of a result."""

    PASSED = "passed"
    SKIPPED = "not proven"
    """It was not tried, or what was tried does not prove it: never a pass."""
    ACCEPTED = "accepted"
    """It fails, by findings that the baseline accepts: never a pass."""
    FAILED = "failed"
    ERROR = "error"
    """It could not be judged: an account, an outage, a config, or a refusal for safety."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file."""

    path: str
    """Relative to the working directory or absolute, with `/` between steps; empty if there is no file."""
    lines: tuple[int, ...] = ()
    """From 1; empty if it is about the whole file."""


NOWHERE = Spot("")


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A finding, with what it is about and where that is written."""

    id: str
    severity: Severity
    profile: str
    """Empty if it does not depend on one."""
    subject: str
    """A route, a file, the environment."""
    message: str
    evidence: str = ""
    source_url: str = ""
    spot: Spot = NOWHERE
    may_be_accepted: bool = True
    """Whether a baseline may accept it: never what keeps a call from being judged."""
    acceptance: Acceptance | None = None
    """What the baseline says of it; None without a baseline."""

    def seen_by(self, verb: str) -> Seen:
        """Return the finding as a baseline names it: without lines and messages, which change."""
        return Seen(verb, self.profile, self.subject, self.id, self.severity, max(1, len(self.spot.lines)))


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a result: a rung of a route, a call."""

    name: str
    outcome: Outcome
    words: str = ""
    """Why it did not pass."""
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was checked: a route, a file, a row."""

    profile: str
    name: str
    """The subject of its findings."""
    outcome: Outcome
    words: str
    """The verdict and what it means."""
    code: int
    """The exit code that it alone gives."""
    findings: tuple[ReportedFinding, ...] = ()
    steps: tuple[Step, ...] = ()
    about: str = ""
    """What it is: a model and its endpoint."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that a page shows in place of the results, and that a reader may sort."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: tuple[tuple[str, ...], ...]
    """By what each cell is sorted: its text, or a number."""
    tones: tuple[Tone, ...]
    """What each row's first cell means."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a verb found."""

    verb: str
    title: str
    code: int
    """The exit code of the command."""
    results: tuple[Result, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """What it is about: the config, how far was climbed, what was spent."""
    is_simulated: bool = False
    document: object = field(default=None, repr=False)
    """The JSON document, as plain values."""
    record: Record | None = field(default=None, repr=False)
    """The record of a run, which has forms of its own; None if it is about anything else."""
    grid: Grid | None = None
    """The table of its page; None if the results are that."""

    @property
    def findings(self) -> tuple[ReportedFinding, ...]:
        """Every finding, in the order of the results."""
        return tuple(finding for result in self.results for finding in result.findings)

    def count(self, outcome: Outcome) -> int:
        """Return how many results have an outcome."""
        return sum(result.outcome is outcome for result in self.results)


def with_reason(result: Result, category: str | None, words: str) -> Result:
    """Return a result whose exit code is not 0 with a finding that says why.

    A call that was refused or failed has its category as a finding, so that every form counts the same failures. Such
    a result, and one that exits with anything but 1, is never accepted: it could not be judged.

    Args:
        result: The result.
        category: The category of the refusal or failure; None if findings say it all.
        words: What to do about it.

    """
    if result.code == 0:
        return result
    has_failure = any(each.severity is Severity.FAIL for each in result.findings)
    named = category if category != "contract_violation" or not has_failure else None
    findings = result.findings
    if result.code != 1 or named is not None:
        findings = tuple(replace(each, may_be_accepted=False) for each in findings)
    if named is not None or not has_failure:
        spot = result.findings[0].spot if result.findings else NOWHERE
        reason = ReportedFinding(
            named or "not-proven", Severity.FAIL, result.profile, result.name, words or result.words, spot=spot,
            may_be_accepted=False,
        )  # fmt: skip
        findings = (reason, *findings)
    return replace(result, findings=findings)

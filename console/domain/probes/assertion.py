"""Assertions: the rules for a route, a call and its answer. Each is a row of data; findings are made from rows."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.finding import Finding, Severity


class JudgedBy(StrEnum):
    """The part of the console that judges an assertion."""

    TABLE = "table"
    """The offline check of the route table, which has its own messages."""
    ANSWER = "answer"
    """The readers of streamed and whole answers, in `wire`."""
    CALL = "call"
    """The exchange, which sees status, headers and times."""
    CLASSIFIER = "classifier"
    """The error classification, which returns a category instead of a finding."""
    LADDER = "ladder"
    """A probe on request only: it costs a call, or sends a wrong one on purpose."""
    SETTINGS = "settings"
    """The reader of the config, which refuses a profile that breaks the rule."""
    NOT_TESTED = "not_tested"
    """Nothing: no call of this console can show it. The meaning says what would."""


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which an answer violates an assertion."""

    name: str
    severity: Severity
    """The assertion's own, or a lower one if working gateways are known to do this."""
    message: str
    """The message of a finding: one sentence."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """One rule to judge."""

    id: str
    """Stable id, `AREA-NUMBER`; never reused for another meaning."""
    severity: Severity
    """The highest severity of a violation."""
    level: int
    """The lowest rung of the probe ladder that judges it, 0 to 5."""
    judged_by: JudgedBy
    meaning: str
    """The rule, in one line."""
    source: str
    """The source: a URL or a document."""
    checked_on: str
    """ISO date on which the source was read."""
    cases: tuple[Case, ...]
    """Empty if the judge has its own messages, or if there is no finding."""


@cache
def assertions() -> tuple[Assertion, ...]:
    """Return all assertions, in display order."""
    table = load_facts("assertions")
    return tuple(
        Assertion(
            id=row["id"],
            severity=Severity(row["severity"]),
            level=row["level"],
            judged_by=JudgedBy(row["judged_by"]),
            meaning=row["meaning"],
            source=row["source"],
            checked_on=row.get("checked_on", table["checked_on"]),
            cases=tuple(
                Case(case["name"], Severity(case.get("severity", row["severity"])), case["message"])
                for case in row.get("case", ())
            ),
        )
        for row in table["assertion"]
    )


def finding_of(assertion_id: str, case: str, evidence: str = "") -> Finding:
    """Return the finding for a violated assertion.

    Args:
        assertion_id: The assertion's id.
        case: The name of one of its cases.
        evidence: Where and how often; of text from outside, only a model's name in its closed form.

    Raises:
        KeyError: There is no such assertion or case.

    """
    finding = _findings()[assertion_id, case]
    if not evidence:
        return finding
    return Finding(
        finding.id, finding.severity, finding.message, finding.source_url, finding.checked_on, evidence=evidence
    )


@cache
def _findings() -> dict[tuple[str, str], Finding]:
    return {
        (row.id, case.name): Finding(row.id, case.severity, case.message, *_source(row))
        for row in assertions()
        for case in row.cases
    }


def _source(row: Assertion) -> tuple[str, str]:
    """Return the URL and date of an outside source; a document of this project needs neither."""
    return (row.source, row.checked_on) if row.source.startswith("https://") else ("", "")

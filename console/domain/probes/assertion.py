"""Assertions: what a route, a call and its answer have to meet. Each is a row of data; findings are made from rows."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.finding import Finding, Severity


class JudgedBy(StrEnum):
    """Which part of the console judges an assertion."""

    TABLE = "table"
    """The offline check of the route table, which words its findings itself."""
    ANSWER = "answer"
    """The readers of answers, streamed and not, in the wire."""
    CALL = "call"
    """The exchange, which sees status, headers and times."""
    CLASSIFIER = "classifier"
    """The classing of errors, whose outcome is a category and no finding."""
    LADDER = "ladder"
    """A probe that has to be asked for: it costs a call, or sends a wrong one on purpose."""


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which an answer departs from an assertion."""

    name: str
    severity: Severity
    """The assertion's own, or a lesser one where gateways that work are known to depart in this way."""
    message: str
    """What a finding says: one sentence."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """One rule that is judged."""

    id: str
    """Stable id, `AREA-NUMBER`; never reused for another meaning."""
    severity: Severity
    """What breaking it weighs at most."""
    level: int
    """The lowest rung of the probe ladder that judges it, 0 to 5."""
    judged_by: JudgedBy
    meaning: str
    """The rule, in one line."""
    source: str
    """A URL, or the document that says so."""
    checked_on: str
    """ISO date on which the source was read."""
    cases: tuple[Case, ...]
    """Empty where a finding is worded by who judges, or where the outcome is none."""


@cache
def assertions() -> tuple[Assertion, ...]:
    """Return all assertions, in the order of the list that a person reads."""
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


def found(assertion_id: str, case: str, evidence: str = "") -> Finding:
    """Return the finding that says how an assertion was departed from.

    Args:
        assertion_id: The assertion's id.
        case: The name of one of its cases.
        evidence: Where and how often, in our words and numbers; text from outside never enters it.

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
    """Return URL and date of an outside source; a document of this project needs neither."""
    return (row.source, row.checked_on) if row.source.startswith("https://") else ("", "")

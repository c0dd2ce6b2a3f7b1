"""A record as JUnit XML: the gates and the policy's checks as test cases of one suite, the run.

A gate that sent the draft back or blocked it is a failure. A stop is an error: it says nothing about the draft. What
was not reached or not decided is skipped, never passed. A case that an operator passed against the computed verdict
says so.
"""

from console.domain.ledger.checkpoint import moment
from console.domain.record.record import Record
from console.view.record.results import Outcome, Result, results_of, stop_words
from console.view.report.junit import Case, Suite, Tag, junit_xml
from console.view.report.page import SIMULATED

_TAGS = {
    Outcome.FAILED: Tag.FAILURE,
    Outcome.STOPPED: Tag.ERROR,
    Outcome.WAITING: Tag.SKIPPED,
    Outcome.NOT_REACHED: Tag.SKIPPED,
    Outcome.NOT_NEEDED: Tag.SKIPPED,
}


def record_junit(record: Record) -> str:
    """Return the XML of one suite."""
    name = f"run {record.run_id}{' (simulated)' if record.is_simulated else ''}"
    timestamp = moment(record.started_at_ms).removesuffix("Z")
    cases = [_case(record, each) for each in results_of(record)]
    return junit_xml([Suite(name, cases, timestamp, _facts(record))])


def _facts(record: Record) -> dict[str, str]:
    state = record.repository_state
    facts = {
        "run_id": record.run_id,
        "simulated": SIMULATED if record.is_simulated else "no",
        "status": record.status,
        "stop": stop_words(record),
        "repository": record.repository,
        "commit": "" if state is None else state.commit,
        "candidate_sha256": record.candidate_sha256 or "",
        "attempt": str(record.attempt),
        "head": record.head,
    }
    return {name: value for name, value in facts.items() if value}


def _case(record: Record, result: Result) -> Case:
    group, _, name = result.name.partition("/")
    facts = [f"outcome: {result.outcome}", f"verdict: {result.words}"]
    if result.outcome is Outcome.OVERRIDDEN and result.gate is not None:
        facts.append(f"override_reason: {result.gate.reason}")
    tag, kind = _TAGS.get(result.outcome), ""
    if tag is Tag.ERROR and record.stop is not None:
        kind = record.stop.category or record.stop.cause
    elif tag is Tag.FAILURE and result.check is None and result.gate is not None:
        kind = result.gate.decided or result.gate.computed
    duration_ms = None if result.check is None else result.check.duration_ms
    return Case(group, name, tag, result.words, kind, duration_ms, facts)

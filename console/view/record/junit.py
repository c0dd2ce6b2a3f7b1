"""A record as JUnit XML: the gates and the policy's checks as test cases of one suite, the run.

A gate that sent the draft back or blocked it is a failure. A stop is an error: it says nothing about the draft. What
was not reached or not decided is skipped, never passed. A case that an operator passed against the computed verdict
says so in its properties.
"""

from xml.etree import ElementTree

from console.domain.ledger.checkpoint import moment
from console.domain.record.record import Record
from console.domain.text.safe import safe
from console.view.record.results import SIMULATED, Outcome, Result, results_of, stop_words

_TAGS = {
    Outcome.FAILED: "failure",
    Outcome.STOPPED: "error",
    Outcome.WAITING: "skipped",
    Outcome.NOT_REACHED: "skipped",
    Outcome.NOT_NEEDED: "skipped",
}


def junit_xml(record: Record) -> str:
    """Return the XML of one suite."""
    results = results_of(record)
    tags = [_TAGS.get(each.outcome) for each in results]
    counts = {
        "tests": str(len(results)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
    }
    root = ElementTree.Element("testsuites", {"name": "gateway-console", **counts})
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        {
            "name": f"run {record.run_id}{' (simulated)' if record.is_simulated else ''}",
            "timestamp": moment(record.started_at_ms).removesuffix("Z"),  # the schema wants UTC without a zone
            **counts,
        },
    )
    _properties(suite, _facts(record))
    for each in results:
        _case(suite, record, each)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


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


def _case(suite: ElementTree.Element, record: Record, result: Result) -> None:
    group, _, name = result.name.partition("/")
    of_case = {"classname": f"gateway-console.{group}", "name": _legal(name)}
    if result.check is not None:
        of_case["time"] = f"{result.check.duration_ms / 1000:.3f}"
    case = ElementTree.SubElement(suite, "testcase", of_case)
    about = {"outcome": str(result.outcome), "verdict": result.words}
    if result.outcome is Outcome.OVERRIDDEN and result.gate is not None:
        about["override_reason"] = result.gate.reason
    _properties(case, about)
    if (tag := _TAGS.get(result.outcome)) is not None:
        why = {"message": _legal(result.words)}
        if tag == "error" and record.stop is not None:
            why["type"] = record.stop.category or record.stop.cause
        elif tag == "failure" and result.check is None and result.gate is not None:
            why["type"] = result.gate.decided or result.gate.computed
        ElementTree.SubElement(case, tag, why)


def _properties(parent: ElementTree.Element, facts: dict[str, str]) -> None:
    """Add properties, in the order of the facts."""
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": _legal(value)})


def _legal(text: str) -> str:
    """Return a text that XML can hold: it has no form for control characters, nor for two codes at a plane's end."""
    return safe(text).translate(dict.fromkeys((0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}"))

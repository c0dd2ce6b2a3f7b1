"""Suites of test cases as JUnit XML, by the schema that Jenkins reads: its facts stand in `system-out`, one a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from xml.etree import ElementTree

from console.domain.text.safe import safe


class Tag(StrEnum):
    """What a case has that did not pass."""

    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """A test case."""

    group: str
    """Follows `gateway-console.` in the name of its class."""
    name: str
    tag: Tag | None
    """None if it passed."""
    message: str = ""
    """Why it did not pass."""
    kind: str = ""
    """The type of its failure or error."""
    duration_ms: float | None = None
    facts: Sequence[str] = ()
    """More about it, a line each."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite of cases."""

    name: str
    cases: Sequence[Case]
    timestamp: str = ""
    """In UTC, without a zone, as the schema wants it."""
    facts: Mapping[str, str] = field(default_factory=dict)


def junit_xml(suites: Sequence[Suite]) -> str:
    """Return suites as XML, with a line feed at its end."""
    counts = _counts([case for suite in suites for case in suite.cases])
    del counts["skipped"]  # the schema has it for a suite alone
    root = ElementTree.Element("testsuites", {"name": "gateway-console", **counts})
    for suite in suites:
        stamped = {"timestamp": suite.timestamp} if suite.timestamp else {}
        element = ElementTree.SubElement(
            root, "testsuite", {"name": _legal(suite.name), **stamped, **_counts(suite.cases)}
        )
        _properties(element, suite.facts)
        for case in suite.cases:
            _add_case(element, case)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    tags = [case.tag for case in cases]
    return {
        "tests": str(len(cases)),
        "failures": str(tags.count(Tag.FAILURE)),
        "errors": str(tags.count(Tag.ERROR)),
        "skipped": str(tags.count(Tag.SKIPPED)),
    }


def _add_case(suite: ElementTree.Element, case: Case) -> None:
    about = {"classname": _legal(f"gateway-console.{case.group}"), "name": _legal(case.name)}
    if case.duration_ms is not None:
        about["time"] = f"{case.duration_ms / 1000:.3f}"
    element = ElementTree.SubElement(suite, "testcase", about)
    if case.tag is not None:
        why = {"message": _legal(case.message)}
        if case.kind:
            why["type"] = _legal(case.kind)
        ElementTree.SubElement(element, case.tag, why)
    if case.facts:
        ElementTree.SubElement(element, "system-out").text = "\n".join(map(_legal, case.facts))


def _properties(parent: ElementTree.Element, facts: Mapping[str, str]) -> None:
    """Add properties, in the order of the facts."""
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": _legal(value)})


def _legal(text: str) -> str:
    """Return a text that XML can hold: it has no form for control characters, nor for two codes at a plane's end."""
    return safe(text).translate(dict.fromkeys((0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}"))

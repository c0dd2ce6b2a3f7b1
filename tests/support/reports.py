"""Reports for tests, and the public schemas that their forms are held against."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import xmlschema
from jsonschema import Draft4Validator

from console.domain.baseline import Acceptance
from console.domain.finding import Severity
from console.view.report.report import Outcome, Report, ReportedFinding, Result, Spot, Step

SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"


@cache
def _sarif() -> Draft4Validator:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


@cache
def _junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


def sarif_run(text: str) -> dict[str, Any]:
    """Return the one run of a SARIF log that the public schema allows, and whose rules are where its results say."""
    log = json.loads(text)
    _sarif().validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])
    return dict(run)


def junit_cases(text: str) -> dict[str, str]:
    """Return the tag of each case of JUnit XML that the public schema allows, by name; `passed` if it has none."""
    _junit().validate(text)
    root = ElementTree.fromstring(text.encode())
    cases = list(root.iter("testcase"))
    for suites in (root, *root.iter("testsuite")):
        own = list(suites.iter("testcase"))
        assert int(suites.get("tests", "")) == len(own)
        assert int(suites.get("failures", "")) == len([each for each in own if each.find("failure") is not None])
        assert int(suites.get("errors", "")) == len([each for each in own if each.find("error") is not None])
    found = {}
    for case in cases:
        tags = [each.tag for each in case if each.tag in ("failure", "error", "skipped")]
        assert all(case.find(tag).get("message") for tag in tags), "each says why"  # type: ignore[union-attr]
        found[f"{case.get('classname')}/{case.get('name')}"] = tags[0] if tags else "passed"
    return found


def report(text: str = "x", count: int = 1, *, is_simulated: bool = False) -> Report:
    """Return a report with an outcome of each kind, and a text in every place that may hold one from outside."""
    findings = tuple(
        ReportedFinding(
            id=f"{text}{severity}",
            severity=severity,
            profile=text,
            subject=text,
            message=text,
            evidence=text,
            source_url=f"https://host.example/{text}",
            spot=Spot(text, (3, 7)),
            acceptance=acceptance,
        )
        for severity, acceptance in zip(Severity, (Acceptance.NEW, Acceptance.KNOWN, None), strict=True)
        for _ in range(count)
    )
    steps = tuple(Step(f"{text} {outcome}", outcome, text, 1.5) for outcome in Outcome)
    results = tuple(
        Result(text, f"{text} {outcome}", outcome, text, int(outcome is Outcome.FAILED), findings, steps, text)
        for outcome in Outcome
    )
    return Report(
        "check", f"check of {text}", 1, results, (("profile", text), ("config", text)), is_simulated, {"text": text}
    )

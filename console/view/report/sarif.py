"""A report as SARIF 2.1.0: a result for each finding, at its lines of a file; what was not proven is a notification.

Code scanning of GitHub takes no result without a file, so a finding on something else names its subject in place of
one, as other tools do.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from console import __version__
from console.domain.baseline import Acceptance
from console.domain.finding import Severity
from console.domain.text.json_text import shown_json
from console.domain.text.safe import safe
from console.view.report.page import SIMULATED
from console.view.report.report import Outcome, Report, ReportedFinding, Spot

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.FAIL: "error", Severity.WARN: "warning", Severity.INFO: "note"}
_NOT_PROVEN = {Outcome.SKIPPED: "warning", Outcome.ERROR: "error"}
_TEXT_LIMIT = 1_000


def sarif(report: Report) -> str:
    """Return a report as SARIF, with a line feed at its end."""
    first: dict[str, ReportedFinding] = {}
    for each in report.findings:
        first.setdefault(each.id, each)
    places = {name: index for index, name in enumerate(first)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "gateway-console",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(each) for each in first.values()],
            }
        },
        "automationDetails": {"id": f"gateway-console/{report.verb}/"},
        "invocations": [_invocation(report)],
        "results": [_result(report.verb, each, places[each.id]) for each in report.findings],
        "columnKind": "unicodeCodePoints",
        "properties": {"facts": {name: _text(text) for name, text in report.facts}},
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return shown_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def fingerprint(verb: str, finding: ReportedFinding) -> str:
    """Return what the same finding has in every run: no line and no message is in it."""
    return hashlib.sha256(_bytes("\x00".join(finding.seen_by(verb).key))).hexdigest()


def _rule(finding: ReportedFinding) -> dict[str, Any]:
    words = {"text": _text(finding.message) or finding.id}
    rule: dict[str, Any] = {
        "id": _text(finding.id),
        "shortDescription": words,
        "help": words,
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
    }
    if finding.source_url.startswith("https://"):
        rule["helpUri"] = quote(finding.source_url, safe="/:?#[]@!$&'()*+,;=%~-._")
    return rule


def _invocation(report: Report) -> dict[str, Any]:
    unproven = [
        {
            "level": _NOT_PROVEN[result.outcome],
            "message": {
                "text": _text(f"{result.profile}{': ' if result.profile else ''}{result.name}: {result.words}")
            },
        }
        for result in report.results
        if result.outcome in _NOT_PROVEN
    ]
    simulated = [{"level": "warning", "message": {"text": SIMULATED}}] if report.is_simulated else []
    return {
        "executionSuccessful": report.count(Outcome.ERROR) == 0,
        "exitCode": report.code,
        "toolExecutionNotifications": [*simulated, *unproven],
    }


def _result(verb: str, finding: ReportedFinding, rule: int) -> dict[str, Any]:
    seen = f" ({finding.evidence})" if finding.evidence else ""
    of = f"{finding.profile}: " if finding.profile else ""
    result: dict[str, Any] = {
        "ruleId": _text(finding.id),
        "ruleIndex": rule,
        "kind": "fail",
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(f"{of}{finding.subject}: {finding.message}{seen}")},
        "locations": _locations(finding),
        "partialFingerprints": {"gatewayConsole/v1": fingerprint(verb, finding)},
    }
    if finding.acceptance is not None:
        result |= _held(finding.acceptance)
    return result


def _held(acceptance: Acceptance) -> Mapping[str, Any]:
    if acceptance.is_accepted:
        accepted = {"kind": "external", "status": "accepted", "justification": "accepted by the baseline file"}
        return {"baselineState": "unchanged", "suppressions": [accepted]}

    state = {Acceptance.NEW: "new", Acceptance.WORSE: "updated", Acceptance.EXPIRED: "unchanged"}[acceptance]
    return {"baselineState": state, "suppressions": []}


def _locations(finding: ReportedFinding) -> list[dict[str, Any]]:
    logical = [{"fullyQualifiedName": _text(f"{finding.profile}{'/' if finding.profile else ''}{finding.subject}")}]
    return [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": _uri(finding.spot, finding.subject)},
                "region": {"startLine": line},
            },
            "logicalLocations": logical,
        }
        for line in finding.spot.lines or (1,)
    ]


def _uri(spot: Spot, subject: str) -> str:
    """Return a file as a URI: relative, or `file:` if its path is absolute."""
    if not spot.path:
        return _quoted(subject) or "gateway-console"
    return f"file://{_quoted(spot.path)}" if spot.path.startswith("/") else _quoted(spot.path)


def _quoted(path: str) -> str:
    return quote(_bytes(path), safe="/-._~")


def _bytes(text: str) -> bytes:
    """Return a text's bytes; a file's name that is not UTF-8 as it is on the disk."""
    return re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", text).encode("utf-8", "surrogateescape")


def _text(text: str) -> str:
    return safe(text, limit=_TEXT_LIMIT)

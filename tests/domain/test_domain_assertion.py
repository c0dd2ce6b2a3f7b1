"""The assertions as data: whole, well-formed, and each judged somewhere."""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import pytest

import console
from console.domain.assertion import Assertion, JudgedBy, assertions, found
from console.domain.category import Category, classify
from console.domain.contract import Severity

PACKAGE = Path(console.__file__).parent
WEIGHT = [Severity.INFO, Severity.WARN, Severity.FAIL]
ALL = pytest.mark.parametrize("assertion", assertions(), ids=lambda assertion: assertion.id)
CONTRACT = {
    "COM-T": 6, "COM-S": 3, "COM-H": 3, "COM-B": 2, "COM-E": 3, "RSP-B": 8, "RSP-S": 1, "RSP-STREAM": 12, "RSP-U": 1,
    "RSP-E": 1, "CHT-B": 4, "CHT-STREAM": 8, "CHT-U": 1, "MSG-B": 2, "MSG-STREAM": 3, "MSG-HDR": 1, "PAR": 2, "MOD": 2,
}  # fmt: skip
"""How many assertions each area of the families' contracts has."""


def test_no_id_comes_twice() -> None:
    assert [each for each, times in Counter(row.id for row in assertions()).items() if times > 1] == []


def test_every_assertion_of_the_contracts_is_listed() -> None:
    areas = Counter(row.id.rpartition("-")[0] for row in assertions())
    assert {area: areas[area] for area in CONTRACT} == CONTRACT
    for area, number in CONTRACT.items():
        assert {f"{area}-{position:02}" for position in range(1, number + 1)} <= {row.id for row in assertions()}


@ALL
def test_an_assertion_is_well_formed(assertion: Assertion) -> None:
    assert re.fullmatch(r"[A-Z]{3,5}(-[A-Z]{1,6})?-\d{2}", assertion.id)
    assert 0 <= assertion.level <= 5
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", assertion.checked_on)
    assert assertion.source.startswith("https://") or assertion.source.partition(",")[0].endswith((".md", ".toml"))
    for sentence in (assertion.meaning, *(case.message for case in assertion.cases)):
        assert sentence[0].isupper() or sentence.startswith(("[DONE]", "sequence_number", "id,"))
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert not set("!<>\\\x1b") & set(sentence)
        assert len(sentence) <= 180


@ALL
def test_a_cases_severity_is_the_assertions_or_a_lesser_one(assertion: Assertion) -> None:
    names = [case.name for case in assertion.cases]
    assert len(set(names)) == len(names)
    assert len({case.message for case in assertion.cases}) == len(names)
    for case in assertion.cases:
        assert WEIGHT.index(case.severity) <= WEIGHT.index(assertion.severity)
    if assertion.cases:
        assert assertion.severity in {case.severity for case in assertion.cases}


@ALL
def test_who_finds_by_a_row_has_its_cases_and_nobody_else_has(assertion: Assertion) -> None:
    finds = assertion.judged_by in (JudgedBy.ANSWER, JudgedBy.CALL)
    assert bool(assertion.cases) is finds


@ALL
def test_a_file_that_is_a_source_is_there(assertion: Assertion) -> None:
    if not assertion.source.startswith("https://"):
        assert (PACKAGE.parent / assertion.source.partition(",")[0]).is_file()


def _literals(*folders: str) -> set[str]:
    return {
        node.value
        for folder in folders
        for path in sorted(PACKAGE.glob(folder))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@ALL
def test_every_assertion_is_judged_by_the_code_that_it_names(assertion: Assertion) -> None:
    match assertion.judged_by:
        case JudgedBy.TABLE:
            assert assertion.id in _literals("domain/contract.py")
        case JudgedBy.ANSWER:
            code = _literals("wire/**/*.py", "services/probe/exchange.py")
            assert assertion.id in code
            assert {case.name for case in assertion.cases} <= code
        case JudgedBy.CALL:
            code = _literals("services/probe/*.py")
            assert assertion.id in code
            assert {case.name for case in assertion.cases} <= code
        case JudgedBy.CLASSIFIER | JudgedBy.LADDER:
            assert assertion.id not in _literals("wire/**/*.py", "services/probe/exchange.py")


def test_no_code_names_an_id_that_is_not_listed() -> None:
    form = re.compile(r"(COM|RSP|CHT|MSG|ROUTE|ROLE|PAR|MOD)(-[A-Z]+)?-\d\d")
    named = {text for text in _literals("domain/*.py", "wire/**/*.py", "services/**/*.py") if form.fullmatch(text)}
    assert named - {row.id for row in assertions()} == set()


@pytest.mark.parametrize("status", [400, 404, 500, 503])
@pytest.mark.parametrize(
    "message",
    [
        "This model is only supported in v1/responses and not in v1/chat/completions.",
        "The requested model 'm' is not supported with the Responses API.",
        "Function tools with reasoning_effort are not supported for m in /v1/chat/completions.",
    ],
)
def test_an_error_that_says_drift_is_drift_whatever_its_status(status: int, message: str) -> None:
    """COM-E-03, whose outcome is a category."""
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": "model_not_found"}})
    assert classify(status, {}, body.encode()).category is Category.ENDPOINT_DRIFT


def test_a_finding_is_made_from_its_row() -> None:
    row = next(row for row in assertions() if row.id == "RSP-STREAM-03")
    gap = next(case for case in row.cases if case.name == "gap")
    finding = found("RSP-STREAM-03", "gap", "event 7")
    assert (finding.id, finding.severity, finding.message) == (row.id, Severity.WARN, gap.message)
    assert (finding.source_url, finding.checked_on) == (row.source, row.checked_on)
    assert (finding.evidence, found("RSP-STREAM-03", "gap").evidence) == ("event 7", "")


def test_a_finding_of_a_rule_of_our_own_names_no_url() -> None:
    assert (found("COM-T-06", "repeated").source_url, found("COM-T-06", "repeated").checked_on) == ("", "")


@pytest.mark.parametrize(("assertion_id", "case"), [("RSP-STREAM-03", "other"), ("XXX-01", "gap"), ("PAR-01", "")])
def test_a_case_that_is_not_there_is_an_error(assertion_id: str, case: str) -> None:
    with pytest.raises(KeyError):
        found(assertion_id, case)

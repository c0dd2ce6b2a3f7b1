"""The assertions as data: whole, well-formed, and each judged somewhere."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.errors.corpus import classified

import console
from console.domain.errors.category import Category
from console.domain.facts.load import load_facts
from console.domain.finding import Severity
from console.domain.probes.assertion import JudgedBy, assertions, finding_of

PACKAGE = Path(console.__file__).parent
WEIGHT = [Severity.INFO, Severity.WARN, Severity.FAIL]
CONTRACT = {
    "COM-T": 6, "COM-S": 4, "COM-H": 3, "COM-B": 2, "COM-E": 3, "RSP-B": 7, "RSP-S": 1, "RSP-STREAM": 13, "RSP-U": 1,
    "RSP-E": 1, "CHT-B": 4, "CHT-STREAM": 8, "CHT-U": 1, "MSG-B": 2, "MSG-STREAM": 4, "MSG-HDR": 1, "PAR": 2, "MOD": 8,
}  # fmt: skip
"""How many assertions each area of the families' contracts has."""


def test_every_assertion_of_the_contracts_is_listed() -> None:
    areas = Counter(row.id.rpartition("-")[0] for row in assertions())
    assert {area: areas[area] for area in CONTRACT} == CONTRACT
    known = {row.id for row in assertions()} | set(load_facts("findings")["retired"])
    for area, number in CONTRACT.items():
        assert {f"{area}-{position:02}" for position in range(1, number + 1)} <= known


def _faults_of(sentence: str) -> Iterator[str]:
    """Yield what is wrong with the form of a sentence that a person reads."""
    if not sentence[0].isupper() and not sentence.startswith(("[DONE]", "sequence_number", "id,")):
        yield f"begins small: {sentence}"
    if not sentence.endswith("."):
        yield f"has no end: {sentence}"
    if set("\n!<>\\\x1b") & set(sentence):
        yield f"has signs that no sentence needs: {sentence}"
    if len(sentence) > 180:
        yield f"is too long: {sentence}"


def test_every_assertion_is_well_formed() -> None:
    assert [row.id for row in assertions() if not re.fullmatch(r"[A-Z]{3,5}(-[A-Z]{1,6})?-\d{2}", row.id)] == []
    assert [row.id for row in assertions() if not 0 <= row.level <= 5] == []
    assert [row.id for row in assertions() if not re.fullmatch(r"20\d\d-\d\d-\d\d", row.checked_on)] == []
    sentences = {row.id: (row.meaning, *(case.message for case in row.cases)) for row in assertions()}
    assert [(at, fault) for at, said in sentences.items() for each in said for fault in _faults_of(each)] == []


def test_a_cases_severity_is_the_assertions_or_a_lesser_one() -> None:
    rows = [row for row in assertions() if row.cases]
    heaviest = {row.id: max((case.severity for case in row.cases), key=WEIGHT.index) for row in rows}
    assert heaviest == {row.id: row.severity for row in rows}


def test_no_two_cases_of_an_assertion_have_one_name_or_one_message() -> None:
    named = [(row.id, case.name) for row in assertions() for case in row.cases]
    told = [(row.id, case.message) for row in assertions() for case in row.cases]
    assert [each for each, times in Counter((*named, *told)).items() if times > 1] == []


def test_who_finds_by_a_row_has_its_cases_and_no_other_row_has() -> None:
    find = (JudgedBy.ANSWER, JudgedBy.CALL, JudgedBy.LADDER)
    assert [row.id for row in assertions() if bool(row.cases) is not (row.judged_by in find)] == []


def test_every_source_is_an_address_or_a_file_that_is_there() -> None:
    files = {row.source.partition(",")[0] for row in assertions() if not row.source.startswith("https://")}
    assert [each for each in files if not each.endswith((".md", ".toml"))] == []
    assert [each for each in files if not (PACKAGE.parent / each).is_file()] == []


@cache
def _literals(*folders: str) -> frozenset[str]:
    return frozenset(
        node.value
        for folder in folders
        for path in sorted(PACKAGE.glob(folder))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


WHERE = {
    JudgedBy.TABLE: ("domain/routes/contract.py", "domain/routes/retirement.py", "domain/routes/gateway_address.py"),
    JudgedBy.ANSWER: ("wire/**/*.py", "services/probes/exchange.py"),
    JudgedBy.CALL: ("services/gateway/*.py", "services/probes/*.py", "domain/probes/served_as.py"),
    JudgedBy.LADDER: (
        "services/gateway/*.py",
        "services/probes/*.py",
        "domain/probes/catalogue.py",
        "domain/probes/agent*.py",
    ),
}
"""Where the code stands that judges by a row; of what the classifier judges, no code names a row."""


def test_every_assertion_is_judged_by_the_code_that_it_names() -> None:
    judged = [(row, _literals(*WHERE[row.judged_by])) for row in assertions() if row.judged_by in WHERE]
    assert [row.id for row, code in judged if row.id not in code] == []
    assert [(row.id, case.name) for row, code in judged for case in row.cases if case.name not in code] == []
    ours = {row.id for row in assertions() if row.judged_by is JudgedBy.CLASSIFIER}
    assert ours & _literals("wire/**/*.py", "services/probes/exchange.py") == set()
    assert set(WHERE) | {JudgedBy.CLASSIFIER, JudgedBy.SETTINGS, JudgedBy.NOT_TESTED} == set(JudgedBy)


def test_what_is_not_tested_says_so_and_why() -> None:
    rows = [row for row in assertions() if row.judged_by is JudgedBy.NOT_TESTED]
    assert {row.id for row in rows} == {"AGT-11", "AGT-12"}
    assert [row.id for row in rows if "not tested: " not in row.meaning] == []


def test_every_row_of_claude_code_s_contract_is_listed() -> None:
    ids = {row.id for row in assertions()}
    assert {f"AGT-{number:02}" for number in range(1, 16)} <= ids


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
    body = json.dumps({"error": {"code": "model_not_found", "message": message}})
    assert classified(status, body).category is Category.ENDPOINT_DRIFT


def test_a_finding_is_made_from_its_row() -> None:
    row = next(row for row in assertions() if row.id == "RSP-STREAM-03")
    gap = next(case for case in row.cases if case.name == "gap")
    finding = finding_of("RSP-STREAM-03", "gap", "event 7")
    assert (finding.id, finding.severity, finding.message) == (row.id, Severity.WARN, gap.message)
    assert (finding.source_url, finding.checked_on) == (row.source, row.checked_on)
    assert (finding.evidence, finding_of("RSP-STREAM-03", "gap").evidence) == ("event 7", "")


def test_a_finding_of_a_rule_of_our_own_names_no_url() -> None:
    assert (finding_of("COM-T-06", "repeated").source_url, finding_of("COM-T-06", "repeated").checked_on) == ("", "")


@pytest.mark.parametrize(("assertion_id", "case"), [("RSP-STREAM-03", "other"), ("XXX-01", "gap"), ("PAR-01", "")])
def test_a_case_that_is_not_there_is_an_error(assertion_id: str, case: str) -> None:
    with pytest.raises(KeyError):
        finding_of(assertion_id, case)

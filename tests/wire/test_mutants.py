"""Every assertion that the wire judges has a fault that it notices; nothing good is noticed."""

from collections import Counter

import pytest
from support.wire.golden_bodies import GOLDEN_BODIES, GoldenBody
from support.wire.golden_streams import ALL_GOLDEN, BROKEN, TOOL_GOLDEN, VENDOR_GOLDEN
from support.wire.mutant import BodyMutant, Mutant
from support.wire.mutants_bodies import BODY_MUTANTS
from support.wire.mutants_chat import CHAT_MUTANTS
from support.wire.mutants_messages import MESSAGES_MUTANTS
from support.wire.mutants_responses import RESPONSES_MUTANTS

from console.domain.finding import Finding, Severity
from console.domain.probes.assertion import JudgedBy, assertions, finding_of
from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.judge.error_body import check_error_body
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseEvent

STREAM_MUTANTS: tuple[Mutant, ...] = (*RESPONSES_MUTANTS, *CHAT_MUTANTS, *MESSAGES_MUTANTS)
R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
ERROR_BODIES: tuple[tuple[str, EndpointFamily, bytes, tuple[str, str] | None], ...] = (
    ("OpenAI's own", R, b'{"error":{"message":"no","type":"t","param":null,"code":null}}', None),
    ("OpenAI's own", C, b'{"error":{"message":"no","type":"t","param":null,"code":null}}', None),
    ("Anthropic's own", M, b'{"type":"error","error":{"type":"t","message":"no"},"request_id":"r"}', None),
    ("llama.cpp's number as a code", C, b'{"error":{"message":"no","type":"t","code":401}}', None),
    ("OpenAI's shape on messages", M, b'{"error":{"message":"no","type":"t","code":401}}', ("COM-E-01", "dialect")),
    ("Anthropic's shape on chat", C, b'{"type":"error","error":{"message":"no"}}', ("COM-E-01", "dialect")),
    ("FastAPI's detail", R, b'{"detail":"no"}', ("COM-E-01", "dialect")),
    ("Portkey's failure", C, b'{"status":"failure","message":"no"}', ("COM-E-01", "dialect")),
    ("Portkey's html-message", C, b'{"html-message":"fetch failed"}', ("COM-E-01", "dialect")),
    ("plain text", R, b"Internal Server Error", ("COM-E-01", "dialect")),
    ("nothing", M, b"", ("COM-E-01", "empty")),
    ("an empty object", C, b" {}\n", ("COM-E-01", "empty")),
    ("no message", R, b'{"error":{"type":"t","param":null,"code":null}}', ("RSP-E-01", "no_message")),
    ("no type", R, b'{"error":{"message":"no","param":null,"code":null}}', ("RSP-E-01", "no_type")),
    ("no param", R, b'{"error":{"message":"no","type":"t","code":null}}', ("RSP-E-01", "keys")),
)


def judged(
    family: EndpointFamily, frames: tuple[SseEvent, ...], expected: Expectation = NOTHING
) -> tuple[Finding, ...]:
    reader = FAMILY_WIRES[family].open_stream(expected)
    for frame in frames:
        reader.feed(frame)
    return reader.close().findings


def messages(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(finding.id, finding.message) for finding in findings}


def test_no_mutant_and_nothing_golden_gets_lost_and_no_two_have_one_name() -> None:
    kept = {
        "chat": (CHAT_MUTANTS, 62),
        "messages": (MESSAGES_MUTANTS, 68),
        "responses": (RESPONSES_MUTANTS, 100),
        "bodies": (BODY_MUTANTS, 62),
        "golden streams": (ALL_GOLDEN, 61),
        "golden bodies": (GOLDEN_BODIES, 24),
        "broken streams": (BROKEN, 9),
        "error bodies": (ERROR_BODIES, 15),
    }
    assert {name: len(rows) for name, (rows, least) in kept.items() if len(rows) < least} == {}
    for rows in ((*STREAM_MUTANTS, *BODY_MUTANTS), ALL_GOLDEN, GOLDEN_BODIES, BROKEN):
        names = Counter(row.name for row in rows)
        assert [name for name, times in names.items() if times > 1] == []


def test_each_family_has_a_golden_stream_of_its_vendor_and_one_with_a_tool() -> None:
    for golden in (VENDOR_GOLDEN, TOOL_GOLDEN):
        assert sorted(each.family for each in golden) == sorted(EndpointFamily)
        assert set(golden) <= set(ALL_GOLDEN)


@pytest.mark.parametrize("mutant", STREAM_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_in_a_stream_is_noticed_by_its_assertion(mutant: Mutant) -> None:
    expected = finding_of(*mutant.noticed_by)
    noticed = judged(mutant.family, mutant.frames, mutant.expected)
    assert (expected.id, expected.message) in messages(noticed)
    assert (expected.id, expected.message) not in messages(judged(mutant.family, mutant.base))
    assert expected.severity in {finding.severity for finding in noticed if finding.message == expected.message}


@pytest.mark.parametrize("mutant", BODY_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_in_a_body_is_noticed_by_its_assertion(mutant: BodyMutant) -> None:
    expected = finding_of(*mutant.noticed_by)
    read = FAMILY_WIRES[mutant.family].read
    assert (expected.id, expected.message) in messages(read(mutant.body, mutant.expected).findings)
    assert (expected.id, expected.message) not in messages(read(mutant.base, mutant.expected).findings)


@pytest.mark.parametrize("golden", GOLDEN_BODIES, ids=lambda golden: golden.name)
def test_a_golden_body_is_complete_and_only_its_dialect_is_noted(golden: GoldenBody) -> None:
    answer = FAMILY_WIRES[golden.family].read(golden.body, golden.expected)
    assert answer.is_complete
    assert answer.error is None
    assert tuple(finding.id for finding in answer.findings) == golden.findings
    assert Severity.FAIL not in {finding.severity for finding in answer.findings}


@pytest.mark.parametrize(("name", "family", "body", "expected"), ERROR_BODIES, ids=lambda value: str(value)[:40])
def test_an_errors_shape_is_judged_by_its_family(
    name: str, family: EndpointFamily, body: bytes, expected: tuple[str, str] | None
) -> None:
    findings = check_error_body(family, body)
    if expected is None:
        assert Severity.FAIL not in {finding.severity for finding in findings}
        assert "COM-E-01" not in {finding.id for finding in findings}
    else:
        assert finding_of(*expected) in findings


def test_every_case_that_the_wire_judges_has_a_fault_or_a_dialect_that_shows_it() -> None:
    shown = {mutant.noticed_by for mutant in (*STREAM_MUTANTS, *BODY_MUTANTS)}
    shown |= {expected for *_, expected in ERROR_BODIES if expected is not None}
    shown.add(("COM-O-01", "framing"))  # the decoder's fault, which the exchange tells
    judged_here = {
        (assertion.id, case.name)
        for assertion in assertions()
        if assertion.judged_by is JudgedBy.ANSWER
        for case in assertion.cases
    }
    assert judged_here - shown == set()


def test_evidence_says_where_and_never_holds_text_of_the_stream() -> None:
    marker = "zqxj"
    for mutant in STREAM_MUTANTS:
        frames = tuple(SseEvent(f.name, f.data.replace("OK", marker).replace("Oslo", marker)) for f in mutant.frames)
        for finding in judged(mutant.family, frames, mutant.expected):
            assert marker not in finding.evidence
            assert len(finding.evidence) < 120


@pytest.mark.parametrize("golden", ALL_GOLDEN, ids=lambda golden: golden.name)
def test_a_schema_that_was_asked_for_is_found_not_to_be_kept(golden: object) -> None:
    never = Expectation(accepts=lambda _: False)
    findings = {finding.id for finding in judged(golden.family, golden.frames, never)}
    wanted = {R: "RSP-B-07", C: "CHT-B-04", M: "MSG-B-02"}[golden.family]
    assert wanted in findings

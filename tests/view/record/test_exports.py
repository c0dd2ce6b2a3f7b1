"""Exports: programs of others read them, nothing that failed or was not tried is a pass, and a simulation says so."""

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from markdown_it import MarkdownIt
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from support.cli.schemas import valid
from support.examples import examples
from support.record import records
from support.record.in_toto import checked, statements
from support.record.records import Exportable, places_of, simulated, with_text
from support.reports import junit_cases
from support.text.markup import MARKUP, Elements
from support.text.secret_corpus import SECRETS

from console.domain.record.record import Record
from console.services.record.export import ExportError, require_clean
from console.view.record.document import readable
from console.view.record.exports import Form, exported
from console.view.record.in_toto import RUN_RECORD, SVR, TEST_RESULT

# --- Read by the programs of others ----------------------------------------------------------------------------------


def cases_of(exportable: Exportable) -> dict[str, TestCase]:
    """Return the cases of a run as junitparser reads them, by name."""
    (suite,) = JUnitXml.fromstring(exported(Form.JUNIT, *exportable).encode())
    assert isinstance(suite, TestSuite)
    cases = {f"{case.classname.removeprefix('gateway-console.')}/{case.name}": case for case in suite}
    kinds = Counter(type(result) for case in cases.values() for result in case.result)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
        len(cases), kinds[Failure], kinds[Error], kinds[Skipped],
    )  # fmt: skip
    return cases


def outcomes_of(exportable: Exportable) -> dict[str, type | None]:
    return {name: type(case.result[0]) if case.result else None for name, case in cases_of(exportable).items()}


def test_junit_has_a_failure_for_a_verdict_an_error_for_a_stop_and_no_pass_without_one() -> None:
    sealed = outcomes_of(records.sealed())
    assert set(sealed.values()) == {None}, "the draft that was sent back is not the one that was sealed"
    assert {"check/unit", "check/unit/base-tests", "gate/preflight", "gate/critic"} < set(sealed)
    failed = outcomes_of(records.failed_check())
    assert {name for name, kind in failed.items() if kind is Failure} == {"gate/source_check", "check/lint"}
    assert {name for name, kind in failed.items() if kind is Skipped} == {
        "gate/reviewer", "gate/critic", "gate/candidate",
    }  # fmt: skip
    assert cases_of(records.failed_check())["gate/source_check"].result[0].type == "block"
    stopped = outcomes_of(records.stopped())
    assert {name for name, kind in stopped.items() if kind is Error} == {"gate/preflight"}
    assert Failure not in stopped.values()
    assert [name for name, kind in stopped.items() if kind is None] == ["gate/instruction"]
    assert outcomes_of(records.waiting())["gate/reviewer"] is Skipped
    assert outcomes_of(records.due_again())["gate/reviewer"] is Skipped, "the verdict was on an earlier draft"
    assert outcomes_of(records.stopped_by_operator())["gate/reviewer"] is Error
    assert outcomes_of(records.from_outside())["gate/planner"] is Skipped


@pytest.mark.parametrize("way", records.ALL, ids=lambda way: way.__name__)
def test_junit_is_what_the_public_schema_allows(way: Any) -> None:
    junit_cases(exported(Form.JUNIT, *way()))


def test_junit_says_why_and_that_an_operator_passed_it() -> None:
    (error,) = cases_of(records.stopped())["gate/preflight"].result
    assert error.type == "account_pricing"
    assert "role writer (gpt-5, responses /v1/responses)" in error.message
    critic = str(cases_of(records.overridden())["gate/critic"].system_out).splitlines()
    assert "outcome: overridden" in critic
    assert "override_reason: the point is about the old text" in critic


def predicates(exportable: Exportable) -> dict[str, Any]:
    lines = exported(Form.IN_TOTO, *exportable).splitlines()
    return {each["predicateType"]: each["predicate"] for each in map(json.loads, lines)}


@pytest.mark.parametrize("way", records.ALL, ids=lambda way: way.__name__)
def test_statements_have_the_fields_of_the_specification(way: Any) -> None:
    for each in statements(exported(Form.IN_TOTO, *way())):
        checked(each)
    valid(predicates(way())[RUN_RECORD])


def test_a_failure_can_be_said_and_what_did_not_end_has_no_result() -> None:
    assert predicates(records.sealed())[TEST_RESULT]["result"] == "PASSED"
    warned = predicates(records.overridden())
    assert (warned[TEST_RESULT]["result"], warned[TEST_RESULT]["warnedTests"]) == ("WARNED", ["gate/critic"])
    failed = predicates(records.failed_check())[TEST_RESULT]
    assert (failed["result"], failed["failedTests"]) == ("FAILED", ["gate/source_check", "check/lint"])
    assert "gate/reviewer" not in str(failed), "it was not reached"
    for way in (records.stopped, records.waiting, records.stopped_by_operator):
        assert set(predicates(way())) == {RUN_RECORD}


def test_a_verification_result_has_nothing_but_what_passed() -> None:
    assert set(predicates(records.failed_check())) == {RUN_RECORD, TEST_RESULT}
    assert predicates(records.sealed())[SVR]["properties"] == [
        f"GATEWAY_CONSOLE_{each}"
        for each in (
            "CANDIDATE_SEALED", "REVIEWER_READY", "CRITIC_READY", "NO_OVERRIDE", "CHECKS_PASSED", "SOURCES_SUPPORTED",
            "VERIFICATION_ROWS_FRESH", "NO_SECRET_IN_PROMPT", "NO_PUBLISHER_TOKEN_IN_REACH",
            "NO_CLOUD_TOKEN_IN_REACH", "INDEPENDENCE_2",
        )
    ]  # fmt: skip
    overridden = str(predicates(records.overridden())[SVR])
    assert "CRITIC_READY" not in overridden
    assert "NO_OVERRIDE" not in overridden
    outside = str(predicates(records.from_outside())[SVR])
    assert "INDEPENDENCE" not in outside
    assert "CHECKS_PASSED" not in outside, "no check ran"


def test_a_result_is_about_the_candidate_and_never_about_the_commit_alone() -> None:
    record, timeline = records.sealed()
    by_type = {each["predicateType"]: each["subject"] for each in statements(exported(Form.IN_TOTO, record, timeline))}
    assert by_type[SVR] == [{"name": "candidate", "digest": {"sha256": record.candidate_sha256}}]
    assert [list(each["digest"]) for each in by_type[TEST_RESULT]] == [["sha256"], ["gitCommit"]]
    blocked = records.failed_check()[0]
    (statement, _) = statements(exported(Form.IN_TOTO, *records.failed_check()))
    assert [each["digest"] for each in statement["subject"]] == [{"gitCommit": "0" * 40}, {"sha256": blocked.head}]


def spans_of(exportable: Exportable) -> list[Span]:
    """Return the spans as OpenTelemetry's own types read them; a field that they do not know fails."""
    request = json_format.Parse(exported(Form.OTEL, *exportable), ExportTraceServiceRequest())
    ((scope,),) = [each.scope_spans for each in request.resource_spans]
    assert scope.schema_url == "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev"
    return list(scope.spans)


def attributes_of(span: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in span.attributes}


@pytest.mark.parametrize("way", records.ALL, ids=lambda way: way.__name__)
def test_spans_are_one_tree_without_content(way: Any) -> None:
    record, timeline = way()
    root, *others = spans = spans_of((record, timeline))
    ids = [each.span_id for each in spans]
    count = 1 + len(record.gates) + len(record.writer.turns) + len(record.calls)
    assert len(spans) == len(set(ids)) == count
    assert all(len(each.span_id) == 4 * 3 for each in spans), (
        "OTLP's JSON has hexadecimal ids, and protobuf reads base64"
    )
    assert {each.trace_id for each in spans} == {root.trace_id}
    assert root.parent_span_id == b""
    assert {each.parent_span_id for each in others} <= set(ids)
    keys = {
        key for each in (*spans, *(event for span in spans for event in span.events)) for key in attributes_of(each)
    }
    assert [key for key in keys if re.search("message|instruction|explanation|arguments|definitions|prompt", key)] == []
    assert all(each.start_time_unix_nano <= each.end_time_unix_nano for each in spans)


def test_a_call_says_what_the_ledger_knows_of_it() -> None:
    record, timeline = records.sealed()
    spans = spans_of((record, timeline))
    call = next(each for each in spans if each.name == "chat claude-opus-4")
    parent = next(each for each in spans if each.span_id == call.parent_span_id)
    assert (parent.name, call.kind) == ("gate reviewer", Span.SPAN_KIND_CLIENT)
    assert attributes_of(parent)["gateway_console.gate.attempt"] == 1
    found = attributes_of(call)
    assert found["gen_ai.response.finish_reasons"].values[0].string_value == "stop"
    assert {key: found[key] for key in found if key.startswith(("gen_ai.", "server.", "error."))} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-opus-4",
        "gen_ai.request.stream": True,
        "gen_ai.response.model": "claude-opus-4",
        "gen_ai.response.finish_reasons": found["gen_ai.response.finish_reasons"],
        "gen_ai.response.time_to_first_chunk": 0.01,
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.agent.name": "reviewer",
        "server.address": "gateway.example",
        "server.port": 443,
    }
    span = timeline.calls[str(found["gateway_console.call.id"])]
    assert (call.start_time_unix_nano, call.end_time_unix_nano) == (
        span.began_at_ms * 10**6, (span.ended_at_ms or 0) * 10**6,
    )  # fmt: skip


def test_an_agents_calls_are_below_its_turn() -> None:
    spans = {each.span_id: each for each in spans_of(records.by_agent())}
    (turn,) = [each for each in spans.values() if each.name == "invoke_agent codex"]
    assert spans[turn.parent_span_id].name == "gate writer"
    below = [each.name for each in spans.values() if each.parent_span_id == turn.span_id]
    assert below == ["chat gpt-5", "chat gpt-5"]
    assert attributes_of(turn)["gateway_console.turn.files_held_by"] == "bubblewrap"


def test_a_judges_score_is_an_evaluation_event() -> None:
    judges = {each.name: each for each in spans_of(records.sealed()) if each.events}
    assert set(judges) == {"gate reviewer", "gate critic"}
    total, points = map(attributes_of, judges["gate reviewer"].events)
    assert total == {
        "gen_ai.evaluation.name": "reviewer",
        "gen_ai.evaluation.score.value": 90.0,
        "gen_ai.evaluation.score.label": "ready",
    }
    assert points == {"gen_ai.evaluation.name": "reviewer.correctness", "gen_ai.evaluation.score.value": 30.0}


def test_a_call_that_failed_or_never_ended_is_not_ok() -> None:
    calls = [each for each in spans_of(records.stopped_by_operator()) if each.kind == Span.SPAN_KIND_CLIENT]
    failed, open_one = (attributes_of(each) for each in calls[-2:])
    assert (failed["error.type"], open_one["error.type"]) == ("contract_violation", "open")
    assert open_one["gateway_console.call.outcome"] == "open"
    assert "gen_ai.usage.input_tokens" not in open_one
    assert [each.status.code for each in calls[-2:]] == [Status.STATUS_CODE_ERROR, Status.STATUS_CODE_UNSET]


# --- A simulation ----------------------------------------------------------------------------------------------------


def test_a_simulated_run_is_marked_in_every_form_and_has_no_result() -> None:
    exportable = simulated(records.sealed())
    texts = {form: exported(form, *exportable) for form in Form}
    assert json.loads(texts[Form.JSON])["is_simulated"] is True
    assert yaml.safe_load(texts[Form.YAML])["is_simulated"] is True
    assert list(predicates(exportable)) == [RUN_RECORD]
    assert predicates(exportable)[RUN_RECORD]["is_simulated"] is True
    assert all(attributes_of(each)["gateway_console.is_simulated"] is True for each in spans_of(exportable))
    words = "Simulated: the embedded gateway answered. This is not evidence of a real gateway."
    for form in (Form.JUNIT, Form.MARKDOWN, Form.HTML):
        assert words in texts[form]
        assert words not in exported(form, *records.sealed())


# --- Text from outside -----------------------------------------------------------------------------------------------


def shape_of(record: Record, exportable: Exportable) -> tuple[Any, ...]:
    """Return what is markup in the forms of a record, without its texts."""
    html = Elements(exported(Form.HTML, record, exportable[1])).found
    del html["code", ()]  # a text may be empty
    tokens = MarkdownIt("gfm-like").parse(exported(Form.MARKDOWN, record, exportable[1]))
    parts = [each for token in tokens for each in (token, *(token.children or ()))]
    kinds = Counter(each.type for each in parts if each.type not in ("code_inline", "text"))
    # What is not code could be a mention or a reference; a bar alone stands between two pieces of code.
    words = "".join(each.content for each in parts if each.type == "text").replace("|", "")
    cases = sum(1 for _ in JUnitXml.fromstring(exported(Form.JUNIT, record, exportable[1]).encode()))
    return html, kinds, words, cases


def test_a_page_loads_and_runs_nothing() -> None:
    page = exported(Form.HTML, *records.sealed())
    tags = {tag for tag, _ in Elements(page).found}
    assert tags & {"script", "img", "link", "a", "iframe", "object", "form", "svg"} == set()
    (policy,) = re.findall('Content-Security-Policy" content="([^"]+)"', page)
    (style,) = re.findall("<style>(.*)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert unescape(policy).startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "url(" not in page
    assert "@import" not in page


RUNS = st.sampled_from((records.sealed, records.stopped, records.stopped_by_operator, records.from_outside))


def never_markup(record: Record, plain: Record, exportable: Exportable) -> None:
    """Assert that a record's texts are texts in every form, which has the shape that it has with plain ones."""
    timeline = exportable[1]
    document = readable(record)
    assert json.loads(exported(Form.JSON, record, timeline)) == {"schema": "gateway-console/record/v1", **document}
    assert yaml.load(exported(Form.YAML, record, timeline), yaml.CSafeLoader) == document
    assert predicates((record, timeline))[RUN_RECORD]["run_id"] == record.run_id
    spans_of((record, timeline))
    assert shape_of(record, exportable) == shape_of(plain, exportable)
    for form in Form:
        assert set(exported(form, record, timeline)) & set("\u202e\u2066\u200b\x1b\x00\x7f\x85\u2028") == set()


@pytest.mark.parametrize("text", MARKUP)
def test_no_text_is_markup_in_any_form_if_it_stands_everywhere(text: str) -> None:
    exportable = records.stopped_by_operator()
    record, plain = exportable[0], exportable[0]
    for place in places_of(record):
        record, plain = with_text(record, place, text), with_text(plain, place, "x1")
    never_markup(record, plain, exportable)


@examples(40)
@given(st.data(), RUNS, st.one_of(st.sampled_from(MARKUP), st.text(max_size=30)))
def test_no_text_is_markup_in_any_form_wherever_it_stands(data: st.DataObject, way: Any, text: str) -> None:
    record = way()[0]
    place = data.draw(st.sampled_from(list(places_of(record))))
    never_markup(with_text(record, place, text), with_text(record, place, "x1" if text else ""), way())


@examples(120)
@given(st.data(), RUNS, st.sampled_from(sorted(SECRETS)))
def test_no_secret_leaves_wherever_it_stands(data: st.DataObject, way: Any, kind: str) -> None:
    record, _ = way()
    place = data.draw(st.sampled_from(list(places_of(record))))
    secret = SECRETS[kind][1]
    with pytest.raises(ExportError) as refused:
        require_clean(readable(with_text(record, place, f"see {secret} there")))
    assert secret not in str(refused.value)
    assert re.sub(r"_ms\b", "", place).rpartition(".")[2].partition("[")[0] in str(refused.value)


@pytest.mark.parametrize("way", records.ALL, ids=lambda way: way.__name__)
def test_a_clean_record_leaves(way: Any) -> None:
    assert all(exported(form, *way()).endswith("\n") for form in Form)
    require_clean(readable(way()[0]))
    require_clean(readable(replace(way()[0], gateway_origin="http://127.0.0.1:8080")))

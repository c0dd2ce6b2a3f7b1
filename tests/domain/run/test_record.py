"""The record: nothing but closed types, whatever models and gateways say, and the names of the article."""

import types
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum

import pytest
from support.run.story import (
    ANN,
    BLOCK,
    POLICY,
    READY,
    REVISE,
    Story,
    failed,
    failed_at,
    hashed,
    intended,
    lost_at,
    recorded,
    waiting_at,
)

from console.domain.errors.category import Category
from console.domain.run.command import ReportEvent, Stop
from console.domain.run.event import RunEvent, RunStopped, SourcesChecked, StopCause
from console.domain.run.gate import Gate
from console.domain.run.record import Record, record_of, review_status
from console.domain.run.state import RunState
from console.domain.sources.cited_page import SourceChecked, SourceVerdict

_NAMES_OF_THE_ARTICLE = {
    "run_id", "repository", "instruction_source", "instruction_scope", "planner_endpoint_family",
    "writer_endpoint_family", "revision_endpoint_family", "reviewer_endpoint_family", "critic_endpoint_family",
    "source_urls_checked", "secrets_in_prompt", "publisher_token_available", "cloud_token_available",
    "ci_token_permissions", "review_status",
}  # fmt: skip

_TEXTS = {
    # ids, hashes and closed words of our own
    "Record.run_id", "Record.kind", "Record.config_sha256", "Record.instructions_sha256", "Record.candidate_sha256",
    "Record.head", "Record.console_version",
    "Record.unproven_independence", "RecordedCall.finding", "Record.instruction_conflicts", "Record.independence",
    "RunPolicy.rubric_sha256", "PinnedRoute.fingerprint", "PinnedSource.sha256", "PinnedSource.load",
    "RouteProof.verdict", "NotedFinding.id", "CommandRun.name", "RecordedGate.scores", "RecordedGate.saw",
    "RecordedGate.artifact_sha256", "RecordedGate.key_fingerprint", "RecordedCall.call_id", "RecordedCall.outcome",
    "SourceChecked.content_sha256", "Record.ci_token_permissions",
    # names that the operator gave, in the config, the repository or as a reason
    "Record.repository", "Record.instruction_source", "Record.instruction_scope", "Record.profile",
    "Record.gateway_origin", "Repository.host", "Repository.owner", "Repository.name", "Repository.commit",
    "PinnedRoute.model", "PinnedRoute.endpoint_path", "PinnedSource.path", "PinnedSource.scope",
    "Record.chosen_routes", "RecordedGate.decided_by", "RecordedGate.reason", "RecordedCall.model",
    # names that a gateway, a page or a model gave, each of a closed form
    "RecordedCall.model_reported", "RecordedCall.model_behind",
    "RecordedCall.request_id", "Record.source_urls_checked", "SourceChecked.url",
    "SourceChecked.final_origin", "SourceChecked.media_type", "SourceChecked.claims", "SourceChecked.supports",
    "SourceChecked.lacks", "CommandRun.output_sha256",
    # always empty here: see test_why_a_source_was_not_read_is_for_the_eye_only
    "SourceChecked.reason",
}  # fmt: skip
"""Every field of the record that can hold text. A new one is looked at before it is added here."""


def _leaves(annotation: object, place: str) -> Iterator[tuple[str, type]]:
    """Yield every type that a field can hold, down to those without parts."""
    origin = typing.get_origin(annotation)
    if origin in (types.UnionType, typing.Union, tuple):
        for inner in typing.get_args(annotation):
            if inner is not Ellipsis:
                yield from _leaves(inner, place)
        return
    assert isinstance(annotation, type), f"{place} is not a closed type: {annotation}"
    if is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        for each in fields(annotation):
            yield from _leaves(hints[each.name], f"{annotation.__name__}.{each.name}")
        return
    yield place, annotation


def test_no_field_of_the_record_can_hold_a_prompt() -> None:
    leaves = list(_leaves(Record, "Record"))
    for place, leaf in leaves:
        closed = issubclass(leaf, Enum) or leaf in (int, bool, types.NoneType)
        assert closed or (leaf is str and place in _TEXTS), f"{place}: {leaf}"
    assert {place for place, leaf in leaves if leaf is str} == _TEXTS


def test_no_event_has_a_float_or_free_json() -> None:
    for event in typing.get_args(RunEvent):
        for place, leaf in _leaves(event, event.__name__):
            assert issubclass(leaf, Enum) or leaf in (int, bool, str, types.NoneType), f"{place}: {leaf}"


def test_the_names_of_the_article_come_first() -> None:
    names = [each.name for each in fields(Record)]
    assert set(names[: len(_NAMES_OF_THE_ARTICLE)]) == _NAMES_OF_THE_ARTICLE


# --- Canaries --------------------------------------------------------------------------------------------------------

_CANARIES = (
    "canary: the whole of a prompt, in words",
    "canary\nline",
    "canary" + "\u202e" + "x",
    "-".join(["sk", "proj", "canary" + "Zq7" * 16]),
    "canary" * 100,
    "",
)


@pytest.mark.parametrize("canary", _CANARIES, ids=ascii)
@pytest.mark.parametrize("name", ["model_reported", "request_id", "finish"])
def test_no_words_of_a_gateway_that_answers_enter(name: str, canary: str) -> None:
    story = Story().reaches(Gate.PLANNER)
    story.calls()
    story.answers(**{name: canary})
    assert getattr(story.state.ends[-1], name) is None
    assert "canary" not in repr(story.state)
    assert "canary" not in repr(record_of(story.state))


@pytest.mark.parametrize("canary", _CANARIES, ids=ascii)
def test_no_words_of_a_gateway_that_refuses_enter(canary: str) -> None:
    story = Story().reaches(Gate.PLANNER)
    story.calls()
    story.reports(failed(story.state, request_id=canary, http_status=10**30, total_ms=-1))
    assert "canary" not in repr(story.entries)
    call = record_of(story.state).calls[-1]
    assert (call.request_id, call.http_status, call.total_ms) == (None, None, None)


def test_why_a_source_was_not_read_is_for_the_eye_only() -> None:
    story = Story().reaches(Gate.SOURCE_CHECK)
    source = SourceChecked("https://docs.example/a", SourceVerdict.UNREACHABLE, 5, ("c1",), reason="canary words")
    story.reports(SourcesChecked((source,)))
    assert "canary" not in repr(story.entries)
    assert record_of(story.state).sources == (replace(source, reason=""),)


def test_names_of_a_closed_form_are_kept() -> None:
    story = Story().reaches(Gate.PLANNER)
    story.calls()
    story.answers(model_reported="openai/gpt-5-mini:free", request_id="req_01.ab:c-d", finish="end_turn")
    call = record_of(story.state).calls[-1]
    assert (call.model_reported, call.request_id) == ("openai/gpt-5-mini:free", "req_01.ab:c-d")


# --- What it says ----------------------------------------------------------------------------------------------------


def test_a_run_that_has_not_begun_has_a_record() -> None:
    record = record_of(RunState("01J0000000000000000000000A"))
    assert (record.lines, record.head, record.review_status) == (0, "", None)


def test_the_record_of_a_closed_run() -> None:
    story = Story().reaches(Gate.CANDIDATE)
    story.passes()
    record = record_of(story.state)
    assert record.repository == "widgets"
    assert record.instruction_source == "AGENTS.md"
    assert record.review_status is READY
    assert record.secrets_in_prompt is False
    assert record.publisher_token_available is False
    assert record.candidate_sha256 == story.state.subject_sha256
    assert [call.outcome for call in record.calls] == ["answered"] * 4
    assert (record.spent_tokens, record.spent_microusd, record.is_spent_exact) == (600, 1200, True)
    assert (record.lines, record.head) == (len(story.entries), story.entries[-1].head)
    assert [gate.decided for gate in record.gates] == [READY] * 7
    assert {gate.decided_by for gate in record.gates} == {"ann"}


def test_a_machines_verdict_is_called_one() -> None:
    story = waiting_at(Gate.WRITER)
    story.does(story.decision(is_machine=True, reason=""))
    assert record_of(story.state).gates[-1].decided_by == "machine"


def test_how_each_call_ended() -> None:
    assert record_of(lost_at(Gate.WRITER).state).calls[-1].outcome == "lost"
    assert record_of(failed_at(Gate.WRITER).state).calls[-1].outcome == "failed"
    story = Story().reaches(Gate.WRITER)
    story.calls()
    story.does(Stop(""), ANN)
    assert record_of(story.state).calls[-1].outcome == "open"


def test_a_secret_in_a_brief_is_in_the_record_although_it_was_never_sent() -> None:
    story = Story().reaches(Gate.WRITER)
    story.tries(ReportEvent(intended(story.state, secret_findings=2)))
    assert record_of(story.state).secrets_in_prompt is False
    story.reports(RunStopped(StopCause.SECRET_IN_PROMPT, Category.SECRET_IN_PROMPT))
    assert record_of(story.state).secrets_in_prompt is True


def test_what_came_of_the_review() -> None:
    story = waiting_at(Gate.REVIEWER)
    assert review_status(story.state) is None
    story.says(REVISE)
    assert review_status(story.state) is REVISE
    story.reaches(Gate.CRITIC)
    assert review_status(story.state) is READY
    story.opens()
    story.says(BLOCK)
    assert review_status(story.state) is BLOCK


def test_sources_of_a_run_whose_attempts_are_used_up_are_kept() -> None:
    story = Story(replace(POLICY, max_attempts=1)).reaches(Gate.SOURCE_CHECK)
    source = SourceChecked("https://docs.example/a", SourceVerdict.SUPPORTED, 5, ("c1", "c2"))
    story.reports(SourcesChecked((source, source)))
    story.opens()
    story.says(REVISE)
    assert record_of(story.state).source_urls_checked == ("https://docs.example/a",)


def test_the_newest_independence_of_each_pair() -> None:
    story = waiting_at(Gate.REVIEWER, independence=(("writer_vs_reviewer", 1),))
    story.says(REVISE)
    story.reaches(Gate.REVIEWER)
    story.opens(independence=(("writer_vs_reviewer", 3),))
    assert record_of(story.state).independence == (("writer_vs_reviewer", 3),)


def test_a_call_keeps_the_model_that_was_asked() -> None:
    story = Story().reaches(Gate.PLANNER)
    story.calls()
    story.reports(recorded(story.state, model_reported="gpt-5-mini-2025-08-07"))
    call = record_of(story.state).calls[-1]
    assert (call.model, call.model_reported) == ("gpt-5-mini", "gpt-5-mini-2025-08-07")
    assert hashed("brief") not in repr(record_of(story.state))

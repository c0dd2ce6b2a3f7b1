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
    CODEX,
    OUTSIDE,
    POLICY,
    READY,
    REVISE,
    ROUTES,
    Story,
    agent_begun,
    agent_ended,
    failed,
    failed_at,
    hashed,
    intended,
    lost_at,
    preflight,
    recorded,
    waiting_at,
)

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.record.projection import record_of, review_status
from console.domain.record.record import Record, VerdictPart, WriterKind
from console.domain.routes.role import Role
from console.domain.run.agent_event import FileGuard, Isolation, NetworkGuard, OutsideDraft
from console.domain.run.command import AllowRepeat, BringDraft, MoveRoute, ReportEvent, Stop
from console.domain.run.event import NotedFinding, RunEvent, RunStopped, SourcesChecked, StopCause, StopRule
from console.domain.run.gate import Gate
from console.domain.run.pinned import RouteProof, VerifiedRow
from console.domain.run.reach import Reach, ReachedToken
from console.domain.run.refusal import Refusal
from console.domain.run.state import RunState, RunStatus
from console.domain.run.turn import TurnOutcome
from console.domain.sources.cited_page import SourceChecked, SourceVerdict
from console.domain.workflows.token_kind import TokenKind

FREE = Isolation(FileGuard.NONE, NetworkGuard.NONE)

_NAMES_OF_THE_ARTICLE = {
    "run_id", "repository", "instruction_source", "instruction_scope", "planner_endpoint_family",
    "writer_endpoint_family", "revision_endpoint_family", "reviewer_endpoint_family", "critic_endpoint_family",
    "source_urls_checked", "secrets_in_prompt", "publisher_token_available", "cloud_token_available",
    "ci_token_permissions", "review_status",
}  # fmt: skip

_TEXTS = {
    # ids, hashes and closed words of our own
    "Record.run_id", "Record.kind", "Record.config_sha256", "Record.instructions_sha256", "Record.candidate_sha256",
    "Record.candidate_tree",
    "Record.head", "Record.console_version",
    "Record.unproven_independence", "RecordedCall.finding", "Record.instruction_conflicts", "Record.independence",
    "RunPolicy.rubric_sha256", "PinnedRoute.fingerprint", "PinnedSource.sha256", "PinnedSource.load",
    "RouteProof.verdict", "NotedFinding.id", "CommandRun.name", "RecordedGate.scores", "RecordedGate.saw",
    "RecordedGate.artifact_sha256", "RecordedGate.key_fingerprint", "RecordedCall.call_id", "RecordedCall.outcome",
    "SourceChecked.content_sha256", "Record.ci_token_permissions", "RecordedCall.brief_sha256", "ContextFile.sha256",
    "AgentTurn.turn_id", "AgentTurn.agent", "AgentTurn.brief_sha256", "AgentTurn.output_sha256", "RecordedWriter.agent",
    "RecordedCall.turn_id", "OutsideEntry.sha256",
    "RecordedStop.verification_rows", "RecordedStop.independence", "Record.instruction_tool",
    # rows of a table of our own
    "VerifiedRow.id", "VerifiedRow.source_url", "VerifiedRow.marked_on",
    # names that the operator gave, in the config, the repository or as a reason
    "Record.repository", "Record.instruction_source", "Record.instruction_scope", "Record.profile",
    "Record.gateway_origin", "Repository.host", "Repository.owner", "Repository.name", "Repository.commit",
    "PinnedRoute.model", "PinnedRoute.endpoint_path", "PinnedSource.path", "PinnedSource.scope",
    "Record.chosen_routes", "RecordedGate.decided_by", "RecordedGate.reason", "RecordedCall.model",
    "RecordedCall.endpoint_path", "RecordedStop.model", "RecordedStop.endpoint_path", "RecordedStop.reason",
    "RecordedStop.by", "RecordedCall.repeat_reason", "AgentTurn.repeat_reason", "OutsideEntry.made_by",
    "RecordedHandover.by", "RecordedHandover.to", "RecordedHandover.note",
    "RecordedMove.reason", "VerdictPart.decided_by", "ContextFile.path", "ReachedToken.name",
    # names that a gateway, a page, a model or an agent gave, each of a closed form
    "AgentTurn.version",
    "RecordedCall.model_reported", "RecordedCall.model_behind",
    "RecordedCall.request_id", "RecordedStop.request_id", "Record.source_urls_checked", "SourceChecked.url",
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


@pytest.mark.parametrize("canary", _CANARIES, ids=ascii)
def test_no_words_of_an_agent_enter(canary: str) -> None:
    story = Story(writer=CODEX).reaches(Gate.WRITER)
    story.reports(agent_begun(story.state, version=canary))
    assert record_of(story.state).writer.turns[0].version == ""
    assert "canary" not in repr(story.entries)


@pytest.mark.parametrize("canary", _CANARIES[2:5], ids=ascii)
def test_a_secret_or_hidden_text_is_not_recorded_as_the_author_of_a_draft_from_outside(canary: str) -> None:
    story = Story(outside=OUTSIDE).reaches(Gate.REVIEWER)
    story.opens(REVISE)
    story.says(REVISE)
    assert isinstance(story.tries(BringDraft(replace(OUTSIDE, made_by=canary)), ANN), Refusal)


def test_a_record_says_who_wrote_each_draft() -> None:
    story = Story(writer=CODEX).reaches(Gate.WRITER)
    story.reports(agent_begun(story.state, isolation=FREE))
    story.calls()
    story.reports(recorded(story.state))
    story.reports(agent_ended(story.state, exit_code=2, calls_refused=1, failure=Category.CONTRACT_VIOLATION))
    story.opens(REVISE, failure=Category.CONTRACT_VIOLATION)
    story.does(AllowRepeat("the agent was cut off by me"), ANN)
    story.writes(calls=0)
    record = record_of(story.state)
    assert (record.writer.kind, record.writer.agent) == (WriterKind.AGENT, "codex")
    first, second = record.writer.turns
    assert (first.outcome, first.isolation, first.calls, first.calls_refused) == (TurnOutcome.FAILED, FREE, 1, 1)
    assert first.repeat_reason == "the agent was cut off by me"
    assert (second.outcome, second.isolation.files, second.calls) == (TurnOutcome.DRAFTED, FileGuard.BUBBLEWRAP, 0)
    assert [call.turn_id for call in record.calls if call.gate is Gate.WRITER] == [first.turn_id]
    assert record.revision_endpoint_family is None  # an agent revises on the writer's route


def test_a_record_names_each_draft_from_outside_and_no_family_of_a_role_that_is_not_asked() -> None:
    story = Story(outside=OUTSIDE).reaches(Gate.REVIEWER)
    story.opens(REVISE)
    story.says(REVISE)
    story.does(BringDraft(OutsideDraft(hashed("next"), 9, "Ben")), ANN)
    record = record_of(story.state)
    assert record.writer.kind is WriterKind.OUTSIDE
    assert [(each.attempt, each.made_by) for each in record.writer.drafts] == [(1, OUTSIDE.made_by), (2, "Ben")]
    families = (record.planner_endpoint_family, record.writer_endpoint_family, record.revision_endpoint_family)
    assert families == (None, None, None)


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
    story.does(Stop("not needed any more"), ANN)
    assert record_of(story.state).calls[-1].outcome == "open"


def test_a_call_that_was_repeated_says_why() -> None:
    story = lost_at(Gate.WRITER)
    story.does(AllowRepeat("the console was killed"), ANN)
    story.calls()
    assert [call.repeat_reason for call in record_of(story.state).calls[-2:]] == ["the console was killed", None]


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


def test_a_call_keeps_the_model_that_was_asked_and_the_hash_of_what_was_sent() -> None:
    story = Story().reaches(Gate.PLANNER)
    story.calls()
    story.reports(recorded(story.state, model_reported="gpt-5-mini-2025-08-07"))
    call = record_of(story.state).calls[-1]
    assert (call.model, call.model_reported) == ("gpt-5-mini", "gpt-5-mini-2025-08-07")
    assert (call.brief_sha256, call.brief_size, call.endpoint_path) == (hashed("brief"), 5, "/v1/responses")


def test_the_pages_of_the_rows_that_the_policy_required_are_sources_that_were_checked() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    rows = (VerifiedRow("openai-responses", "https://docs.example/responses", "2026-12-01"),)
    story.reports(replace(preflight(), verified_rows=rows))
    story.reaches(Gate.SOURCE_CHECK)
    source = SourceChecked("https://docs.example/a", SourceVerdict.SUPPORTED, 5, ("c1",))
    story.reports(SourcesChecked((source,)))
    record = record_of(story.state)
    assert record.source_urls_checked == ("https://docs.example/a", "https://docs.example/responses")
    assert record.verified_rows == rows


def test_a_move_keeps_both_routes_the_reason_and_the_proof() -> None:
    story = failed_at(Gate.WRITER)
    fallback = story.state.route(Role.FALLBACK)
    assert fallback is not None
    moved = MoveRoute(Role.WRITER, "the writer's route is down", RouteProof(Role.FALLBACK, 3, "ok"))
    story.does(moved, ANN)
    (move,) = record_of(story.state).moves
    assert move.from_route == next(route for route in ROUTES if route.role is Role.WRITER)
    assert move.to_route == replace(fallback, role=Role.WRITER)
    assert (move.reason, move.proof) == ("the writer's route is down", RouteProof(Role.FALLBACK, 3, "ok"))


def test_a_critics_own_verdict_is_told_from_the_reviews_and_from_what_was_decided_on_it() -> None:
    story = Story().reaches(Gate.REVIEWER)
    story.opens(REVISE)
    story.says(READY)
    story.opens(BLOCK, own=READY)
    reviewer, critic = record_of(story.state).gates[-2:]
    assert (reviewer.parts, critic.computed) == ((), BLOCK)
    assert critic.parts == (
        VerdictPart(Gate.CRITIC, READY, None, None),
        VerdictPart(Gate.REVIEWER, REVISE, READY, "ann"),
    )


# --- What was in reach -----------------------------------------------------------------------------------------------

_REACH = Reach(
    (ReachedToken("GITHUB_TOKEN", TokenKind.REPOSITORY), ReachedToken("NPM_TOKEN", TokenKind.PUBLISHER)), "broad"
)


def _in_reach(story: Story) -> tuple[bool | None, bool | None, str | None]:
    record = record_of(story.state)
    return record.publisher_token_available, record.cloud_token_available, record.ci_token_permissions


def test_before_a_preflight_no_one_has_looked_for_tokens() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    assert _in_reach(story) == (None, None, None)
    assert record_of(story.state).tokens_in_reach is None


def test_a_token_that_stopped_the_run_is_in_the_record() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    story.reports(RunStopped(StopCause.PREFLIGHT, rule=StopRule.WITHHELD_TOKENS, reach=_REACH))
    assert _in_reach(story) == (True, False, "broad")
    assert record_of(story.state).tokens_in_reach == _REACH.tokens


def test_tokens_that_a_preflight_noted_stay_in_the_record_of_a_later_stop() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    story.reports(replace(preflight(), reach=Reach((_REACH.tokens[0],), "read")))
    story.does(Stop("not needed"), ANN)
    assert _in_reach(story) == (False, False, "read")
    assert record_of(story.state).tokens_in_reach == (_REACH.tokens[0],)


def test_a_stop_of_an_older_version_tells_of_a_token_by_its_finding() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    story.reports(RunStopped(StopCause.PREFLIGHT, findings=(NotedFinding("BND-21", Severity.FAIL),)))
    assert _in_reach(story) == (None, True, None)


# --- Why it stopped --------------------------------------------------------------------------------------------------


def test_a_preflights_stop_names_the_route_and_the_rule_and_repeats_no_words() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    findings = (NotedFinding("MOD-05", Severity.FAIL),)
    story.reports(
        RunStopped(
            StopCause.PREFLIGHT,
            Category.ACCOUNT_PRICING,
            "canary: words that may name a file",
            findings,
            role=Role.REVIEWER,
            rule=StopRule.REQUIRE_PRICE,
        )
    )
    record = record_of(story.state)
    stop = record.stop
    assert stop is not None
    assert (stop.category, stop.rule, stop.findings) == (Category.ACCOUNT_PRICING, StopRule.REQUIRE_PRICE, findings)
    assert (stop.role, stop.model, stop.endpoint_family, stop.endpoint_path) == (
        Role.REVIEWER, "claude-opus-4", "anthropic_messages", "/v1/messages",
    )  # fmt: skip
    assert "no price" in stop.reason
    assert "canary" not in repr(record)


def test_the_reason_that_an_operator_typed_is_kept_with_the_role_whose_gate_it_was() -> None:
    story = waiting_at(Gate.REVIEWER)
    story.does(Stop("the customer called it off"), ANN)
    stop = record_of(story.state).stop
    assert stop is not None
    assert (stop.cause, stop.category, stop.reason) == (StopCause.OPERATOR, None, "the customer called it off")
    assert stop.by == "ann"
    assert (stop.role, stop.model) == (Role.REVIEWER, "claude-opus-4")


def test_a_refused_call_is_in_the_stop_with_its_status_and_request_id() -> None:
    story = Story().reaches(Gate.WRITER)
    story.calls()
    story.reports(failed(story.state, category=Category.ACCOUNT_QUOTA, http_status=402, request_id="req-7"))
    stop = record_of(story.state).stop
    assert stop is not None
    assert (stop.role, stop.model, stop.category) == (Role.WRITER, "gpt-5", Category.ACCOUNT_QUOTA)
    assert (stop.http_status, stop.request_id) == (402, "req-7")


def test_a_role_without_a_route_stops_with_its_name_alone() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    bare = replace(story.state, routes=())
    stopped = RunStopped(StopCause.PREFLIGHT, role=Role.PLANNER, rule=StopRule.NEEDED_ROLES)
    stop = record_of(replace(bare, status=RunStatus.STOPPED, stopped=stopped)).stop
    assert stop is not None
    assert (stop.role, stop.model, stop.endpoint_family) == (Role.PLANNER, None, None)


@pytest.mark.parametrize("rule", list(StopRule))
def test_every_rule_has_its_own_words(rule: StopRule) -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    story.reports(RunStopped(StopCause.PREFLIGHT, rule=rule))
    stop = record_of(story.state).stop
    assert stop is not None
    assert stop.reason

"""Every way through a run: forward, back to the writer, and out of it."""

from dataclasses import replace

import pytest
from support.run.story import (
    ANN,
    BLOCK,
    MACHINE,
    POLICY,
    READY,
    REVISE,
    TYPED,
    Story,
    failed,
    failed_at,
    hashed,
    intended,
    lost_at,
    opened,
    recorded,
    refold,
    waiting_at,
)

from console.domain.errors.category import Blame, Category
from console.domain.record.projection import record_of
from console.domain.routes.role import Role
from console.domain.run.call_event import CallLost
from console.domain.run.command import AllowRepeat, MoveRoute, ReportEvent, Stop
from console.domain.run.event import (
    CandidateSealed,
    Entry,
    GateDecided,
    RunBlocked,
    RunClosed,
    RunStopped,
    StopCause,
    StopRule,
)
from console.domain.run.fold import apply, fold
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.rules.repeats import may_repeat, needs_new_attempt
from console.domain.run.state import Phase, RunState, RunStatus

_CALLED = sorted(GATES_WITH_A_CALL)
_REVISED = [Gate.WRITER, Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CRITIC]


def test_a_run_passes_every_gate_and_closes_with_its_candidate() -> None:
    story = Story()
    seen = []
    while not story.state.is_over:
        seen.append(story.state.gate)
        story.passes()
    assert seen == list(Gate)
    assert story.state.status is RunStatus.CLOSED
    assert [each.decided.gate for each in story.state.decisions] == [
        gate for gate in Gate if gate is not Gate.PREFLIGHT
    ]
    assert story.state.sealed == CandidateSealed(story.state.subject_sha256 or "", four_eyes=False)
    assert [call.role for call in story.state.calls] == [Role.PLANNER, Role.WRITER, Role.REVIEWER, Role.CRITIC]
    assert story.state == refold(story) == fold(story.state.run_id, story.entries)


def test_a_reason_that_lets_a_draft_pass_is_no_permission_to_send_its_brief_again() -> None:
    story = Story().reaches(Gate.WRITER)
    story.calls(content_sha256=hashed("asked"))
    story.answers()
    story.opens(needs_human=True)
    story.says(READY, reason="the draft may pass, for now")
    story.opens(REVISE)
    story.says(REVISE, reason="", is_machine=True)
    again = story.tries(ReportEvent(intended(story.state, content_sha256=hashed("asked"))))
    assert isinstance(again, Refusal)
    assert again.code is RefusalCode.REPEATED


def test_a_plan_is_revised_at_its_own_gate_and_the_draft_counts_from_one() -> None:
    story = waiting_at(Gate.PLANNER)
    story.says(REVISE)
    assert (story.state.gate, story.state.attempt, story.state.phase) == (Gate.PLANNER, 2, Phase.DUE)
    story.passes()
    assert (story.state.gate, story.state.attempt) == (Gate.WRITER, 1)
    story.calls()
    assert story.state.calls[-1].role is Role.WRITER


@pytest.mark.parametrize("gate", _REVISED)
def test_a_revision_goes_to_the_writers_gate_with_the_revision_role(gate: Gate) -> None:
    story = waiting_at(gate)
    story.says(REVISE)
    assert (story.state.gate, story.state.attempt, story.state.phase) == (Gate.WRITER, 2, Phase.DUE)
    assert story.state.subject_sha256 is None
    assert story.state.opening(gate) is None
    story.calls()
    assert story.state.calls[-1].role is Role.REVISION
    story.answers()
    story.opens()
    story.says()
    story.reaches(Gate.CANDIDATE)
    assert story.state.attempt == 2


@pytest.mark.parametrize("gate", [Gate.PLANNER, *_REVISED])
def test_attempts_that_are_used_up_block_the_run(gate: Gate) -> None:
    story = waiting_at(gate, replace(POLICY, max_attempts=1))
    artifact = story.state.opened and story.state.opened.artifact_sha256
    events = story.does(story.decision(REVISE), ANN)
    assert events[1:] == (RunBlocked(gate, 1, attempts_used_up=True),)
    assert (story.state.status, story.state.gate, story.state.attempt) == (RunStatus.BLOCKED, gate, 1)
    assert story.state.phase is Phase.OVER
    assert record_of(story.state).gates[-1].artifact_sha256 == artifact


def test_a_preflight_that_needs_a_person_waits_for_one_before_anything_is_generated() -> None:
    story = waiting_at(Gate.PREFLIGHT, needs_human=True)
    assert story.state.is_waiting
    by_machine = story.tries(story.decision(is_machine=True), MACHINE)
    assert isinstance(by_machine, Refusal)
    assert by_machine.code is RefusalCode.HUMAN
    story.says(reason="the workflow does not run on this branch")
    assert (story.state.gate, story.state.phase, story.state.attempt) == (Gate.PLANNER, Phase.DUE, 1)
    assert story.state == refold(story)


def test_the_last_attempt_may_still_pass() -> None:
    story = waiting_at(Gate.WRITER, replace(POLICY, max_attempts=2))
    story.says(REVISE)
    story.reaches(Gate.CANDIDATE)
    story.passes()
    assert story.state.status is RunStatus.CLOSED


@pytest.mark.parametrize("gate", list(Gate))
def test_a_gate_blocks_the_run(gate: Gate) -> None:
    story = waiting_at(gate)
    story.says(BLOCK)
    assert (story.state.status, story.state.gate) == (RunStatus.BLOCKED, gate)
    assert story.state.blocked == RunBlocked(gate, 1)


def _anywhere() -> list[Story]:
    stories = [Story().reaches(gate) for gate in Gate]
    stories += [waiting_at(gate) for gate in Gate]
    stories += [make(gate) for gate in _CALLED for make in (failed_at, lost_at, _calling, _worked)]
    return stories


def _calling(gate: Gate) -> Story:
    story = Story().reaches(gate)
    story.calls()
    return story


def _worked(gate: Gate) -> Story:
    story = _calling(gate)
    story.answers()
    return story


@pytest.mark.parametrize("story", _anywhere(), ids=lambda story: f"{story.state.gate}-{story.state.phase}")
def test_an_operator_stops_the_run_anywhere(story: Story) -> None:
    gate = story.state.gate
    story.does(Stop("not needed any more"), ANN)
    assert (story.state.status, story.state.gate, story.state.phase) == (RunStatus.STOPPED, gate, Phase.OVER)
    assert story.state.stopped == RunStopped(StopCause.OPERATOR, reason="not needed any more")
    assert not story.state.is_waiting


@pytest.mark.parametrize("cause", list(StopCause))
def test_the_stepper_stops_the_run_and_no_draft_failed(cause: StopCause) -> None:
    story = Story().reaches(Gate.PLANNER)
    story.reports(RunStopped(cause, Category.ACCOUNT_PRICING))
    assert story.state.status is RunStatus.STOPPED
    assert record_of(story.state).review_status is None
    assert not story.state.has_generated


@pytest.mark.parametrize("gate", _CALLED)
@pytest.mark.parametrize("category", [Category.ACCOUNT_PRICING, Category.ENDPOINT_DRIFT, Category.ORIGIN_REFUSED])
@pytest.mark.parametrize("says_so", [True, False])
def test_an_account_error_stops_the_run_whatever_the_report_says(gate: Gate, category: Category, says_so: bool) -> None:
    story = _calling(gate)
    story.reports(failed(story.state, category=category, blame=Blame.ACCOUNT, stops=says_so, http_status=402))
    role = story.state.calls[-1].role
    assert story.state.stopped == RunStopped(StopCause.CALL, category, role=role, rule=StopRule.REFUSED_CALL)
    assert story.state.status is RunStatus.STOPPED


@pytest.mark.parametrize("gate", _CALLED)
def test_a_call_that_is_lost_again_and_again_is_repeated_while_the_budget_lasts(gate: Gate) -> None:
    """A lost call is booked at its ceiling: of 5000 tokens, four more calls of 1000 can follow."""
    story = Story(replace(POLICY, attempt_tokens=5000)).reaches(gate)
    before = story.state.spent_in_attempt.tokens
    story.calls()
    repeats = (5000 - before) // 1000 - 1
    for _ in range(repeats):
        story.reports(CallLost(story.state.calls[-1].call_id, story.state.calls[-1].role))
        assert story.state.is_waiting
        assert isinstance(story.tries(ReportEvent(intended(story.state, "again"))), Refusal)
        assert isinstance(story.tries(AllowRepeat("again"), ANN), Refusal)
        assert may_repeat(story.state)
        story.does(AllowRepeat(TYPED), ANN)
        story.calls()
    story.reports(CallLost(story.state.calls[-1].call_id, story.state.calls[-1].role))
    assert repeats >= 3
    assert not may_repeat(story.state)
    again = story.tries(AllowRepeat(TYPED), ANN)
    assert isinstance(again, Refusal)
    assert again.code is RefusalCode.BUDGET
    assert "attempt_tokens" in again.message
    story.does(Stop("not needed any more"), ANN)


@pytest.mark.parametrize("gate", _CALLED)
def test_a_lost_call_that_only_another_attempt_has_room_for_is_decided_on(gate: Gate) -> None:
    """Whoever may have it repeated is asked to repeat it; the gate opens only where that is not possible."""
    with_room = lost_at(gate)
    assert isinstance(with_room.tries(ReportEvent(opened(with_room.state, REVISE))), Refusal)
    story = Story(replace(POLICY, attempt_tokens=1500)).reaches(gate)
    story.calls()
    story.reports(CallLost(story.state.calls[-1].call_id, story.state.calls[-1].role))
    assert needs_new_attempt(story.state)
    story.reports(opened(story.state, REVISE, needs_human=True, is_final=True))
    assert not may_repeat(story.state)
    story.says(REVISE)
    assert (story.state.attempt, story.state.phase, story.state.spent_in_attempt.tokens) == (2, Phase.DUE, 0)
    story.passes()


@pytest.mark.parametrize("gate", _CALLED)
def test_a_lost_call_that_is_repeated_goes_on(gate: Gate) -> None:
    story = lost_at(gate)
    story.does(AllowRepeat("the line was cut"), ANN)
    story.passes()
    assert story.state.gate is gate.after


@pytest.mark.parametrize("gate", _CALLED)
@pytest.mark.parametrize("verdict", [REVISE, BLOCK])
def test_an_answer_that_cannot_be_read_is_asked_for_again_or_decided(gate: Gate, verdict: GateVerdict) -> None:
    story = failed_at(gate)
    for _ in range(3):
        story.does(AllowRepeat(TYPED), ANN)
        assert story.state.opened is None
        story.calls()
        story.reports(failed(story.state))
        story.opens(REVISE, needs_human=True, is_final=True, failure=Category.CONTRACT_VIOLATION)
    ready = story.tries(story.decision(READY), ANN)
    assert isinstance(ready, Refusal)
    assert ready.code is RefusalCode.NOT_ALLOWED
    story.says(verdict)
    assert story.state.is_over is (verdict is BLOCK)


def test_a_repeated_gate_has_one_decision_in_the_record() -> None:
    story = failed_at(Gate.REVIEWER)
    story.does(AllowRepeat(TYPED), ANN)
    story.passes()
    gates = [each for each in record_of(story.state).gates if each.gate is Gate.REVIEWER]
    assert [(each.computed, each.decided) for each in gates] == [(REVISE, None), (READY, READY)]


def test_a_move_to_the_fallback_changes_the_route_of_one_role() -> None:
    story = failed_at(Gate.REVIEWER)
    fallback = story.state.route(Role.FALLBACK)
    story.does(MoveRoute(Role.REVIEWER, TYPED), ANN)
    assert fallback is not None
    assert story.state.route(Role.REVIEWER) == replace(fallback, role=Role.REVIEWER)
    assert story.state.route(Role.FALLBACK) == fallback
    story.does(AllowRepeat(TYPED), ANN)
    story.passes()
    record = record_of(story.state)
    assert [call.model for call in record.calls if call.role is Role.REVIEWER] == ["claude-opus-4", "mistral-large"]
    assert record.reviewer_endpoint_family is fallback.endpoint_family


def test_who_wrote_the_draft_cannot_be_changed_behind_its_judges() -> None:
    story = waiting_at(Gate.REVIEWER)
    refused = story.tries(MoveRoute(Role.WRITER, TYPED), ANN)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.ROUTE
    assert record_of(story.state).writer_endpoint_family is story.state.routes[1].endpoint_family


def _ended() -> list[Story]:
    closed = Story().reaches(Gate.CANDIDATE)
    closed.passes()
    blocked = waiting_at(Gate.CRITIC)
    blocked.says(BLOCK)
    stopped = _calling(Gate.WRITER)
    stopped.does(Stop("not needed any more"), ANN)
    return [closed, blocked, stopped]


@pytest.mark.parametrize("story", _ended(), ids=lambda story: story.state.status)
def test_the_end_absorbs_every_event_of_any_run(story: Story) -> None:
    ended = story.state
    others = [entry.event for other in _anywhere() + _ended() for entry in other.entries]
    for seq, event in enumerate([*others, RunClosed(), RunStopped(StopCause.CALL), RunBlocked(Gate.WRITER, 1)], 900):
        after = apply(ended, Entry(seq, 5, ANN, "ff" * 32, event))
        assert replace(after, seq=ended.seq, head=ended.head, updated_at_ms=ended.updated_at_ms) == ended


@pytest.mark.parametrize("story", _ended(), ids=lambda story: story.state.status)
def test_nothing_can_be_commanded_after_the_end(story: Story) -> None:
    commands = (
        Stop("once more, please"),
        AllowRepeat("again"),
        MoveRoute(Role.WRITER, TYPED),
        story.decision(),
        *(ReportEvent(entry.event) for entry in story.entries),
    )
    for command in commands:
        result = story.tries(command, ANN)
        assert isinstance(result, Refusal)
        assert result.code is RefusalCode.OVER


def test_a_second_beginning_changes_no_policy() -> None:
    story = Story(replace(POLICY, four_eyes=True))
    begun = story.entries[0].event
    assert isinstance(story.tries(ReportEvent(begun)), Refusal)
    forged = replace(begun, policy=POLICY)  # type: ignore[type-var]  # a RunCreated
    after = apply(story.state, Entry(9, 9, ANN, "ff" * 32, forged))
    assert after.created is not None
    assert after.created.policy.four_eyes


def test_what_cannot_follow_changes_nothing() -> None:
    story = waiting_at(Gate.REVIEWER)
    sha256 = story.state.subject_sha256 or ""
    for event in (
        RunClosed(),
        CandidateSealed(sha256, four_eyes=True),
        RunBlocked(Gate.REVIEWER, 1),
        GateDecided(Gate.CANDIDATE, 1, READY, "", False, False, "", sha256),
        GateDecided(Gate.REVIEWER, 2, READY, "", False, False, "", sha256),
        recorded(story.state),
        CallLost("call-3", Role.REVIEWER),
    ):
        after = apply(story.state, Entry(story.state.seq, story.state.updated_at_ms, ANN, story.state.head, event))
        assert after == story.state


def test_a_state_without_a_beginning_takes_no_event() -> None:
    story = Story().reaches(Gate.CANDIDATE)
    empty = RunState("01J0000000000000000000000A")
    for entry in story.entries[1:]:
        after = apply(empty, entry)
        assert replace(after, seq=0, head="", updated_at_ms=0) == empty

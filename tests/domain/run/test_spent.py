"""What calls take is booked once and never too low, and attempts are numbered so that each verdict has one place."""

from collections.abc import Callable

import pytest
from support.run.story import ANN, REVISE, Story, failed, hashed, opened, recorded, waiting_at

from console.domain.money import Spent
from console.domain.run.call_event import CallLost
from console.domain.run.command import AllowRepeat, ReportEvent, Stop
from console.domain.run.event import ArtifactRole, ArtifactStored, RunEvent, SourcesChecked
from console.domain.run.gate import Gate
from console.domain.run.refusal import Refusal

UNNAMED: dict[str, int | None] = {"input_tokens": None, "output_tokens": None, "microusd": None}


def _calling() -> Story:
    story = Story().reaches(Gate.PLANNER)
    story.calls()
    return story


@pytest.mark.parametrize(
    ("changes", "spent"),
    [
        ({}, Spent(150, 300)),
        ({"input_tokens": 0, "output_tokens": 0, "microusd": 0}, Spent(0, 0)),
        ({"input_tokens": 5000}, Spent(5050, 300)),
        ({"input_tokens": None}, Spent(1000, 300, is_exact=False)),
        ({"output_tokens": None, "microusd": None}, Spent(1000, 2000, is_exact=False)),
        ({"microusd": None}, Spent(150, 2000, is_exact=False)),
        ({"input_tokens": -10_000}, Spent(1000, 300, is_exact=False)),
        ({"microusd": -10_000}, Spent(150, 2000, is_exact=False)),
        ({"input_tokens": 10**40}, Spent(1000, 300, is_exact=False)),
    ],
)
def test_what_is_not_known_is_booked_as_it_was_set_aside(changes: dict[str, int | None], spent: Spent) -> None:
    story = _calling()
    story.reports(recorded(story.state, **changes))
    assert story.state.spent == story.state.spent_in_attempt == spent


@pytest.mark.parametrize(
    ("changes", "spent"),
    [
        ({"counted_tokens": 120, "counted_microusd": 240}, Spent(120, 240, is_exact=False)),
        ({"counted_tokens": 120}, Spent(120, 2000, is_exact=False)),
        ({"counted_tokens": 5000, "counted_microusd": 9000}, Spent(1000, 2000, is_exact=False)),
        ({"counted_tokens": -5}, Spent(1000, 2000, is_exact=False)),
    ],
)
@pytest.mark.parametrize("end", [recorded, failed])
def test_what_was_counted_here_is_booked_if_the_answer_names_no_usage(
    end: Callable[..., RunEvent], changes: dict[str, int], spent: Spent
) -> None:
    story = _calling()
    story.reports(end(story.state, input_tokens=None, output_tokens=None, microusd=None, **changes))
    assert story.state.spent == story.state.spent_in_attempt == spent


def test_a_usage_that_is_named_is_booked_whatever_was_counted() -> None:
    story = _calling()
    story.reports(recorded(story.state, counted_tokens=7, counted_microusd=7))
    assert story.state.spent == Spent(150, 300)


def test_without_any_price_only_tokens_are_booked() -> None:
    story = Story().reaches(Gate.PLANNER)
    story.calls(max_microusd=None)
    story.reports(recorded(story.state, microusd=None))
    assert story.state.spent == Spent(150, 0, is_exact=False)


@pytest.mark.parametrize(
    ("changes", "spent"),
    [
        ({"requests_sent": 0, "http_status": None, **UNNAMED}, Spent()),
        ({"http_status": 400, **UNNAMED}, Spent()),
        ({"http_status": 429, **UNNAMED}, Spent()),
        ({"http_status": 500, **UNNAMED}, Spent()),
        ({"http_status": 502, **UNNAMED}, Spent()),
        ({"http_status": 504, "input_tokens": None, "microusd": None}, Spent()),
        ({"http_status": 500}, Spent(150, 300)),
        ({"http_status": 200}, Spent(150, 300)),
        ({"http_status": None, "input_tokens": None}, Spent(1000, 300, is_exact=False)),
        ({"http_status": 200, **UNNAMED}, Spent(1000, 2000, is_exact=False)),
    ],
)
def test_a_failed_call_costs_what_it_may_have_cost(changes: dict[str, int | None], spent: Spent) -> None:
    story = _calling()
    story.reports(failed(story.state, **changes))
    assert story.state.spent == spent


def test_a_lost_call_and_its_repetition_are_both_booked() -> None:
    story = _calling()
    story.reports(CallLost("call-1", story.state.calls[0].role))
    assert story.state.spent == Spent(1000, 2000, is_exact=False)
    story.does(AllowRepeat("the line was cut"), ANN)
    story.calls()
    story.answers()
    assert story.state.spent == Spent(1150, 2300, is_exact=False)


def test_a_call_that_is_cut_off_by_a_stop_is_booked() -> None:
    story = _calling()
    story.does(Stop("not needed any more"), ANN)
    assert story.state.spent == Spent(1000, 2000, is_exact=False)


def test_a_stop_after_the_answer_books_nothing_twice() -> None:
    story = _calling()
    story.answers()
    story.does(Stop("not needed any more"), ANN)
    assert story.state.spent == Spent(150, 300)


def test_each_verdict_has_its_own_gate_and_attempt_however_often_plans_and_drafts_are_revised() -> None:
    story = Story().reaches(Gate.PLANNER)
    story.opens()
    story.says(REVISE)
    story.opens()
    story.says(REVISE)
    assert story.state.attempt == 3
    for gate in (Gate.REVIEWER, Gate.WRITER):
        story.reaches(gate)
        story.opens()
        story.says(REVISE)
    assert (story.state.gate, story.state.attempt) == (Gate.WRITER, 3)
    story.reaches(Gate.CANDIDATE)
    story.passes()
    places = [(each.decided.gate, each.decided.attempt) for each in story.state.decisions]
    assert len(set(places)) == len(places)
    assert [attempt for gate, attempt in places if gate is Gate.PLANNER] == [1, 2, 3]
    assert [attempt for gate, attempt in places if gate is Gate.WRITER] == [1, 2, 3]


def test_the_subject_is_this_attempts_plan_or_draft() -> None:
    story = Story().reaches(Gate.PLANNER)
    assert story.state.subject_sha256 is None
    story.calls()
    story.answers("plan one")
    assert story.state.subject_sha256 == hashed("plan one")
    story.opens()
    story.says(REVISE)
    assert story.state.subject_sha256 is None
    story.calls()
    story.answers("plan two")
    story.opens()
    story.says()
    assert story.state.subject_sha256 is None
    story.calls()
    story.answers("draft")
    for gate in (Gate.WRITER, Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CRITIC, Gate.CANDIDATE):
        if story.state.gate is not gate:
            story.reaches(gate)
        assert story.state.subject_sha256 == hashed("draft")
        story.opens()
        story.says()
    assert story.state.sealed is not None
    assert story.state.sealed.artifact_sha256 == hashed("draft")


def test_an_opening_is_this_attempts() -> None:
    story = waiting_at(Gate.CRITIC)
    assert story.state.opening(Gate.REVIEWER) is not None
    story.says(REVISE)
    assert story.state.opening(Gate.REVIEWER) is None
    story.reaches(Gate.CRITIC)
    found = story.state.opening(Gate.REVIEWER)
    assert found is not None
    assert found.attempt == 2


def test_sources_are_known_until_the_next_draft_is_asked_for() -> None:
    story = waiting_at(Gate.REVIEWER)
    story.says(REVISE)
    assert story.state.sources == SourcesChecked(())
    story.calls()
    assert story.state.sources is None


_NOT_THIS_ATTEMPT: list[RunEvent] = [
    ArtifactStored(ArtifactRole.DRAFT, 2, hashed("x"), 1),
    ArtifactStored(ArtifactRole.ANSWER, 2, hashed("x"), 1),
]


@pytest.mark.parametrize("event", _NOT_THIS_ATTEMPT)
def test_what_belongs_to_another_attempt_is_refused(event: RunEvent) -> None:
    story = Story().reaches(Gate.WRITER)
    story.calls()
    story.reports(recorded(story.state))
    assert isinstance(story.tries(ReportEvent(event)), Refusal)
    assert isinstance(story.tries(ReportEvent(opened(story.state, attempt=2))), Refusal)

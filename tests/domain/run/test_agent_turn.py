"""A coding agent's turn in a run: its calls count like any other, end before it, and are never sent twice unasked."""

from dataclasses import replace
from typing import Any

import pytest
from support.run.story import (
    ANN,
    BLOCK,
    CODEX,
    MACHINE,
    POLICY,
    READY,
    REVISE,
    TYPED,
    Story,
    agent_begun,
    agent_ended,
    agent_lost,
    failed,
    hashed,
    intended,
    opened,
    recorded,
    refold,
    writing,
)

from console.domain.errors.category import Category
from console.domain.money import Spent
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentEnding
from console.domain.run.call_event import CallLost
from console.domain.run.command import AllowRepeat, Command, MoveRoute, ReportEvent, Stop
from console.domain.run.event import ArtifactRole, ArtifactStored, RunEvent, StopCause, StopRule
from console.domain.run.gate import Gate
from console.domain.run.pinned import PinnedRoute
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.rules.budgets import run_budgets
from console.domain.run.rules.repeats import needs_new_attempt
from console.domain.run.state import Phase


def refused(story: Story, command: Command | RunEvent) -> RefusalCode:
    """Return why a command, or a report of an event, is refused; nothing happens."""
    before = len(story.entries)
    actor = ANN if isinstance(command, MoveRoute | AllowRepeat | Stop) else MACHINE
    is_command = isinstance(command, MoveRoute | AllowRepeat | Stop | ReportEvent)
    result = story.tries(command if is_command else ReportEvent(command), actor)  # type: ignore[arg-type]
    assert isinstance(result, Refusal), result
    assert len(story.entries) == before
    return result.code


def test_an_agents_calls_may_overlap_and_all_end_before_it_does() -> None:
    story = writing(calls=3)
    first, second, third = story.state.open_calls
    assert {each.turn_id for each in (first, second, third)} == {"turn-1"}
    assert refused(story, agent_ended(story.state)) is RefusalCode.OUT_OF_ORDER
    assert refused(story, agent_lost(story.state)) is RefusalCode.OUT_OF_ORDER
    story.reports(recorded(story.state, call_id=second.call_id))
    assert refused(story, recorded(story.state, call_id=second.call_id)) is RefusalCode.OUT_OF_ORDER
    story.reports(failed(story.state, call_id=third.call_id), CallLost(first.call_id, first.role))
    assert story.state.open_calls == ()
    story.reports(agent_ended(story.state))
    story.keeps_draft()
    story.reports(opened(story.state))
    story.says()
    assert (story.state.gate, story.state.phase) == (Gate.SOURCE_CHECK, Phase.DUE)
    assert refold(story) == story.state


def test_a_whole_run_of_an_agent_revises_on_the_writers_own_route() -> None:
    story = Story(writer=CODEX).reaches(Gate.REVIEWER)
    story.opens(REVISE)
    story.says(REVISE)
    assert (story.state.gate, story.state.attempt, story.state.role) == (Gate.WRITER, 2, Role.WRITER)
    story.reaches(Gate.CANDIDATE)
    story.passes()
    assert story.state.sealed is not None
    assert [each.attempt for each in story.state.turns] == [1, 2]
    assert {each.role for each in story.state.calls if each.gate is Gate.WRITER} == {Role.WRITER}


@pytest.mark.parametrize(
    "change",
    [
        {"turn_id": "another"},
        {"turn_id": ""},
        {"attempt": 2},
        {"gate": Gate.REVIEWER},
        {"role": Role.REVISION},
        {"fingerprint": hashed("another route")},
        {"call_id": "call-1"},
    ],
    ids=str,
)
def test_a_call_outside_of_its_turn_is_refused(change: dict[str, Any]) -> None:
    story = writing(calls=1)
    assert refused(story, intended(story.state, **change)) in (
        RefusalCode.OUT_OF_ORDER, RefusalCode.ROUTE, RefusalCode.REPEATED,
    )  # fmt: skip


def test_only_the_agent_works_at_its_gate_and_only_there() -> None:
    story = Story(writer=CODEX).reaches(Gate.PLANNER)
    assert refused(story, agent_begun(story.state)) is RefusalCode.OUT_OF_ORDER
    assert refused(story, intended(story.state, turn_id="turn-1")) is RefusalCode.OUT_OF_ORDER
    story.reaches(Gate.WRITER)
    assert refused(story, intended(story.state)) is RefusalCode.OUT_OF_ORDER
    assert refused(story, intended(story.state, turn_id="turn-1")) is RefusalCode.OUT_OF_ORDER
    assert refused(story, agent_begun(story.state, role=Role.REVISION)) is RefusalCode.ROUTE
    assert refused(story, agent_begun(story.state, fingerprint=hashed("other"))) is RefusalCode.ROUTE
    without = Story().reaches(Gate.WRITER)
    assert refused(without, agent_begun(without.state)) is RefusalCode.OUT_OF_ORDER


def test_after_its_end_it_makes_no_call_and_ends_only_once() -> None:
    story = writing(calls=1)
    call = story.state.open_calls[0]
    story.reports(recorded(story.state))
    end = agent_ended(story.state)
    assert refused(story, replace(end, turn_id="another")) is RefusalCode.OUT_OF_ORDER
    assert refused(story, agent_begun(story.state, "turn-2")) is RefusalCode.OUT_OF_ORDER
    draft = ArtifactStored(ArtifactRole.DRAFT, 1, hashed("early"), 9)
    assert refused(story, draft) is RefusalCode.OUT_OF_ORDER
    story.reports(end)
    assert refused(story, end) is RefusalCode.OUT_OF_ORDER
    assert refused(story, replace(call, call_id="late")) is RefusalCode.OUT_OF_ORDER


@pytest.mark.parametrize("scope", ["run", "attempt"])
@pytest.mark.parametrize("unit", ["tokens", "microusd"])
def test_calls_that_fit_alone_but_not_together_are_not_both_made(scope: str, unit: str) -> None:
    spent = {"tokens": 150, "microusd": 300}[unit] * (1 if scope == "run" else 0)  # by the planner, in the run
    most = {"tokens": 1_000, "microusd": 2_000}[unit]
    fits_twice = replace(POLICY, **{f"{scope}_{unit}": spent + 2 * most})
    writing(calls=2, policy=fits_twice)
    story = writing(calls=1, policy=replace(POLICY, **{f"{scope}_{unit}": spent + 2 * most - 1}))
    assert refused(story, intended(story.state)) is RefusalCode.BUDGET
    story.reports(recorded(story.state))  # it took less than was set aside for it
    story.calls()


def test_a_stop_while_an_agent_is_at_work_books_its_open_calls_in_full() -> None:
    story = writing(calls=2)
    before = story.state.spent
    story.does(Stop("seen enough of it"), ANN)
    assert story.state.phase is Phase.OVER
    assert story.state.spent == before.plus(Spent(2_000, 4_000, is_exact=False))
    assert refold(story) == story.state
    assert isinstance(story.tries(ReportEvent(agent_ended(story.state))), Refusal)


def test_a_lost_turn_waits_for_a_person_who_may_have_it_done_once_more() -> None:
    story = writing(calls=1)
    before = story.state.spent
    call = story.state.open_calls[0]
    story.reports(CallLost(call.call_id, call.role), agent_lost(story.state))
    assert (story.state.phase, story.state.is_waiting) == (Phase.LOST, True)
    assert story.state.spent == before.plus(Spent(1_000, 2_000, is_exact=False))
    assert refused(story, agent_begun(story.state)) is RefusalCode.OUT_OF_ORDER
    assert refused(story, opened(story.state, REVISE)) is RefusalCode.OUT_OF_ORDER
    assert not needs_new_attempt(story.state)
    story.does(AllowRepeat(TYPED), ANN)
    assert refused(story, agent_begun(story.state, "turn-1")) is RefusalCode.OUT_OF_ORDER
    story.writes()
    story.reports(opened(story.state))
    assert [each.turn_id for each in story.state.turns] == ["turn-1", "turn-2"]
    assert story.state.allowed_repeats[0].call_id == "turn-1"


def test_the_same_task_is_not_given_twice_unless_a_person_asks() -> None:
    content = hashed("the same task")
    story = Story(writer=CODEX).reaches(Gate.WRITER)
    story.reports(agent_begun(story.state, content_sha256=content))
    story.reports(agent_ended(story.state, ending=AgentEnding.TIMED_OUT, failure=Category.TIMEOUT))
    story.reports(opened(story.state, REVISE))
    story.says(REVISE, MACHINE, is_machine=True, reason="")
    assert refused(story, agent_begun(story.state, content_sha256=content)) is RefusalCode.REPEATED
    story = writing()
    story.reports(agent_ended(story.state, failure=Category.TIMEOUT, ending=AgentEnding.TIMED_OUT))
    story.reports(opened(story.state, REVISE, needs_human=True, is_final=True))
    story.does(AllowRepeat(TYPED), ANN)
    story.reports(agent_begun(story.state, content_sha256=content))


@pytest.mark.parametrize(
    ("failure", "cause", "rule"),
    [
        (Category.ACCOUNT_QUOTA, StopCause.CALL, StopRule.REFUSED_CALL),
        (Category.BUDGET_EXCEEDED, StopCause.BUDGET, None),
        (Category.SECRET_IN_PROMPT, StopCause.SECRET_IN_PROMPT, None),
    ],
)
def test_a_turn_that_stops_the_run_ends_first_and_says_why(
    failure: Category, cause: StopCause, rule: StopRule | None
) -> None:
    story = writing(calls=1)
    story.reports(failed(story.state, category=Category.ACCOUNT_QUOTA, stops=True, http_status=402))
    assert not story.state.is_over
    story.reports(agent_ended(story.state, ending=AgentEnding.CUT_OFF, failure=failure, stops=True, exit_code=None))
    stopped = story.state.stopped
    assert stopped is not None
    assert (stopped.cause, stopped.category, stopped.role, stopped.rule) == (cause, failure, Role.WRITER, rule)
    assert refold(story) == story.state


def test_a_failed_turn_gives_no_draft_and_a_person_decides() -> None:
    story = writing(calls=1)
    story.reports(recorded(story.state))
    story.reports(agent_ended(story.state, exit_code=3, failure=Category.CONTRACT_VIOLATION))
    stored = ArtifactStored(ArtifactRole.DRAFT, 1, hashed("x"), 9)
    assert refused(story, stored) is RefusalCode.OUT_OF_ORDER
    story.reports(opened(story.state, REVISE, needs_human=True, is_final=True, failure=Category.CONTRACT_VIOLATION))
    assert isinstance(story.tries(story.decision(is_machine=True, verdict=REVISE)), Refusal)
    story.says(BLOCK)
    assert story.state.blocked is not None


def test_an_agent_moves_to_a_fallback_of_its_own_family_alone() -> None:
    story = Story(writer=CODEX).reaches(Gate.WRITER)
    fallback = story.state.route(Role.FALLBACK)
    assert fallback is not None
    story.does(MoveRoute(Role.WRITER, TYPED), ANN)
    story.works()
    other = Story(writer=CODEX)
    created = other.entries[0].event
    families = tuple(_of_family(each, EndpointFamily.CHAT_COMPLETIONS) for each in created.routes)  # type: ignore[union-attr]
    other.entries[0] = replace(other.entries[0], event=replace(created, routes=families))  # type: ignore[type-var]
    other.state = refold(other)
    other.reaches(Gate.WRITER)
    assert refused(other, MoveRoute(Role.WRITER, TYPED)) is RefusalCode.ROUTE
    other.does(MoveRoute(Role.REVIEWER, TYPED), ANN)


def _of_family(route: PinnedRoute, family: EndpointFamily) -> PinnedRoute:
    """Return the fallback's route on another family; any other one as it is."""
    return replace(route, endpoint_family=family) if route.role is Role.FALLBACK else route


def test_open_calls_count_in_every_budget_until_they_end() -> None:
    story = writing(calls=2)
    before = [each.spent.tokens for each in run_budgets(story.state)]
    story.reports(recorded(story.state))
    after = [each.spent.tokens for each in run_budgets(story.state)]
    assert [one - other for one, other in zip(before, after, strict=True)] == [850, 850]


def test_an_agent_that_ends_well_without_a_verdict_of_ours_passes_nothing() -> None:
    story = writing()
    story.reports(agent_ended(story.state))
    assert isinstance(story.tries(story.decision(READY), ANN), Refusal)
    assert story.state.phase is Phase.WORKED

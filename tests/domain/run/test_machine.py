"""A run under any commands in any order, and the fold under any events in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.examples import examples
from support.run.story import (
    ANN,
    BEN,
    CAT,
    CODEX,
    KEYLESS,
    MACHINE,
    OUTSIDE,
    POLICY,
    Story,
    agent_begun,
    agent_ended,
    agent_lost,
    failed,
    failed_at,
    hashed,
    intended,
    lost_at,
    next_draft,
    opened,
    pinned,
    preflight,
    recorded,
    refold,
    signature_by,
    waiting_at,
    writing,
)

from console.domain.errors.category import Category
from console.domain.ledger.actor import Actor
from console.domain.money import Estimate
from console.domain.record.projection import record_of
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentEnded, AgentEnding
from console.domain.run.call_event import CallLost, CallRecorded
from console.domain.run.command import AllowRepeat, BringDraft, Command, MoveRoute, ReportEvent, SignDecision, Stop
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    DraftBrought,
    Entry,
    RunEvent,
    RunStopped,
    SourcesChecked,
    StopCause,
)
from console.domain.run.fold import Course, apply
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict
from console.domain.run.rules.budgets import run_budgets
from console.domain.run.state import Phase, RunState, RunStatus
from console.domain.run.transition import why_not_follow
from console.services.ledger.codec import decode_event, decode_forms, encode_event, kind_of


def _forms(events: Iterable[RunEvent]) -> Sequence[tuple[type[RunEvent], Any]]:
    """Return events as the fast pass over stored lines has them."""
    return decode_forms([(kind_of(each), encode_event(each)) for each in events]) or ()


_ACTORS = st.sampled_from([ANN, BEN, CAT, KEYLESS, MACHINE])
_VERDICTS = st.sampled_from(list(GateVerdict))
_FLAGS = st.booleans()
_REASONS = st.sampled_from(["", "typed by me", "no", "x" * 300])


class RunMachine(RuleBasedStateMachine):
    """Steppers and operators who do what is due, and what is not."""

    @initialize(
        four_eyes=_FLAGS,
        attempts=st.integers(1, 3),
        creator=st.sampled_from([ANN, BEN, KEYLESS]),
        gate=st.sampled_from(list(Gate)),
        author=st.sampled_from([{}, {"writer": CODEX}, {"outside": OUTSIDE}]),
        run_tokens=st.sampled_from([4_000, 200_000]),
    )
    def begin(  # by name
        self, *, four_eyes: bool, attempts: int, creator: object, gate: Gate, author: dict[str, Any], run_tokens: int
    ) -> None:
        policy = replace(POLICY, four_eyes=four_eyes, max_attempts=attempts, run_tokens=run_tokens)
        self.story = Story(policy, creator, **author)  # type: ignore[arg-type]  # one of the actors
        is_unplanned = gate is Gate.PLANNER and "outside" in author  # a draft from outside comes to no planner
        self.story.reaches(Gate.WRITER if is_unplanned else gate)
        self.spent = (0, 0)
        self.ended: RunState | None = None

    def give(self, command: Command, actor: object = MACHINE) -> None:
        self.story.tries(command, actor)  # type: ignore[arg-type]  # one of the actors

    # --- What is due -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.story.state.phase is Phase.DUE)
    @rule(needs_human=_FLAGS)
    def work(self, needs_human: bool) -> None:  # drawn by name
        state = self.story.state
        match state.gate:
            case Gate.INSTRUCTION:
                self.give(ReportEvent(pinned()))
            case Gate.PREFLIGHT:
                self.give(ReportEvent(replace(preflight(), needs_human=needs_human)))
            case Gate.SOURCE_CHECK:
                self.give(ReportEvent(SourcesChecked(())))
            case Gate.CANDIDATE:
                self.give(ReportEvent(opened(state)))
            case Gate.WRITER if self.story.writer is not None:
                self.give(ReportEvent(agent_begun(state)))
            case Gate.WRITER if self.story.outside is not None:
                self.give(ReportEvent(DraftBrought(state.attempt, next_draft(state))))
            case _:
                self.give(ReportEvent(intended(state)))

    @rule(actor=_ACTORS)
    def bring(self, actor: object) -> None:
        self.give(BringDraft(next_draft(self.story.state)), actor)

    @precondition(lambda self: self.story.state.phase is Phase.WRITING)
    @rule(ends=st.sampled_from(["calls", "answers", "fails", "loses", "ends", "is lost"]), often=st.integers(1, 3))
    def write(self, ends: str, often: int) -> None:
        for _ in range(often):
            state = self.story.state
            if state.phase is not Phase.WRITING:
                return
            match ends:
                case "calls":
                    self.give(ReportEvent(intended(state)))
                case "answers" if state.open_calls:
                    self.give(ReportEvent(recorded(state)))
                case "fails" if state.open_calls:
                    self.give(ReportEvent(failed(state, stops=True, category=Category.ACCOUNT_QUOTA)))
                case "loses" if state.open_calls:
                    self.give(ReportEvent(CallLost(state.open_calls[-1].call_id, Role.WRITER)))
                case "is lost":
                    self.give(ReportEvent(agent_lost(state)))
                case _:
                    self.end_turn(None, stops=False)

    @precondition(lambda self: self.story.state.phase is Phase.WRITING)
    @rule(failure=st.none() | st.sampled_from(list(Category)), stops=_FLAGS)
    def end_turn(self, failure: Category | None, stops: bool) -> None:  # drawn by name
        ended = agent_ended(self.story.state, failure=failure, stops=stops)
        self.give(ReportEvent(ended))
        if self.story.state.phase is Phase.WORKED:
            sha256 = hashed(f"draft {self.story.state.attempt}")
            self.give(ReportEvent(ArtifactStored(ArtifactRole.DRAFT, self.story.state.attempt, sha256, 1)))

    @precondition(lambda self: self.story.state.phase is Phase.CALLING)
    @rule(tokens=st.none() | st.integers(-5, 900), microusd=st.none() | st.integers(-5, 9000))
    def answer(self, tokens: int | None, microusd: int | None) -> None:
        state = self.story.state
        self.give(ReportEvent(recorded(state, input_tokens=tokens, microusd=microusd)))
        made = {Gate.PLANNER: ArtifactRole.PLAN, Gate.WRITER: ArtifactRole.DRAFT}.get(state.gate)
        if made is not None:
            sha256 = hashed(f"{state.gate} {state.attempt}")
            self.give(ReportEvent(ArtifactStored(made, state.attempt, sha256, 1)))

    @precondition(lambda self: self.story.state.phase is Phase.CALLING)
    @rule(status=st.sampled_from([None, 200, 402, 503]), category=st.sampled_from(list(Category)))
    def fail(self, status: int | None, category: Category) -> None:
        self.give(ReportEvent(failed(self.story.state, http_status=status, category=category)))

    @precondition(lambda self: self.story.state.phase is Phase.CALLING)
    @rule()
    def lose(self) -> None:
        call = self.story.state.calls[-1]
        self.give(ReportEvent(CallLost(call.call_id, call.role)))

    @precondition(lambda self: self.story.state.phase is Phase.WORKED)
    @rule(verdict=_VERDICTS, needs_human=_FLAGS, is_final=_FLAGS)
    def judge(self, verdict: GateVerdict, needs_human: bool, is_final: bool) -> None:  # drawn by name
        self.give(ReportEvent(opened(self.story.state, verdict, needs_human=needs_human, is_final=is_final)))

    @precondition(lambda self: self.story.state.phase is Phase.WAITING)
    @rule(verdict=_VERDICTS, actor=_ACTORS, reason=_REASONS, is_machine=_FLAGS)
    def say(self, verdict: GateVerdict, actor: object, reason: str, is_machine: bool) -> None:
        self.give(self.story.decision(verdict, reason, is_machine=is_machine), actor)

    @precondition(lambda self: self.story.state.phase is Phase.WAITING)
    @rule(name=st.sampled_from(["ann", "ben", "cat"]), actor=_ACTORS)
    def sign(self, name: str, actor: object) -> None:
        self.give(SignDecision(signature_by(name), hashed("signers")), actor)

    @precondition(lambda self: self.story.state.phase is Phase.WAITING)
    @rule(actor=st.sampled_from([ANN, CAT]))
    def pass_the_gate(self, actor: Actor) -> None:
        self.story.signs(actor)
        self.give(self.story.decision(), actor)

    @precondition(lambda self: self.story.state.phase is Phase.DUE)
    @rule(actor=st.sampled_from([ANN, BEN, CAT]))
    def do_the_whole_gate(self, actor: Actor) -> None:
        if any(budget.why_not(Estimate(2_000, 4_000)) for budget in run_budgets(self.story.state)):
            return  # no room for its calls
        self.story.works()
        if self.story.state.phase is Phase.WORKED or self.story.state.gate is Gate.CANDIDATE:
            self.give(ReportEvent(opened(self.story.state)))
            self.story.signs(actor)
            self.give(self.story.decision(), actor)

    # --- What may not be due -----------------------------------------------------------------------------------------

    @rule(actor=_ACTORS, reason=_REASONS)
    def repeat(self, actor: object, reason: str) -> None:
        self.give(AllowRepeat(reason), actor)

    @rule(role=st.sampled_from(list(Role)), actor=_ACTORS, reason=_REASONS)
    def move(self, role: Role, actor: object, reason: str) -> None:
        self.give(MoveRoute(role, reason), actor)

    @rule(often=st.integers(0, 12))
    def stop(self, often: int) -> None:
        if often == 0:
            self.give(Stop("not needed any more"), ANN)

    @rule(gate=st.sampled_from(list(Gate)), verdict=_VERDICTS, actor=_ACTORS)
    def say_elsewhere(self, gate: Gate, verdict: GateVerdict, actor: object) -> None:
        self.give(self.story.decision(verdict, gate=gate), actor)

    @rule(place=st.integers(0, 200))
    def report_again(self, place: int) -> None:
        event = self.story.entries[place % len(self.story.entries)].event
        if not isinstance(event, RunStopped):
            self.give(ReportEvent(event))

    # --- What always holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_end_absorbs(self) -> None:
        state = self.story.state
        if self.ended is not None:
            assert state == self.ended
        if state.is_over:
            assert state.phase is Phase.OVER
            self.ended = state

    @invariant()
    def a_gate_is_decided_once_an_attempt(self) -> None:
        places = [(each.decided.gate, each.decided.attempt) for each in self.story.state.decisions]
        assert len(set(places)) == len(places)
        assert all(attempt <= self.story.policy.max_attempts for _, attempt in places)

    @invariant()
    def a_call_is_made_once_and_ends_once(self) -> None:
        state = self.story.state
        calls, ends = [call.call_id for call in state.calls], [end.call_id for end in state.ends]
        assert len(set(calls)) == len(calls)
        assert len(set(ends)) == len(ends)
        assert set(ends) <= set(calls)
        here = [call for call in state.calls if (call.gate, call.attempt) == (state.gate, state.attempt)]
        answered = {end.call_id for end in state.ends if isinstance(end, CallRecorded)}
        assert not any(call.call_id in answered for call in here[:-1] if not call.turn_id)  # an agent makes many

    @invariant()
    def an_agents_turn_ends_once_and_after_all_its_calls(self) -> None:
        state = self.story.state
        turns, ends = [turn.turn_id for turn in state.turns], [end.turn_id for end in state.turn_ends]
        assert len(set(turns)) == len(turns)
        assert len(set(ends)) == len(ends)
        assert set(ends) <= set(turns)
        assert {call.turn_id for call in state.calls} - {""} <= set(turns)
        done = [turn for turn in state.turns if (turn.gate, turn.attempt) == (state.gate, state.attempt)]
        kept = {end.turn_id for end in state.turn_ends if isinstance(end, AgentEnded) and end.failure is None}
        assert not any(turn.turn_id in kept for turn in done[:-1])
        if state.phase is not Phase.WRITING and not state.is_over:
            assert not [call for call in state.open_calls if call.turn_id]

    @invariant()
    def no_budget_is_exceeded_by_what_was_spent_and_what_is_under_way(self) -> None:
        of_run = next(iter(run_budgets(self.story.state)))
        assert of_run.limits.tokens is not None
        assert of_run.spent.tokens <= of_run.limits.tokens

    @invariant()
    def what_is_spent_never_falls(self) -> None:
        spent = self.story.state.spent
        assert spent.tokens >= self.spent[0]
        assert spent.microusd >= self.spent[1]
        self.spent = (spent.tokens, spent.microusd)

    @invariant()
    def only_what_passed_every_gate_closes(self) -> None:
        state = self.story.state
        if state.status is not RunStatus.CLOSED:
            assert state.sealed is None
            return
        said = {(each.decided.gate, each.decided.attempt): each for each in state.decisions}
        assert said[Gate.INSTRUCTION, 1].decided.verdict is GateVerdict.READY
        assert state.preflight is not None
        assert not state.preflight.needs_human or said[Gate.PREFLIGHT, 1].decided.verdict is GateVerdict.READY
        plans = [each for (gate, _), each in said.items() if gate is Gate.PLANNER]
        assert [each.decided.verdict for each in plans[-1:]] == [GateVerdict.READY] * (state.outside is None)
        assert state.sealed is not None
        for gate in (Gate.WRITER, Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CRITIC, Gate.CANDIDATE):
            decided = said[gate, state.attempt].decided
            assert decided.verdict is GateVerdict.READY
            assert decided.artifact_sha256 == state.sealed.artifact_sha256

    @invariant()
    def two_operators_stand_behind_it_where_the_policy_wants_two(self) -> None:
        state = self.story.state
        if state.sealed is None or not self.story.policy.four_eyes:
            return
        signers = [each.signed and each.signed.key_fingerprint for each in state.decisions]
        assert signers == [each.actor.key_fingerprint for each in state.decisions]
        last = signers[-1]
        passed = [
            each.signed and each.signed.key_fingerprint
            for each in state.decisions
            if (each.decided.gate, each.decided.attempt) == (Gate.WRITER, state.attempt)
        ]
        assert state.begun is not None
        assert None not in (last, *passed)
        assert last not in (state.begun.key_fingerprint, *passed)
        assert not any(each.decided.is_machine for each in state.decisions)

    @invariant()
    def no_console_speaks_as_a_person(self) -> None:
        assert all(each.decided.is_machine or each.actor is not MACHINE for each in self.story.state.decisions)

    @invariant()
    def it_folds_and_has_a_record(self) -> None:
        assert refold(self.story) == self.story.state
        course = Course(self.story.state.run_id)
        by_forms = Course(self.story.state.run_id)
        assert not any(course.take(entry.event) for entry in self.story.entries)
        assert not any(by_forms.take(form, kind) for kind, form in _forms(e.event for e in self.story.entries))
        record = record_of(self.story.state)
        assert record.head == self.story.state.head
        assert len(record.calls) == len(self.story.state.calls)

    @invariant()
    def every_event_can_be_kept(self) -> None:
        event = self.story.entries[-1].event
        assert decode_event(kind_of(event), encode_event(event)) == event


TestRunMachine = RunMachine.TestCase
TestRunMachine.settings = settings(examples(80), stateful_step_count=60)


def _closed() -> Story:
    story = Story(replace(POLICY, four_eyes=True))
    while not story.state.is_over:
        if story.state.gate is Gate.CANDIDATE:
            story.opens()
            story.says(actor=BEN)
        else:
            story.passes()
    return story


def _stories() -> list[Story]:
    revised = waiting_at(Gate.CRITIC)
    revised.says(GateVerdict.REVISE)
    revised.reaches(Gate.CANDIDATE)
    blocked = waiting_at(Gate.REVIEWER)
    blocked.says(GateVerdict.BLOCK)
    moved = failed_at(Gate.REVIEWER)
    moved.does(MoveRoute(Role.REVIEWER, "the model is away"), ANN)
    by_agent, from_outside = Story(writer=CODEX), Story(outside=OUTSIDE)
    for story in (by_agent, from_outside):
        story.reaches(Gate.REVIEWER)
        story.opens(GateVerdict.REVISE)
        story.says(GateVerdict.REVISE)
        story.reaches(Gate.CANDIDATE)
        story.passes()
    lost = writing(calls=2)
    lost.reports(*(CallLost(each.call_id, each.role) for each in lost.state.open_calls), agent_lost(lost.state))
    cut_off = writing(calls=1)
    cut_off.reports(failed(cut_off.state, stops=True, category=Category.ACCOUNT_QUOTA))
    why = {"ending": AgentEnding.CUT_OFF, "failure": Category.ACCOUNT_QUOTA, "stops": True}
    cut_off.reports(agent_ended(cut_off.state, **why))
    return [
        _closed(),
        by_agent,
        from_outside,
        writing(calls=2),
        lost,
        cut_off,
        revised,
        blocked,
        moved,
        lost_at(Gate.WRITER),
        *(failed_at(gate) for gate in sorted(GATES_WITH_A_CALL)),
    ]


_EVENTS: list[RunEvent] = [
    *(entry.event for story in _stories() for entry in story.entries),
    RunStopped(StopCause.BUDGET),
]


@examples(150)
@given(st.lists(st.tuples(st.sampled_from(_EVENTS), _ACTORS), max_size=60))
def test_the_fold_takes_any_events_in_any_order(events: list[tuple[RunEvent, object]]) -> None:
    state = RunState("01J0000000000000000000000A")
    course, by_forms = Course(state.run_id), Course(state.run_id)
    spent = 0
    forms = _forms(event for event, _ in events)
    for seq, ((event, actor), (kind, form)) in enumerate(zip(events, forms, strict=True), start=1):
        before = state
        assert course.take(event) == by_forms.take(form, kind) == why_not_follow(state, event)
        state = apply(state, Entry(seq, seq, actor, f"{seq:064x}", event))  # type: ignore[arg-type]  # an actor
        assert state.seq == seq
        if before.is_over:
            assert replace(state, seq=before.seq, head=before.head, updated_at_ms=before.updated_at_ms) == before
        assert state.spent.tokens >= spent
        spent = state.spent.tokens
        places = [(each.decided.gate, each.decided.attempt) for each in state.decisions]
        assert len(set(places)) == len(places)
        record_of(state)


@pytest.mark.parametrize("story", _stories(), ids=lambda story: f"{story.state.gate}-{story.state.phase}")
def test_every_prefix_folds_and_has_a_record(story: Story) -> None:
    for end in range(len(story.entries) + 1):
        state = reduce(apply, story.entries[:end], RunState(story.state.run_id))
        assert record_of(state).lines == end


@pytest.mark.parametrize("left_out", range(len(_closed().entries)))
def test_a_run_from_which_a_step_is_missing_does_not_close(left_out: int) -> None:
    story = _closed()
    event = story.entries[left_out].event
    state = reduce(apply, story.entries[:left_out] + story.entries[left_out + 1 :], RunState(story.state.run_id))
    needless = isinstance(event, ArtifactStored) and event.role in (ArtifactRole.TASK, ArtifactRole.ANSWER)
    assert (state.status is RunStatus.CLOSED) is needless, type(event).__name__

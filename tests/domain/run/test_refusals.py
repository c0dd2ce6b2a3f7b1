"""What a run refuses, with its code: stale eyes, wrong gates, unfounded overrides, money, and calls that come twice."""

from dataclasses import replace

import pytest
from support.run.story import (
    ANN,
    BEN,
    BLOCK,
    CAT,
    KEYLESS,
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
    pinned,
    preflight,
    recorded,
    signature_by,
    waiting_at,
)

from console.domain.ledger.actor import Actor
from console.domain.routes.role import Role
from console.domain.run.call_event import CallIntended, CallLost
from console.domain.run.command import AllowRepeat, Command, MoveRoute, ReportEvent, SignDecision, Stop
from console.domain.run.decide import HEAD_LENGTH
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    CandidateSealed,
    GateDecided,
    RunBlocked,
    RunClosed,
    RunEvent,
    RunStopped,
    SourcesChecked,
    StopCause,
)
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict
from console.domain.run.pinned import RunPolicy
from console.domain.run.reason import REASON_LIMIT
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import RunStatus

_CALLED = sorted(GATES_WITH_A_CALL)
_SECRET = "-".join(["sk", "proj", "Zq7" * 16])


def refused(story: Story, command: Command, actor: Actor = ANN) -> Refusal:
    """Give a command that must be refused, and change nothing."""
    before = story.state
    result = story.tries(command, actor)
    assert isinstance(result, Refusal), result
    assert result.message
    assert story.state == before
    return result


# --- What the operator saw -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("saw", ["", "f" * 64, "0" * HEAD_LENGTH])
def test_a_stale_head_is_refused(saw: str) -> None:
    story = waiting_at(Gate.WRITER)
    assert refused(story, story.decision(saw=saw)).code is RefusalCode.STALE


def test_a_head_is_named_by_enough_of_its_beginning() -> None:
    story = waiting_at(Gate.WRITER)
    head = story.state.head
    assert refused(story, story.decision(saw=head[: HEAD_LENGTH - 1])).code is RefusalCode.STALE
    assert refused(story, story.decision(saw=head + "0")).code is RefusalCode.STALE
    assert refused(story, story.decision(saw=head[1 : HEAD_LENGTH + 2])).code is RefusalCode.STALE
    story.says(saw=head[:HEAD_LENGTH])
    assert story.state.decisions[-1].decided.saw == head


def test_a_head_of_before_something_happened_is_refused() -> None:
    story = waiting_at(Gate.REVIEWER)
    before = story.decision()
    story.does(MoveRoute(Role.CRITIC, TYPED), ANN)
    assert refused(story, before).code is RefusalCode.STALE


@pytest.mark.parametrize("sha256", [None, hashed("another draft")])
def test_another_artifact_is_refused(sha256: str | None) -> None:
    story = waiting_at(Gate.CRITIC)
    assert refused(story, story.decision(artifact_sha256=sha256)).code is RefusalCode.STALE


@pytest.mark.parametrize("gate", [gate for gate in Gate if gate is not Gate.REVIEWER])
def test_another_gate_is_refused(gate: Gate) -> None:
    story = waiting_at(Gate.REVIEWER)
    assert refused(story, story.decision(gate=gate)).code is RefusalCode.OTHER_GATE


@pytest.mark.parametrize("gate", list(Gate))
def test_a_gate_that_does_not_wait_is_refused(gate: Gate) -> None:
    story = Story().reaches(gate)
    assert refused(story, story.decision()).code is RefusalCode.NOT_WAITING


def test_a_second_decision_at_a_gate_is_refused() -> None:
    story = waiting_at(Gate.WRITER)
    decision = story.decision()
    story.does(decision, ANN)
    assert refused(story, decision, BEN).code is RefusalCode.NOT_WAITING
    assert refused(story, replace(decision, saw=story.state.head), BEN).code is RefusalCode.NOT_WAITING


# --- What may be said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gate", [Gate.INSTRUCTION, Gate.CANDIDATE])
def test_there_is_nothing_to_revise_where_no_model_wrote(gate: Gate) -> None:
    story = waiting_at(gate)
    assert refused(story, story.decision(REVISE)).code is RefusalCode.NOT_ALLOWED


_ABOVE = [(READY, REVISE), (READY, BLOCK), (REVISE, BLOCK)]


@pytest.mark.parametrize(("said", "computed"), _ABOVE)
@pytest.mark.parametrize("reason", ["", " " * 40, "too few", "  short \n"])
def test_an_override_wants_a_typed_reason(said: GateVerdict, computed: GateVerdict, reason: str) -> None:
    story = waiting_at(Gate.REVIEWER, verdict=computed)
    assert refused(story, story.decision(said, reason)).code is RefusalCode.REASON


@pytest.mark.parametrize(("said", "computed"), _ABOVE)
def test_an_override_with_a_reason_is_kept_as_one(said: GateVerdict, computed: GateVerdict) -> None:
    story = waiting_at(Gate.REVIEWER, verdict=computed)
    story.says(said, reason="  read  it\ttwice ")
    assert story.state.decisions[-1].decided.is_override
    assert story.state.decisions[-1].decided.reason == "read it twice"


@pytest.mark.parametrize(("said", "computed"), _ABOVE)
def test_a_final_verdict_takes_no_override(said: GateVerdict, computed: GateVerdict) -> None:
    story = waiting_at(Gate.REVIEWER, verdict=computed, is_final=True)
    assert refused(story, story.decision(said)).code is RefusalCode.NOT_ALLOWED
    story.says(computed)
    assert not story.state.decisions[-1].decided.is_override


def test_a_verdict_that_only_agrees_wants_no_reason_but_a_person_that_is_asked_for_gives_one() -> None:
    story = waiting_at(Gate.WRITER)
    story.says(reason="")
    story = waiting_at(Gate.WRITER, needs_human=True)
    assert refused(story, story.decision(reason="")).code is RefusalCode.REASON


@pytest.mark.parametrize("computed", list(GateVerdict))
@pytest.mark.parametrize("said", list(GateVerdict))
def test_a_machine_says_what_was_computed_and_nothing_else(said: GateVerdict, computed: GateVerdict) -> None:
    story = waiting_at(Gate.REVIEWER, verdict=computed)
    decision = story.decision(said, "", is_machine=True)
    if said is not computed:
        assert refused(story, decision, MACHINE).code is RefusalCode.HUMAN
        return
    story.does(decision, MACHINE)
    assert story.state.decisions[-1].decided.is_machine
    assert not story.state.decisions[-1].decided.is_override


@pytest.mark.parametrize("computed", list(GateVerdict))
def test_a_machine_says_nothing_where_a_person_is_needed(computed: GateVerdict) -> None:
    story = waiting_at(Gate.REVIEWER, verdict=computed, needs_human=True)
    assert refused(story, story.decision(computed, "", is_machine=True), MACHINE).code is RefusalCode.HUMAN


def test_the_console_gives_no_persons_word() -> None:
    story = waiting_at(Gate.REVIEWER, verdict=REVISE)
    assert refused(story, story.decision(READY), MACHINE).code is RefusalCode.HUMAN
    assert refused(story, MoveRoute(Role.CRITIC, TYPED), MACHINE).code is RefusalCode.HUMAN
    assert refused(lost_at(Gate.WRITER), AllowRepeat(TYPED), MACHINE).code is RefusalCode.HUMAN


@pytest.mark.parametrize("make", ["decision", "stop", "repeat", "move"])
@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (f"use {_SECRET} for it", RefusalCode.SECRET),
        ("x" * (REASON_LIMIT + 1), RefusalCode.REASON),
        ("word " * 5000, RefusalCode.REASON),
        ("hidden \u202e order", RefusalCode.REASON),
        ("\u200b" * 20, RefusalCode.REASON),
        ("colours \x1b[31m here", RefusalCode.REASON),
        ("half a pair \ud800 here", RefusalCode.REASON),
    ],
)
def test_a_reason_that_may_not_be_kept_is_refused_everywhere(make: str, reason: str, code: RefusalCode) -> None:
    story = failed_at(Gate.REVIEWER)
    commands = {
        "decision": story.decision(REVISE, reason),
        "stop": Stop(reason),
        "repeat": AllowRepeat(reason),
        "move": MoveRoute(Role.REVIEWER, reason),
    }
    found = refused(story, commands[make])
    assert found.code is code
    assert reason not in found.message


def test_the_stepper_stops_the_run_without_words_that_may_not_be_kept() -> None:
    story = Story()
    story.reports(RunStopped(StopCause.PREFLIGHT, reason=f"found {_SECRET}"))
    assert story.state.stopped == RunStopped(StopCause.PREFLIGHT)


def test_a_reason_is_kept_in_one_spelling() -> None:
    story = Story()
    story.does(Stop("cafe\u0301 is closed"), ANN)
    assert story.state.stopped is not None
    assert story.state.stopped.reason == "caf\u00e9 is closed"


# --- Two operators ---------------------------------------------------------------------------------------------------

_FOUR = replace(POLICY, four_eyes=True)


def _candidate(creator: Actor, writer: Actor) -> Story:
    story = Story(_FOUR, creator).reaches(Gate.WRITER)
    story.opens()
    story.says(actor=writer)
    story.reaches(Gate.CANDIDATE)
    story.opens()
    return story


@pytest.mark.parametrize("gate", [Gate.INSTRUCTION, Gate.WRITER, Gate.REVIEWER, Gate.CANDIDATE])
def test_two_operators_means_no_machine(gate: Gate) -> None:
    story = waiting_at(gate, _FOUR)
    assert refused(story, story.decision(is_machine=True), MACHINE).code is RefusalCode.FOUR_EYES


@pytest.mark.parametrize(
    ("creator", "writer", "approver"),
    [
        (ANN, ANN, ANN),
        (ANN, BEN, ANN),
        (ANN, BEN, BEN),
        (ANN, ANN, replace(ANN, id="another-name")),
        (ANN, ANN, KEYLESS),
        (KEYLESS, ANN, BEN),
    ],
)
def test_one_key_behind_both_or_none_at_all_is_refused(creator: Actor, writer: Actor, approver: Actor) -> None:
    story = _candidate(creator, writer)
    story.signs(approver)
    assert refused(story, story.decision(), approver).code is RefusalCode.FOUR_EYES


@pytest.mark.parametrize("verdict", [READY, REVISE])
@pytest.mark.parametrize("gate", [Gate.WRITER, Gate.REVIEWER])
def test_a_decision_that_nobody_signed_or_another_one_is_refused(gate: Gate, verdict: GateVerdict) -> None:
    story = waiting_at(gate, _FOUR)
    assert refused(story, story.decision(verdict), ANN).code is RefusalCode.UNSIGNED
    assert refused(story, story.decision(verdict), KEYLESS).code is RefusalCode.FOUR_EYES
    story.signs(ANN)
    assert refused(story, story.decision(verdict), BEN).code is RefusalCode.UNSIGNED
    assert not isinstance(story.tries(story.decision(verdict), ANN), Refusal)


def test_a_signature_is_of_the_operators_own_key_and_for_a_decision() -> None:
    story = waiting_at(Gate.WRITER, _FOUR)
    for signature, actor in (
        (signature_by("ben"), ANN),
        (signature_by("ann"), KEYLESS),
        (signature_by("ann", "git"), ANN),
        (signature_by("ann")[:40], ANN),
        ("no base64!", ANN),
        ("", ANN),
    ):
        assert refused(story, SignDecision(signature, hashed("signers")), actor).code is RefusalCode.FOUR_EYES
    assert refused(story, SignDecision(signature_by("ann"), ""), MACHINE).code is RefusalCode.HUMAN


def test_whatever_happens_between_a_signature_and_a_decision_voids_the_signature() -> None:
    story = failed_at(Gate.REVIEWER, _FOUR)
    story.signs(ANN)
    story.does(MoveRoute(Role.REVIEWER, "the model is away"), ANN)
    assert refused(story, story.decision(REVISE), ANN).code is RefusalCode.UNSIGNED


@pytest.mark.parametrize(("creator", "writer", "approver"), [(ANN, ANN, BEN), (ANN, BEN, CAT)])
def test_two_keys_seal_the_candidate(creator: Actor, writer: Actor, approver: Actor) -> None:
    story = _candidate(creator, writer)
    story.says(actor=approver)
    assert story.state.status is RunStatus.CLOSED
    assert story.state.sealed is not None
    assert story.state.sealed.four_eyes


def test_anybody_may_block_what_two_have_to_pass() -> None:
    story = _candidate(ANN, ANN)
    story.says(BLOCK, actor=ANN)
    assert story.state.status is RunStatus.BLOCKED


def test_a_new_attempt_voids_what_was_said_of_the_old_one() -> None:
    story = waiting_at(Gate.WRITER, _FOUR)
    story.says(REVISE, actor=CAT)
    story.opens()
    story.says(actor=BEN)
    story.reaches(Gate.CANDIDATE)
    story.opens()
    story.says(actor=CAT)
    assert story.state.status is RunStatus.CLOSED


# --- Calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gate", _CALLED)
def test_a_recorded_call_is_never_repeated(gate: Gate) -> None:
    story = Story().reaches(gate)
    for call in story.state.calls:
        assert refused(story, ReportEvent(intended(story.state, call.call_id))).code is RefusalCode.REPEATED
    story.calls()
    story.answers()
    assert refused(story, AllowRepeat(TYPED)).code is RefusalCode.NOT_WAITING
    assert refused(story, ReportEvent(intended(story.state, "another"))).code is RefusalCode.OUT_OF_ORDER
    story.opens()
    assert refused(story, AllowRepeat(TYPED)).code is RefusalCode.NOT_WAITING
    assert refused(story, ReportEvent(intended(story.state, "another"))).code is RefusalCode.OUT_OF_ORDER


def _to_the_reviewer_again(actor: Actor) -> Story:
    """Return a run that is about to ask the reviewer what it has asked before, after a verdict on the new draft."""
    story = Story().reaches(Gate.REVIEWER)
    story.calls(content_sha256=hashed("asked"))
    story.answers()
    story.opens(REVISE)
    story.says(REVISE, MACHINE, reason="", is_machine=True)
    is_machine = actor is MACHINE
    story.opens()
    story.says(READY, actor, reason="" if is_machine else TYPED, is_machine=is_machine)
    story.opens()
    story.says(READY, MACHINE, reason="", is_machine=True)
    return story


def test_the_machine_never_sends_a_brief_twice() -> None:
    story = _to_the_reviewer_again(MACHINE)
    again = intended(story.state, content_sha256=hashed("asked"))
    assert refused(story, ReportEvent(again)).code is RefusalCode.REPEATED
    story.calls(content_sha256=hashed("something new"))


def test_a_brief_is_sent_again_if_a_person_gave_a_reason() -> None:
    story = _to_the_reviewer_again(ANN)
    story.calls(content_sha256=hashed("asked"))
    story.reports(CallLost(story.state.calls[-1].call_id, Role.REVIEWER))
    story.does(AllowRepeat(TYPED), ANN)
    story.calls(content_sha256=hashed("asked"))


@pytest.mark.parametrize("gate", _CALLED)
def test_another_route_than_the_pinned_one_is_refused(gate: Gate) -> None:
    story = Story().reaches(gate)
    for fingerprint in ("", hashed("another route"), hashed("mistral-large")):
        assert refused(story, ReportEvent(intended(story.state, fingerprint=fingerprint))).code is RefusalCode.ROUTE
    roles = [role for role in Role if role is not intended(story.state).role]
    for role in roles:
        assert refused(story, ReportEvent(intended(story.state, role=role))).code is RefusalCode.ROUTE


def test_a_call_out_of_order_is_refused() -> None:
    story = Story()
    for gate in Gate:
        story.reaches(gate)
        for other in _CALLED:
            call = replace(intended(story.state), gate=other)
            if other is not gate:
                assert refused(story, ReportEvent(call)).code is RefusalCode.OUT_OF_ORDER
    story = Story().reaches(Gate.WRITER)
    assert refused(story, ReportEvent(intended(story.state, attempt=2))).code is RefusalCode.OUT_OF_ORDER


def test_a_brief_with_a_secret_is_not_sent() -> None:
    story = Story().reaches(Gate.WRITER)
    assert refused(story, ReportEvent(intended(story.state, secret_findings=1))).code is RefusalCode.SECRET


@pytest.mark.parametrize("gate", _CALLED)
def test_only_the_call_under_way_ends_and_only_once(gate: Gate) -> None:
    story = Story().reaches(gate)
    story.calls()
    end = recorded(story.state)
    assert refused(story, ReportEvent(replace(end, call_id="another"))).code is RefusalCode.OUT_OF_ORDER
    story.reports(end)
    for again in (end, failed(story.state), CallLost(end.call_id, end.role)):
        assert refused(story, ReportEvent(again)).code is RefusalCode.OUT_OF_ORDER


_DECISIONS: tuple[RunEvent, ...] = (
    GateDecided(Gate.CANDIDATE, 1, READY, "", False, False, "", None),
    RunBlocked(Gate.CANDIDATE, 1),
    CandidateSealed(hashed("x"), four_eyes=True),
    RunClosed(),
)


@pytest.mark.parametrize("event", _DECISIONS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("gate", list(Gate))
def test_the_stepper_cannot_report_a_decision(gate: Gate, event: RunEvent) -> None:
    story = Story().reaches(gate)
    assert refused(story, ReportEvent(event), MACHINE).code is RefusalCode.OUT_OF_ORDER


@pytest.mark.parametrize("gate", list(Gate))
def test_each_gates_work_is_done_at_its_own_gate_only(gate: Gate) -> None:
    story = Story().reaches(gate)
    works: dict[Gate, RunEvent] = {
        Gate.INSTRUCTION: pinned(),
        Gate.PREFLIGHT: preflight(),
        Gate.SOURCE_CHECK: SourcesChecked(()),
    }
    for other, event in works.items():
        if other is not gate:
            assert refused(story, ReportEvent(event)).code is RefusalCode.OUT_OF_ORDER
    if gate is not Gate.CANDIDATE:
        assert refused(story, ReportEvent(opened(story.state))).code is RefusalCode.OUT_OF_ORDER


def test_a_verdict_is_about_the_draft_of_this_attempt_and_no_other() -> None:
    story = Story().reaches(Gate.REVIEWER)
    story.calls()
    story.answers()
    for sha256 in (None, hashed("another draft")):
        event = opened(story.state, artifact_sha256=sha256)
        assert refused(story, ReportEvent(event)).code is RefusalCode.OUT_OF_ORDER


@pytest.mark.parametrize("gate", [Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CRITIC, Gate.CANDIDATE])
def test_nothing_takes_the_drafts_place_once_it_was_judged(gate: Gate) -> None:
    story = waiting_at(gate)
    for role in (ArtifactRole.DRAFT, ArtifactRole.PLAN, ArtifactRole.TASK):
        event = ArtifactStored(role, story.state.attempt, hashed("another"), 1)
        assert refused(story, ReportEvent(event)).code is RefusalCode.OUT_OF_ORDER


@pytest.mark.parametrize("role", [Role.FALLBACK])
def test_a_role_that_cannot_be_moved(role: Role) -> None:
    story = Story()
    assert refused(story, MoveRoute(role, TYPED)).code is RefusalCode.ROUTE
    story.does(MoveRoute(Role.WRITER, TYPED), ANN)
    assert refused(story, MoveRoute(Role.WRITER, TYPED)).code is RefusalCode.ROUTE
    assert refused(story, MoveRoute(Role.CRITIC, "")).code is RefusalCode.REASON


@pytest.mark.parametrize("gate", _CALLED)
def test_no_route_is_moved_during_a_call_or_after_a_lost_one(gate: Gate) -> None:
    story = Story().reaches(gate)
    story.calls()
    assert refused(story, MoveRoute(Role.CRITIC, TYPED)).code is RefusalCode.OUT_OF_ORDER
    assert refused(lost_at(gate), MoveRoute(Role.CRITIC, TYPED)).code is RefusalCode.OUT_OF_ORDER


# --- Budgets ---------------------------------------------------------------------------------------------------------


def _tight(**budget: int) -> RunPolicy:
    return replace(POLICY, **budget)  # type: ignore[arg-type]  # the names are those of the fields


@pytest.mark.parametrize(
    ("budget", "fits"),
    [
        ({"run_tokens": 1000}, True),
        ({"run_tokens": 999}, False),
        ({"attempt_tokens": 1000}, True),
        ({"attempt_tokens": 999}, False),
        ({"run_microusd": 2000}, True),
        ({"run_microusd": 1999}, False),
        ({"attempt_microusd": 2000}, True),
        ({"attempt_microusd": 1999}, False),
        ({"run_tokens": 0}, False),
    ],
)
def test_a_call_has_to_fit_into_each_budget(budget: dict[str, int], fits: bool) -> None:  # a column
    story = Story(_tight(**budget)).reaches(Gate.PLANNER)
    if fits:
        story.calls()
        return
    found = refused(story, ReportEvent(intended(story.state)))
    assert found.code is RefusalCode.BUDGET
    assert next(iter(budget)).split("_")[0] in found.message


@pytest.mark.parametrize("budget", ["run_microusd", "attempt_microusd"])
def test_a_budget_in_money_wants_a_price(budget: str) -> None:
    story = Story(_tight(**{budget: 10**9})).reaches(Gate.PLANNER)
    found = refused(story, ReportEvent(intended(story.state, max_microusd=None)))
    assert found.code is RefusalCode.BUDGET
    assert "price" in found.message


def test_without_a_budget_in_money_no_price_is_wanted() -> None:
    story = Story(_tight(run_tokens=10_000)).reaches(Gate.PLANNER)
    call: CallIntended = intended(story.state, max_microusd=None)
    story.reports(call)
    assert story.state.calls == (call,)


def test_what_is_spent_counts_at_the_next_call() -> None:
    story = Story(_tight(run_tokens=1149)).reaches(Gate.PLANNER)
    story.passes()
    assert story.state.spent.tokens == 150
    assert refused(story, ReportEvent(intended(story.state))).code is RefusalCode.BUDGET
    story.calls(max_tokens=999)


def test_an_attempts_budget_begins_anew_with_each_draft() -> None:
    story = Story(_tight(attempt_tokens=1000)).reaches(Gate.WRITER)
    story.calls()
    story.answers()
    story.opens()
    story.says(REVISE)
    assert story.state.spent_in_attempt.tokens == 0
    story.calls()
    story.answers()
    assert (story.state.spent.tokens, story.state.spent_in_attempt.tokens) == (450, 150)
    story.opens()
    story.says()
    story.reaches(Gate.REVIEWER)
    assert refused(story, ReportEvent(intended(story.state))).code is RefusalCode.BUDGET

"""The panes of runs are functions from state to lines, so they are tested as text, at every width."""

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from support.app.states import HOSTILE, opened
from support.relay.events import begun, moved, refused, whole

from console.app.actions import Place, actions_of
from console.app.panes.bars import key_line
from console.app.panes.gate.gate_pane import gate_lines
from console.app.panes.help_pane import help_lines
from console.app.panes.next_pane import next_lines
from console.app.panes.run_list_pane import run_lines
from console.app.panes.run_output_pane import output_lines
from console.app.panes.run_record_pane import record_lines
from console.app.panes.stepper_bar import strip_line, title_of, waiting_for
from console.app.widgets.line import Line
from console.domain.answers.role_answer import CriterionScore, FindingSeverity, JudgeFinding, Review
from console.domain.errors.category import Category
from console.domain.finding import Finding, Severity
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.money import Estimate
from console.domain.probes.event import OutputReceived, RungStarted
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.run.call_event import CallIntended, CallLost, CallRecorded
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    CommandRun,
    Entry,
    GateDecided,
    GateOpened,
    InstructionPinned,
    NotedFinding,
    PreflightFinished,
    RunBlocked,
    RunCreated,
    RunEvent,
    RunStopped,
    SourcesChecked,
    StopCause,
)
from console.domain.run.fold import fold
from console.domain.run.gate import Gate, GateVerdict, role_at
from console.domain.run.pinned import PinnedRoute, Repository, RouteProof, RunPolicy
from console.domain.run.state import RunState
from console.domain.run.subject import ReviewShown
from console.view.console_state import ConsoleState
from console.view.run.event import (
    AutoBegun,
    AutoEnded,
    CheckOutput,
    GateNotes,
    LookedBack,
    PreflightRungStarted,
    RunCalled,
    RunRow,
    RunSeen,
    RunsFailed,
    RunsListed,
    StepBegun,
    StepEnded,
)
from console.view.run_view import RunView

RUN_ID = "01M82D0PD6W60PFK1FGQ8EAC9B"
SHA256 = "95ac342232534ce7" * 4
OPERATOR = Actor(ActorKind.OPERATOR, "op", host="0123456789ab")
FAMILY = EndpointFamily.RESPONSES
ROUTES = tuple(PinnedRoute(role, f"gpt-{role}-model", FAMILY, "/v1/responses", "f" * 64) for role in Role)
POLICY = RunPolicy(75, SHA256, 3, 2, four_eyes=False, run_tokens=100_000, run_microusd=500_000)
CREATED = RunCreated(
    "patch",
    SHA256,
    20,
    Repository("example.com", "owner", f"repository {HOSTILE}"[:80], "a" * 40, is_dirty=True),
    "demo",
    "sim:",
    SHA256,
    "0.1",
    is_simulated=True,
    inputs_sha256=SHA256,
    policy=POLICY,
    routes=ROUTES,
)
INTENDED = CallIntended("c1", Role.PLANNER, Gate.PLANNER, 1, "f" * 64, SHA256, 1500, 0, 4600, 40_000)


def work(gate: Gate) -> list[RunEvent]:
    """Return what is done at a gate before it opens; its call takes nothing."""
    role = role_at(gate, 1)
    if gate is Gate.SOURCE_CHECK:
        return [SourcesChecked(())]
    if role is None:
        return []
    call = CallIntended(f"call-{gate}", role, gate, 1, "f" * 64, SHA256, 1500, 0, 4600, 40_000)
    end = CallRecorded(call.call_id, role, None, None, 200, None, "stop", 0, 0, 10, 20, 0)
    made = {Gate.PLANNER: ArtifactRole.PLAN, Gate.WRITER: ArtifactRole.DRAFT}.get(gate)
    kept = [ArtifactStored(each, 1, SHA256, 9) for each in (ArtifactRole.ANSWER, made) if each is not None]
    return [call, end, *kept]


def at(gate: Gate, *events: RunEvent) -> RunState:
    """Return a run that came to a gate by ready verdicts, and what then happened there."""
    before: list[RunEvent] = [CREATED, InstructionPinned("codex", "AGENTS.md", "repository", (), SHA256, ())]
    for passed in Gate:
        if passed is gate:
            break
        if passed is Gate.PREFLIGHT:
            proofs = tuple(RouteProof(role, 3, "ok") for role in Role)
            before.append(PreflightFinished(proofs, (), "found", False, False, "read"))
            continue
        about = None if passed is Gate.INSTRUCTION else SHA256
        before += [*work(passed), GateOpened(passed, 1, GateVerdict.READY, artifact_sha256=about)]
        before.append(decided(passed, GateVerdict.READY, about))
    if any(isinstance(event, GateOpened) for event in events):
        before += work(gate)
    happened = [
        Entry(n, 1_780_000_000_000 + n, OPERATOR, f"{n:064x}", each)
        for n, each in enumerate([*before, *events], start=1)
    ]
    state = fold(RUN_ID, happened)
    assert state.gate is gate
    return state


def decided(gate: Gate, verdict: GateVerdict, artifact_sha256: str | None) -> GateDecided:
    return GateDecided(
        gate, 1, verdict, "", is_machine=False, is_override=False, saw="0" * 64, artifact_sha256=artifact_sha256
    )


REVIEWED = GateOpened(
    Gate.REVIEWER,
    1,
    GateVerdict.REVISE,
    (NotedFinding("RUB-01", Severity.FAIL), NotedFinding("JUDGE-02", Severity.WARN)),
    needs_human=True,
    artifact_sha256=SHA256,
    total=74,
    scores=(("correctness", 4), ("source_support", 2), ("safety", 0)),
    severities=((FindingSeverity.MAJOR, 1),),
    independence=(("writer_vs_reviewer", 1),),
)
REVIEW = Review(
    "nonce",
    (CriterionScore("correctness", 4, HOSTILE), CriterionScore("source_support", 2, "words of it " * 20)),
    (JudgeFinding(FindingSeverity.MAJOR, "漢字かな" * 40, f"a path without a source {HOSTILE}"),),
)
NOTES = GateNotes(
    Gate.REVIEWER,
    1,
    REVIEWED,
    (Finding("RUB-01", Severity.FAIL, "the total is 74 of 100, under the threshold of 75"),),
    ReviewShown(REVIEW, ("source_support",)),
)


def viewed(run: RunState | None, notes: tuple[GateNotes, ...] = (), words: tuple[str, ...] = ()) -> ConsoleState:
    """Return a state with a run in view, as the bridge would tell it."""
    row = RunRow(RUN_ID, HOSTILE, "reviewer", "waiting", 1, 1_780_000_000_000, 1_780_000_000_000)
    view = RunView().apply(RunsListed((row, replace(row, run_id="01M82D0PD6W60PFK1FGQ8EAC9C", status="blocked"))))
    if run is not None:
        pairs = (("writer_vs_reviewer", 1), ("writer_vs_critic", 3), ("reviewer_vs_critic", 2))
        view = view.apply(RunSeen(run, words, notes, pairs, OPERATOR))
    return replace(opened("demo"), run=view)


def streaming(state: ConsoleState, text: str) -> ConsoleState:
    received = OutputReceived(RouteKey(Role.WRITER), text, is_reasoning=False, ttft_ms=190.0)
    return state.apply(StepBegun(RUN_ID)).apply(RunCalled(received))


STATES = {
    "not read": opened("demo"),
    "no run": replace(opened("demo"), run=RunView().apply(RunsListed(()))),
    "no ledger": replace(opened("demo"), run=RunView().apply(RunsFailed(f"the ledger cannot be used {HOSTILE}" * 3))),
    "due": viewed(at(Gate.PLANNER)),
    "calling": viewed(at(Gate.PLANNER, INTENDED), words=("call: planner " * 20, HOSTILE)),
    "lost": viewed(at(Gate.PLANNER, INTENDED, CallLost("c1", Role.PLANNER))),
    "streaming": streaming(viewed(at(Gate.PLANNER, INTENDED), words=("call: planner",)), HOSTILE * 40),
    "revise": viewed(at(Gate.REVIEWER, REVIEWED), (NOTES,)),
    "not kept": viewed(
        at(Gate.REVIEWER, REVIEWED), (replace(NOTES, findings=(), subject=None, problem="it was deleted"),)
    ),
    "account": viewed(at(Gate.WRITER, RunStopped(StopCause.CALL, Category.ACCOUNT_PRICING, HOSTILE[:80]))),
    "blocked": viewed(
        at(
            Gate.CRITIC,
            GateOpened(Gate.CRITIC, 1, GateVerdict.BLOCK, artifact_sha256=SHA256),
            decided(Gate.CRITIC, GateVerdict.BLOCK, SHA256),
            RunBlocked(Gate.CRITIC, 1),
        )
    ),
}
PANES: dict[str, Callable[[ConsoleState, int], Iterable[Line]]] = {
    "strip": lambda state, width: [strip_line(state, width)],
    "runs": run_lines,
    "gate": gate_lines,
    "output": lambda state, width: output_lines(state, width, 12),
    "record": record_lines,
    "next": next_lines,
    "keys": lambda state, width: [key_line(state, 0, width, Place.RUN)],
    "help": lambda state, width: help_lines(state, 0, width, Place.RUN),
}


def text(lines: Iterable[Line]) -> str:
    return "\n".join(str(each).rstrip() for each in lines)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_nothing_runs_over_the_width_and_nothing_is_raw(state: ConsoleState) -> None:
    misses = []
    for pane, width in itertools.product(PANES, [76, 116, 196]):
        drawn = [str(each) for each in PANES[pane](state, width)]
        misses += [(pane, width, each) for each in drawn if cell_len(each) > width or "\x1b" in each]
        misses += [] if drawn else [(pane, width, "nothing is drawn")]
    assert misses == []


def test_a_frame_holds_our_own_words_only() -> None:
    shown = [words for state in STATES.values() for words in (title_of(state), waiting_for(state))]
    assert [words for words in shown if "[" in words or "\x1b" in words] == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("due", "✓ instr─✓ pre─· planner─· writer─· sources─· reviewer─· critic─· candidate"),
        ("calling", "✓ instr─✓ pre─› planner─· writer─· sources─· reviewer─· critic─· candidate"),
        ("lost", "✓ instr─✓ pre─! planner─· writer─· sources─· reviewer─· critic─· candidate"),
        ("revise", "✓ instr─✓ pre─✓ planner─✓ writer─✓ sources─~ reviewer─· critic─· candidate"),
        ("account", "✓ instr─✓ pre─✓ planner─! writer─· sources─· reviewer─· critic─· candidate"),
        ("blocked", "✓ instr─✓ pre─✓ planner─✓ writer─✓ sources─✓ reviewer─× critic─· candidate"),
    ],
)
def test_the_strip_of_a_narrow_screen_is_one_line_of_signs_and_words(name: str, shown: str) -> None:
    assert str(strip_line(STATES[name], 76)) == shown


def test_the_strip_of_a_wide_screen_has_attempt_score_and_threshold() -> None:
    drawn = str(strip_line(STATES["revise"], 196))
    assert "✓ writer ready 1/3" in drawn
    assert "~ reviewer revise 74, needs 75" in drawn
    assert "! writer account" in str(strip_line(STATES["account"], 196))


def test_the_gate_says_who_computed_the_verdict_and_from_what() -> None:
    drawn = text(gate_lines(STATES["revise"], 116))
    assert "74 of 100, threshold 75" in drawn
    assert "computed here from the scores, not claimed by the model" in drawn
    assert 'source support      2/4  ████░░░░ must be at least 3; "words of it' in drawn
    assert "× RUB-01  the total is 74 of 100" in drawn
    assert "1 of 3  another call, the same model; the policy needs 2" in drawn
    assert "0 of 100,000 tokens   $0.00 of $0.50" in drawn


def test_the_gate_says_how_each_check_ended_and_shows_what_a_failed_one_wrote_last() -> None:
    runs = [CommandRun(f"check {n}", code, 20 + n, is_passed=not code) for n, code in enumerate((3, -9, 0), 1)]
    drafted = GateOpened(Gate.WRITER, 1, GateVerdict.REVISE, artifact_sha256=SHA256, commands=tuple(runs))
    state = viewed(at(Gate.WRITER, drafted), (GateNotes(Gate.WRITER, 1, drafted),))
    assert state.run is not None
    view = state.run.apply(
        CheckOutput(drafted, (("check 1", f"two lines\n  {HOSTILE} of it\n"), ("git apply", "at line 7")))
    )
    shown = [str(each) for each in gate_lines(replace(state, run=view), 76)]
    drawn = "\n".join(shown)
    assert "check 1       × exit 3   21 ms\n              two lines\n                " in drawn
    assert "check 2       × killed by signal 9   22 ms\ncheck 3       ✓ passed   23 ms\n" in drawn
    assert "git apply     at line 7\n" in drawn
    assert [each for each in shown if cell_len(each) > 76 or "\x1b" in each] == []
    assert "two lines" not in text(gate_lines(state, 76))


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["CHK-06"], "× timed out and was killed"),
        (["CHK-07"], "× wrote too much and was killed"),
        (["CHK-08"], "× cannot be started"),
        (["CHK-10"], "× cannot be read"),
        (["CHK-05", "CHK-06", "CHK-08"], "× timed out and was killed or cannot be started"),
    ],
)
def test_a_check_without_an_exit_code_says_why_it_has_none(ids: list[str], words: str) -> None:
    found = tuple(NotedFinding(each, Severity.FAIL) for each in ids)
    run = CommandRun("check 1", None, 9, is_passed=False)
    drafted = GateOpened(Gate.WRITER, 1, GateVerdict.REVISE, found, artifact_sha256=SHA256, commands=(run,))
    drawn = text(gate_lines(viewed(at(Gate.WRITER, drafted), (GateNotes(Gate.WRITER, 1, drafted),)), 116))
    assert f"check 1       {words}   9 ms" in drawn


def test_what_is_under_way_or_set_aside_is_told_before_it_is_known() -> None:
    assert "in progress   at most 4,600 tokens, at most $0.04" in text(gate_lines(STATES["calling"], 76))
    lost = text(gate_lines(STATES["lost"], 76))
    assert "set aside     at most 4,600 tokens" in lost
    assert "4,600 of 100,000 tokens   $0.04 of $0.50" in lost


def test_the_critics_gate_shows_the_reviews_verdict_beside_its_own() -> None:
    opened = GateOpened(Gate.CRITIC, 1, GateVerdict.BLOCK, artifact_sha256=SHA256, own=GateVerdict.BLOCK)
    state = viewed(at(Gate.CRITIC, opened), (GateNotes(Gate.CRITIC, 1, opened),))
    drawn = text(gate_lines(state, 76))
    assert "computed here from the critic's own points" in drawn
    assert "the review    ✓ ready, decided ready" in drawn


def test_automatic_steps_are_plain_to_see_and_their_key_ends_them() -> None:
    before = viewed(at(Gate.PLANNER))
    state = before.apply(AutoBegun(RUN_ID)).apply(StepBegun(RUN_ID))
    assert title_of(state).endswith("· AUTO")
    assert text(next_lines(state, 76)).startswith("A auto            ends automatic steps")
    ended = state.apply(AutoEnded("automatic steps ended: reviewer needs your decision")).apply(StepEnded())
    assert "AUTO" not in title_of(ended)
    assert "not now       automatic steps ended: reviewer needs your decision" in text(gate_lines(ended, 76))


def test_what_a_preflight_in_progress_pays_for_is_shown_before_its_result() -> None:
    run = at(Gate.PREFLIGHT)
    started = RungStarted(RouteKey(Role.WRITER), Rung.SMOKE, Estimate(300, 1_200))
    state = viewed(run).apply(StepBegun(RUN_ID)).apply(PreflightRungStarted(started))
    drawn = text(gate_lines(state, 76))
    assert "paid call     writer: rung 4, streamed text: at most 300 tokens, at most" in drawn
    assert "is due" not in drawn


def test_findings_whose_words_are_gone_are_still_named() -> None:
    state = STATES["not kept"]
    bare = (Finding("RUB-01", Severity.FAIL, ""),)
    assert state.run is not None
    kept = replace(state, run=replace(state.run, notes=(replace(NOTES, findings=bare),)))
    assert "RUB-01  (its text is not stored)" in text(gate_lines(kept, 76))


def test_only_what_is_possible_is_offered_and_every_key_has_its_reason() -> None:
    offered = text(next_lines(STATES["revise"], 116))
    assert "y ready" in offered
    assert "an override: needs a reason" in offered
    assert "v revise          back to the writer, attempt 2 of 3 · the computed verdict" in offered
    assert f"bound to artifact {SHA256[:12]}" in offered
    assert "enter step" not in offered
    reasons = {action.id: action.why_not(STATES["revise"], 0) for action in actions_of(Place.RUN)}
    assert "waits for you" in (reasons["run.step"] or "")
    assert reasons["run.ready"] is None
    assert "never repeated" in (reasons["run.repeat"] or "")


def test_a_read_only_session_offers_no_change_of_a_run() -> None:
    state = replace(STATES["revise"], is_read_only=True)
    for key in ("run.step", "run.ready", "run.revise", "run.block", "run.repeat", "run.fallback", "run.end", "run.new"):
        action = next(each for each in actions_of(Place.RUN) if each.id == key)
        assert "read-only" in (action.why_not(state, 0) or "")


def test_a_stream_shows_its_end_and_only_in_the_run_that_is_stepped() -> None:
    state = streaming(viewed(at(Gate.PLANNER, INTENDED)), "first words " + "x " * 2000 + "last words")
    drawn = text(output_lines(state, 76, 12))
    assert "last words▌" in drawn
    assert "first words" not in drawn
    assert state.run is not None
    elsewhere = replace(state, run=replace(state.run, stepping="another"))
    assert "last words" not in text(output_lines(elsewhere, 76, 12))


def test_looking_back_stays_within_the_gates_that_opened() -> None:
    state = viewed(at(Gate.REVIEWER, REVIEWED), (replace(NOTES, gate=Gate.WRITER), NOTES))
    assert state.run is not None
    back = state.run.apply(LookedBack(1)).apply(LookedBack(1))
    assert back.shown is not None
    assert (back.back, back.shown.gate) == (1, Gate.WRITER)
    assert back.apply(LookedBack(-1)).apply(LookedBack(-1)).back == 0


def test_no_two_actions_of_a_screen_share_a_key() -> None:
    for place in Place:
        keys = [key for action in actions_of(place) for key in action.keys]
        assert len(keys) == len(set(keys))


def test_the_calls_of_an_agent_that_writes_are_shown_in_the_run_that_is_stepped() -> None:
    state = viewed(at(Gate.WRITER)).apply(StepBegun(RUN_ID))
    for event in (*whole(1), refused(2), begun(3), moved(3, 7)):
        state = state.apply(RunCalled(event))
    drawn = text(output_lines(state, 76, 30))
    assert re.search(r"codex +› live +writer .*7 pieces\n.*codex +! refused.*\n.*codex +✓ ok +writer", drawn)
    assert "pieces" not in text(output_lines(state, 76, 30, is_slow_link=True))
    log = state.apply(StepEnded()).requests.calls
    assert [(call.agent, call.is_of_run, call.is_live) for call in log] == [("codex", True, False)] * 2
    assert state.relay.calls.calls == (), "a run's agent is not one of the screen's relay"
    assert "codex" not in text(output_lines(state.apply(StepEnded()).apply(StepBegun(RUN_ID)), 76, 30))

"""A run on the embedded gateway: each path through its gates ends where it has to."""

import asyncio
import contextlib
import re
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from support.gateway.budgets import reservations_of
from support.run.desks import TASK, Office, go_on, say, step, walk_to
from support.run.gateway import RunGateway
from support.run.signing_keys import four_eyes, list_signers, make_key
from support.run.stories import CANARY, Stories

from console.domain.artifacts.artifact import ArtifactKind
from console.domain.errors.category import Blame, Category
from console.domain.finding import Finding, Severity
from console.domain.probes.event import RungStarted
from console.domain.probes.ladder import Rung
from console.domain.probes.served_as import ServedAs
from console.domain.problem import ProblemKind
from console.domain.record.projection import record_of
from console.domain.routes.role import Role
from console.domain.run.call_event import CallFailed
from console.domain.run.command import AllowRepeat, MoveRoute, ReportEvent
from console.domain.run.event import PreflightFinished, ProofPaid, StopCause, noted
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import RouteProof
from console.domain.run.refusal import RefusalCode
from console.domain.run.state import Phase, RunStatus
from console.domain.run.subject import PreflightNotes
from console.domain.sources.cited_page import SourceVerdict
from console.services.checks.kept_output import read_outputs
from console.services.ledger.sqlite import SqliteLedger
from console.services.open_gateway import TokenError
from console.services.record.verify_chain import Against, verify_run
from console.services.run.deciding import command
from console.services.run.run_log import RunLog, RunRefusedError
from console.services.run.session import stepping
from console.services.run.step import GateNoted, StepHeldError
from console.services.system.merge import merge

LEAKED = "-".join(["sk", "Mq7vB2xKw9", "Zr4tY8nLc3", "Hd6pJ1sGf5"])
"""The key that the gateway's leaking models write into a draft."""


# --- To a candidate --------------------------------------------------------------------------------------------------


async def test_a_run_whose_judges_are_content_ends_with_a_sealed_candidate(stories: Stories) -> None:
    story = await stories.of()
    assert story.state.status is RunStatus.CLOSED
    assert story.state.sealed is not None
    assert story.roles == ["planner", "writer", "reviewer", "critic"]


async def test_a_draft_that_the_reviewer_wants_revised_is_revised_and_then_sealed(stories: Stories) -> None:
    story = await stories.of(reviewer="gpt-review-revise-placeholder")
    assert (story.state.status, story.state.attempt) == (RunStatus.CLOSED, 2)
    assert story.roles == ["planner", "writer", "reviewer", "revision", "reviewer", "critic"]
    first, second = [each for each in story.state.openings if each.gate is Gate.REVIEWER]
    assert (first.verdict, second.verdict) == (GateVerdict.REVISE, GateVerdict.READY)


async def test_a_revision_is_told_what_the_reviewer_found(stories: Stories) -> None:
    story = await stories.of(reviewer="gpt-review-revise-placeholder")
    (prompt,) = story.prompts_of("revision")
    assert "names no way to check it" in prompt


async def test_an_article_cites_pages_that_were_read(stories: Stories) -> None:
    story = await stories.of(ArtifactKind.ARTICLE)
    assert story.state.status is RunStatus.CLOSED
    assert story.state.sources is not None
    (source,) = story.state.sources.sources
    assert source.url.startswith(story.office.base_url)
    assert (source.verdict, source.status, source.supports) == (SourceVerdict.SUPPORTED, 200, ("three-families",))


async def test_a_plan_of_commands_is_a_candidate_too(stories: Stories) -> None:
    story = await stories.of(ArtifactKind.PLAN)
    assert (story.state.status, record_of(story.state).kind) == (RunStatus.CLOSED, "plan")


# --- To an end without one -------------------------------------------------------------------------------------------


async def test_a_critic_that_finds_a_blocker_blocks_the_run(stories: Stories) -> None:
    story = await stories.of(critic="claude-critic-block-placeholder")
    assert (story.state.status, story.state.gate) == (RunStatus.BLOCKED, Gate.CRITIC)
    assert record_of(story.state).review_status is GateVerdict.BLOCK


@pytest.mark.parametrize("role", ["planner", "writer", "revision", "reviewer"])
async def test_a_model_without_a_price_stops_the_run_before_anything_is_generated(stories: Stories, role: str) -> None:
    story = await stories.of(**{role: "gpt-unpriced-placeholder"})
    assert story.state.stopped is not None
    assert (story.state.stopped.cause, story.state.stopped.category) == (
        StopCause.PREFLIGHT,
        Category.ACCOUNT_PRICING,
    )
    assert story.generations == ()
    assert not story.state.has_generated


async def test_an_account_error_is_no_failed_draft(stories: Stories) -> None:
    story = await stories.of(writer="gpt-unpriced-placeholder")
    record = record_of(story.state)
    assert (record.review_status, record.attempt, record.calls) == (None, 1, ())


async def test_a_writer_that_is_its_own_reviewer_stops_at_preflight(stories: Stories) -> None:
    story = await stories.of(reviewer="gpt-route-placeholder")
    assert story.state.stopped is not None
    assert story.state.stopped.cause is StopCause.PREFLIGHT
    assert "INDEP-01" in story.state.stopped.reason
    assert story.generations == ()


async def test_a_route_that_drifts_stops_at_preflight(stories: Stories) -> None:
    story = await stories.of(reviewer="gpt-5-pro@chat_completions")
    assert story.state.stopped is not None
    assert (story.state.stopped.cause, story.state.stopped.category) == (
        StopCause.PREFLIGHT,
        Category.ENDPOINT_DRIFT,
    )
    assert story.generations == ()


async def test_a_role_without_a_route_stops_at_preflight(stories: Stories) -> None:
    story = await stories.of(critic="")
    assert story.state.stopped is not None
    assert "has no route for critic, which every run needs" in story.state.stopped.reason


async def test_the_instruction_gate_says_what_is_from_documentation(stories: Stories) -> None:
    tried = await stories.of(until="preflight")
    assert "I19" not in tried.ids_at("instruction")
    read = await stories.of(until="preflight", instructions='tool = "cursor"')
    assert "I19" in read.ids_at("instruction")
    (opening,) = [each for each in read.state.openings if each.gate is Gate.INSTRUCTION]
    assert opening.verdict is GateVerdict.READY
    assert "I19" in record_of(read.state).instruction_conflicts


async def test_a_preflight_that_needs_a_person_shows_its_findings_and_sends_nothing(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(until="preflight")
    found = Finding("BND-02", Severity.FAIL, "ci.yml: the workflow's token may write everything")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        notes = await desk.artifacts.put(msgspec.json.encode(PreflightNotes((), (found,))))
        finished = PreflightFinished(
            (), noted((found,)), "found", False, False, "broad", notes_sha256=notes, needs_human=True
        )
        await log.command(desk.machine, ReportEvent(finished))
        walked = await go_on(desk, log)
        assert (log.state.gate, log.state.phase) == (Gate.PREFLIGHT, Phase.WAITING)
        assert walked.findings == [found]
        assert gateway.generations == []
        await say(desk, log)
        await go_on(desk, log)
    assert log.state.status is RunStatus.CLOSED


# --- To a person -----------------------------------------------------------------------------------------------------


async def test_a_draft_that_speaks_to_its_reviewer_needs_a_person(stories: Stories) -> None:
    story = await stories.of(writer="gpt-inject-placeholder")
    assert (story.state.gate, story.state.phase) == (Gate.WRITER, Phase.WAITING)
    assert story.state.opened is not None
    assert story.state.opened.needs_human
    assert any(each.startswith("INJ-") for each in story.ids_at("writer"))


async def test_a_draft_that_the_lint_cannot_read_needs_a_person_and_no_revision(stories: Stories) -> None:
    story = await stories.of(writer="gpt-foreign-placeholder")
    assert (story.state.gate, story.state.phase) == (Gate.WRITER, Phase.WAITING)
    assert story.state.opened is not None
    assert (story.state.opened.verdict, story.state.opened.needs_human) == (GateVerdict.READY, True)
    assert "INJ-09" in story.ids_at("writer")


async def test_a_draft_that_leaves_the_plans_scope_needs_a_person(stories: Stories) -> None:
    story = await stories.of(writer="gpt-out-of-scope-placeholder")
    assert (story.state.gate, story.state.phase) == (Gate.WRITER, Phase.WAITING)
    assert story.state.opened is not None
    assert story.state.opened.needs_human


async def test_a_draft_with_a_key_in_it_reaches_no_reviewer(stories: Stories) -> None:
    story = await stories.of(writer="gpt-leak-placeholder")
    assert story.roles == ["planner", "writer"]
    assert not any(LEAKED in each.body for each in story.generations)
    assert (story.state.gate, story.state.phase) == (Gate.WRITER, Phase.WAITING)
    assert story.state.opened is not None
    assert story.state.opened.needs_human


async def test_a_revision_of_a_draft_with_a_key_in_it_is_written_without_that_draft(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(writer="gpt-leak-placeholder")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        await say(desk, log, GateVerdict.REVISE)
        walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED
    assert gateway.roles == ["revision", "reviewer", "critic"]
    assert not any(LEAKED in each.body for each in gateway.generations)


async def test_no_reason_takes_a_draft_with_a_key_in_it_further(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(writer="gpt-leak-placeholder")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        with pytest.raises(RunRefusedError) as refused:
            await say(desk, log, GateVerdict.READY)
    assert refused.value.refusal.code is RefusalCode.NOT_ALLOWED


@pytest.mark.parametrize("model", ["gpt-forge-placeholder", "gpt-forge-nonce-placeholder"])
async def test_a_review_of_what_was_not_read_needs_a_person(stories: Stories, model: str) -> None:
    story = await stories.of(reviewer=model)
    assert (story.state.gate, story.state.phase) == (Gate.REVIEWER, Phase.WAITING)
    assert story.state.opened is not None
    assert story.state.opened.needs_human
    assert story.ids_at("reviewer")


async def test_a_planner_that_names_no_instruction_source_fails_its_gate(stories: Stories) -> None:
    story = await stories.of(planner="gpt-mute-placeholder")
    opened = story.state.openings[-1]
    assert (opened.gate, opened.verdict) == (Gate.PLANNER, GateVerdict.REVISE)
    assert "INSTR-01" in story.ids_at("planner")


# --- An answer in prose ----------------------------------------------------------------------------------------------


async def test_prose_is_the_contents_fault_and_no_failed_draft(stories: Stories) -> None:
    story = await stories.of(writer="gpt-not-json-placeholder")
    assert isinstance(story.state.failure, CallFailed)
    assert (story.state.failure.category, story.state.failure.blame) == (Category.CONTRACT_VIOLATION, Blame.CONTENT)
    assert (story.state.attempt, story.state.subject_sha256) == (1, None)
    assert story.state.opened is not None
    assert story.state.opened.failure is Category.CONTRACT_VIOLATION


async def test_a_call_that_failed_is_repeated_each_time_with_a_reason_or_decided(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(writer="gpt-not-json-placeholder")
    assert story.roles == ["planner", "writer"]
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        for often in (1, 2, 3):
            with pytest.raises(RunRefusedError, match="needs a reason"):
                await command(desk, log, AllowRepeat("again"))
            await command(desk, log, AllowRepeat("it may answer in JSON now"))
            await step(desk, log)
            assert gateway.roles == ["writer"] * often
        with pytest.raises(RunRefusedError, match="no reason can change it to ready"):
            await say(desk, log, GateVerdict.READY)
        await say(desk, log, GateVerdict.REVISE)
    assert (log.state.gate, log.state.attempt, log.state.phase) == (Gate.WRITER, 2, Phase.DUE)


async def test_a_role_is_moved_to_the_fallback_only_by_a_person_with_a_reason(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    """The decision stands in the record beside what was decided on."""
    story = await stories.of(writer="gpt-not-json-placeholder")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        with pytest.raises(RunRefusedError, match="needs a reason"):
            await command(desk, log, MoveRoute(Role.WRITER, "no"))
        await command(desk, log, MoveRoute(Role.WRITER, "the writer's model gives no JSON"))
        (move,) = log.state.moves
        assert move.proof == RouteProof(Role.WRITER, 3, "unproven")
        await command(desk, log, AllowRepeat("on the other route"))
        walked = await go_on(desk, log)
        for gate in (Gate.REVIEWER, Gate.CRITIC):  # the fallback's name is no known model's
            assert (walked.state.gate, walked.ids_at(gate)) == (gate, {"INDEP-02"})
            await say(desk, log, GateVerdict.READY)
            walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED
    models = [each.model for each in (*story.generations, *gateway.generations) if each.role == "writer"]
    assert models == ["gpt-not-json-placeholder", "chat-compatible-route-placeholder"]
    failed, answered = [each for each in record_of(walked.state).gates if each.gate is Gate.WRITER]
    assert (failed.computed, failed.decided) == (GateVerdict.REVISE, None)
    assert (answered.computed, answered.decided) == (GateVerdict.READY, GateVerdict.READY)


async def test_a_fallback_that_does_not_hold_takes_no_role(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    """The role stays where it is, and nothing is generated."""
    story = await stories.of(writer="gpt-not-json-placeholder", fallback="gpt-unpriced-placeholder")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        before = log.state.head
        with pytest.raises(RunRefusedError, match="writer stays on its own route") as refused:
            await command(desk, log, MoveRoute(Role.WRITER, "the writer's model gives no JSON"))
    assert refused.value.refusal.code is RefusalCode.ROUTE
    assert (log.state.head, log.state.moves, gateway.generations) == (before, (), [])


async def test_what_a_refused_fallback_was_proven_with_is_booked(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(
        writer="gpt-not-json-placeholder", fallback="gpt-swapped-placeholder", policy="preflight_level = 4"
    )
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        before = log.state.spent
        with pytest.raises(RunRefusedError, match="another model answered"):
            await command(desk, log, MoveRoute(Role.WRITER, "the writer's model gives no JSON"))
        assert log.state.moves == ()
        assert isinstance(log.entries[-1].event, ProofPaid)
        assert log.state.spent.tokens == before.tokens + log.entries[-1].event.spent.tokens > before.tokens


# --- Who really answers ----------------------------------------------------------------------------------------------


async def test_two_aliases_of_one_deployment_are_no_independent_judges(stories: Stories) -> None:
    """Each echoes its alias; the gateway's head names the same deployment behind both."""
    aliases = dict.fromkeys(("writer", "revision"), "team-one-placeholder")
    story = await stories.of(**aliases, reviewer="team-two-placeholder")
    assert story.state.sealed is None
    assert (story.state.gate, story.state.phase) == (Gate.REVIEWER, Phase.WAITING)
    opened = story.state.openings[-1]
    assert (opened.verdict, opened.is_final, dict(opened.independence)) == (
        GateVerdict.BLOCK, True, {"writer_vs_reviewer": 1},
    )  # fmt: skip
    assert "INDEP-01" in story.ids_at("reviewer")
    answered = [call for call in record_of(story.state).calls if call.role is Role.WRITER]
    assert [(call.model, call.model_reported, call.model_behind) for call in answered] == [
        ("team-one-placeholder", "team-one-placeholder", "openai/gpt-route-placeholder")
    ]


@pytest.mark.parametrize(
    ("policy", "status", "verdict", "needs_human", "is_final"),
    [
        ("ask", RunStatus.ACTIVE, GateVerdict.READY, True, False),
        ("block", RunStatus.ACTIVE, GateVerdict.BLOCK, True, True),
        ("accept", RunStatus.CLOSED, GateVerdict.READY, False, False),
    ],
)
async def test_where_only_aliases_are_echoed_the_policy_decides(
    stories: Stories, policy: str, status: RunStatus, verdict: GateVerdict, *, needs_human: bool, is_final: bool
) -> None:
    story = await stories.of(
        writer="team-echo-placeholder",
        reviewer="team-other-placeholder",
        policy=f'unproven_independence = "{policy}"',
    )
    assert story.state.status is status
    opened = next(each for each in reversed(story.state.openings) if each.gate is Gate.REVIEWER)
    assert (opened.verdict, opened.needs_human, opened.is_final) == (verdict, needs_human, is_final)
    assert (opened.independence, opened.unproven) == ((("writer_vs_reviewer", 2),), ("writer_vs_reviewer",))
    assert ("INDEP-02" in story.ids_at("reviewer")) == (policy != "accept")
    assert "writer_vs_reviewer" in record_of(story.state).unproven_independence


async def test_a_swap_names_the_model_that_answered_and_the_line_of_the_config(stories: Stories) -> None:
    story = await stories.of(writer="gpt-swapped-placeholder", policy="require_listed_model = false")
    assert isinstance(story.state.failure, CallFailed)
    failure = story.state.failure
    assert (failure.category, failure.finding) == (Category.CONTRACT_VIOLATION, "COM-B-01")
    assert (failure.model_reported, failure.served_as) == ("gpt-other-placeholder", ServedAs.SWAPPED)
    assert failure.ttft_ms is not None
    told = next(each.message for each in story.walked.findings if each.id == "CALL-01")
    assert "another model answered: it is gpt-other-placeholder" in told
    assert 'served_as = ["gpt-other-placeholder"]' in told
    (call,) = [each for each in record_of(story.state).calls if each.role is Role.WRITER]
    assert (call.outcome, call.model_reported, call.finding) == ("failed", "gpt-other-placeholder", "COM-B-01")
    assert call.ttft_ms == failure.ttft_ms


async def test_the_preflight_foresees_a_swap_where_the_policy_pays_for_it(stories: Stories) -> None:
    story = await stories.of(writer="gpt-swapped-placeholder", policy="preflight_level = 4")
    assert story.state.stopped is not None
    stopped = story.state.stopped
    assert (stopped.cause, stopped.category) == (StopCause.PREFLIGHT, Category.CONTRACT_VIOLATION)
    assert "writer: another model answered: it is gpt-other-placeholder" in stopped.reason
    assert 'served_as = ["gpt-other-placeholder"]' in stopped.reason
    assert not story.state.has_generated  # no call of a role
    assert stopped.spent is not None
    assert (story.state.spent.tokens, story.state.spent.microusd) == (stopped.spent.tokens, stopped.spent.microusd)
    assert story.state.spent.tokens > 0


async def test_the_preflight_shows_each_price_before_its_call_and_books_it(stories: Stories) -> None:
    story = await stories.of(policy="preflight_level = 4")
    assert story.state.status is RunStatus.CLOSED
    started = [each for each in story.walked.news if isinstance(each, RungStarted)]
    assert [each.key for each in started] == [Role.PLANNER, Role.WRITER, Role.REVISION, Role.REVIEWER, Role.CRITIC]
    assert all(each.rung is Rung.SMOKE and each.price_before.microusd for each in started)
    assert story.state.preflight is not None
    assert story.state.preflight.spent is not None
    assert {each.rung for each in story.state.preflight.proofs} == {4}
    free = await stories.of()
    assert free.state.preflight is not None
    assert free.state.preflight.spent is None
    assert story.state.spent.tokens == free.state.spent.tokens + story.state.preflight.spent.tokens


async def test_the_preflight_sends_a_role_what_the_run_sends_it(stories: Stories) -> None:
    story = await stories.of(policy="preflight_level = 5\nrun_max_output_tokens = 3000")
    assert story.state.preflight is not None
    assert {each.rung for each in story.state.preflight.proofs} == {5}
    shaped = [each for each in story.walked.news if isinstance(each, RungStarted) and each.rung is Rung.SHAPE]
    assert len(shaped) == 5
    assert all(each.price_before.tokens > 3000 for each in shaped)


async def test_the_preflight_learns_of_aliases_before_a_long_call(stories: Stories) -> None:
    aliases = dict.fromkeys(("writer", "revision"), "team-one-placeholder")
    story = await stories.of(**aliases, reviewer="team-two-placeholder", policy="preflight_level = 4")
    assert story.state.stopped is not None
    assert "INDEP-01: writer vs reviewer" in story.state.stopped.reason
    assert not story.state.has_generated


async def test_a_paid_preflight_stays_within_the_run_s_budget(stories: Stories) -> None:
    story = await stories.of(policy="preflight_level = 4\nrun_tokens = 300")
    assert story.state.stopped is not None
    assert (story.state.stopped.cause, story.state.stopped.category) == (StopCause.BUDGET, Category.BUDGET_EXCEEDED)
    assert story.state.spent.tokens <= 300
    assert len(story.generations) <= 1


async def test_a_session_s_budget_holds_a_paid_preflight_and_does_not_stop_the_run(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(policy="preflight_level = 4")
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "preflight")
        with pytest.raises(StepHeldError, match="budget_tokens") as held:
            await step(replace(desk, reservations=reservations_of(tokens=400)), log)
        assert held.value.kind is ProblemKind.BLOCKED
        assert ((await log.refresh()).phase, log.state.gate) == (Phase.DUE, Gate.PREFLIGHT)
        walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED


def _is_stream(task: "asyncio.Task[object]") -> bool:
    """Return whether a task runs one of the streams that are merged."""
    return getattr(task.get_coro(), "__qualname__", "").startswith(f"{merge.__name__}.")


async def test_a_paid_preflight_stays_within_the_run_s_budget_however_late_its_events_are_read(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(policy="preflight_level = 4\nrun_tokens = 300")
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "preflight")
        async with stepping(desk, log) as stepper, contextlib.aclosing(stepper.step()) as news:
            async for each in news:
                while isinstance(each, RungStarted) and any(map(_is_stream, asyncio.all_tasks())):
                    await asyncio.sleep(0)  # until all routes have gone on without their reader
    assert log.state.stopped is not None
    assert log.state.stopped.cause is StopCause.BUDGET
    assert len(gateway.generations) == 1
    assert 0 < log.state.spent.tokens <= 300


# --- The operator's own checks, and other operators ------------------------------------------------------------------

CHECKS = f"checks = [\"{sys.executable} -c 'import time; time.sleep(60)'\"]\ncheck_timeout_s = 0.2"


async def test_a_check_of_the_policy_runs_only_where_it_was_confirmed(stories: Stories) -> None:
    story = await stories.of(policy=CHECKS)
    assert story.state.status is RunStatus.CLOSED
    assert "CHK-09" in story.ids_at("writer")
    assert all(each.commands == () for each in story.state.openings)


async def test_a_check_that_takes_longer_than_the_policy_allows_fails_the_draft(office: Office) -> None:
    office.configure(policy=CHECKS)
    async with office.desk() as desk:
        log = await office.begin(desk, are_checks_confirmed=True)
        await walk_to(desk, log, "writer", Phase.WAITING)
    assert log.state.opened is not None
    (command_run,) = log.state.opened.commands
    assert (log.state.opened.verdict, command_run.exit_code, command_run.is_passed) == (GateVerdict.REVISE, None, False)
    assert "CHK-06" in {each.id for each in log.state.opened.findings}  # it took longer than it may


async def test_what_a_failed_check_wrote_last_is_told_and_kept_without_its_secrets(
    office: Office, tmp_path: Path
) -> None:
    script = tmp_path / "check.py"
    script.write_text(f"print('the third assertion failed, key {LEAKED}')\nraise SystemExit(3)\n")
    office.configure(policy=f'checks = ["{sys.executable} {script}", "true"]')
    async with office.desk() as desk:
        log = await office.begin(desk, are_checks_confirmed=True)
        await walk_to(desk, log, "writer")
        walked = await step(desk, log)
    (told,) = [each for each in walked.news if isinstance(each, GateNoted)]
    assert told.output_tails == (("check 1", "the third assertion failed, key •••\n"),)
    assert [each.exit_code for each in told.opened.commands] == [3, 0]
    assert "third assertion" not in repr((told, record_of(log.state)))
    async with office.desk() as desk:  # another console, later
        assert log.state.opened is not None
        assert await read_outputs(log.state.opened.commands, desk.artifacts.read) == told.output_tails
    kept = [path.read_bytes() for path in office.state_directory.rglob("*") if path.is_file()]
    assert not any(LEAKED.encode() in each for each in kept)
    assert not any(b"third assertion" in each for each in kept if each.startswith(b"SQLite"))


async def test_where_two_operators_are_wanted_no_verdict_is_taken_by_itself(office: Office, tmp_path: Path) -> None:
    key = make_key(tmp_path, "ann")
    office.configure(policy=four_eyes(key, list_signers(tmp_path, key)))
    async with office.desk() as desk:
        log = await office.begin(desk)
        with pytest.raises(RunRefusedError, match="requires two operators"):
            await go_on(desk, log)
    assert log.state.is_waiting


# --- Budgets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("run_tokens = 5000", "the run may take 5000 tokens (run_tokens or budget_tokens)"),
        ("budget_tokens = 5000", "the run may take 5000 tokens (run_tokens or budget_tokens)"),
        ("attempt_tokens = 5000", "the attempt may take 5000 tokens (attempt_tokens)"),
        ("run_usd = 0.05", "the run may take $0.05 (run_usd or budget_usd)"),
        ("budget_usd = 0.05", "the run may take $0.05 (run_usd or budget_usd)"),
        ("attempt_usd = 0.05", "the attempt may take $0.05 (attempt_usd)"),
    ],
)
async def test_a_budget_refuses_the_call_that_could_go_over_it(stories: Stories, policy: str, words: str) -> None:
    story = await stories.of(policy=policy)
    assert story.state.stopped is not None
    assert (story.state.stopped.cause, story.state.stopped.category) == (
        StopCause.BUDGET,
        Category.BUDGET_EXCEEDED,
    )
    assert words in story.state.stopped.reason
    assert 0 < len(story.generations) < 4
    assert story.state.spent.tokens <= 5000
    assert story.state.spent.microusd <= 50_000


@pytest.mark.parametrize(
    "policy", ["run_tokens = 100", "budget_tokens = 300", "run_tokens = 9000\nbudget_tokens = 300"]
)
async def test_a_budget_that_the_first_call_could_exceed_lets_nothing_be_generated(
    stories: Stories, policy: str
) -> None:
    story = await stories.of(policy=policy)
    assert story.state.stopped is not None
    assert story.state.stopped.cause is StopCause.BUDGET
    assert story.generations == ()


async def test_a_run_keeps_to_the_sessions_budget_over_all_sessions_that_step_it(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(policy="budget_tokens = 5000")
    async with office.desk() as desk:
        run_id = (await office.begin(desk)).state.run_id
    while True:
        async with office.desk() as desk:
            log = await RunLog.open(desk.ledger, run_id)
            if log.state.is_over:
                break
            await (say(desk, log) if log.state.is_waiting else step(desk, log))
    assert log.state.stopped is not None
    assert log.state.stopped.cause is StopCause.BUDGET
    assert 0 < len(gateway.generations) < 4
    assert log.state.spent.tokens <= 5000


async def test_runs_of_one_session_share_its_budget_and_another_session_goes_on(
    office: Office, gateway: RunGateway
) -> None:
    async with office.desk() as desk:
        first, second = await office.begin(desk), await office.begin(desk)
        await walk_to(desk, first, Gate.PLANNER)
        await walk_to(desk, second, Gate.PLANNER)
        async with stepping(desk, first) as stepper:
            cost = (await stepper.prepare()).cost
        tight = replace(desk, reservations=reservations_of(tokens=cost.tokens + 10))
        await step(tight, first)
        with pytest.raises(StepHeldError, match=r"the session may take .* tokens \(budget_tokens\)") as held:
            await step(tight, second)
    assert held.value.kind is ProblemKind.BLOCKED
    assert gateway.roles == ["planner"]
    assert second.state.phase is Phase.DUE
    async with office.desk() as desk:
        await walk_to(desk, await RunLog.open(desk.ledger, second.state.run_id), Gate.WRITER)
    assert gateway.roles == ["planner", "planner"]


async def test_a_call_of_a_run_is_booked_in_the_session(office: Office) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, Gate.WRITER)
        assert log.state.spent.tokens > 0
        assert desk.reservations.budget.spent == log.state.spent


# --- What changes under a run ----------------------------------------------------------------------------------------


async def test_an_instruction_file_that_is_edited_stops_the_run_before_the_next_call(
    office: Office, gateway: RunGateway
) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "writer")
        (office.repository / "AGENTS.md").write_text("# Other rules\n")
        await step(desk, log)
    assert log.state.stopped is not None
    assert log.state.stopped.cause is StopCause.INSTRUCTION_CHANGED
    assert gateway.roles == ["planner"]


async def test_a_route_that_is_edited_stops_the_run_before_the_next_call(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(until="writer")
    office = story.copied(tmp_path, gateway)
    office.configure(writer="gpt-older-route-placeholder")
    async with office.desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        await step(desk, log)
    assert log.state.stopped is not None
    assert log.state.stopped.cause is StopCause.ROUTE_CHANGED
    assert gateway.roles == []


async def test_what_a_preflight_paid_before_it_was_held_is_booked(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    policy = "preflight_level = 4\nrequire_price = false"
    story = await stories.of(until="preflight", writer="gpt-limited-placeholder", policy=policy)
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        with pytest.raises(StepHeldError, match="rate_limit"):
            await step(desk, log)
        state = await log.refresh()
        assert isinstance(log.entries[-1].event, ProofPaid)
        assert state.spent.tokens == log.entries[-1].event.spent.tokens > 0
        assert (state.gate, state.phase) == (Gate.PREFLIGHT, Phase.DUE)


async def test_a_gateway_that_is_gone_holds_the_run_and_nothing_is_lost(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(until="preflight")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        before = log.state.head
        gateway.is_gone = True
        with pytest.raises(StepHeldError) as held:
            await step(desk, log)
        assert held.value.kind is ProblemKind.UNREACHABLE
        assert (await log.refresh()).head == before
        gateway.is_gone = False
        walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED


async def test_a_gateway_that_goes_within_a_call_leaves_a_failed_call_that_may_be_repeated(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(until="writer")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        async with stepping(desk, log) as stepper:
            call = await stepper.prepare()
            gateway.is_gone = True
            assert [_ async for _ in stepper.step(call)]
        assert log.state.failure is not None
        assert log.state.failure.category is Category.UPSTREAM_UNAVAILABLE
        assert log.state.is_waiting
        gateway.is_gone = False
        await command(desk, log, AllowRepeat("the gateway is back"))
        walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED


async def test_without_a_token_the_run_is_held(office: Office, gateway: RunGateway) -> None:
    office.configure(base_url=gateway.base_url, token_ref="env:NO_SUCH_TOKEN")
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "preflight")
        with pytest.raises(TokenError, match="NO_SUCH_TOKEN"):
            await step(desk, log)
    assert log.state.phase is Phase.DUE


async def test_a_clock_that_is_set_back_changes_no_order_and_breaks_no_chain(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(until="writer")
    office = story.copied(tmp_path, gateway)
    office.now_ms = lambda: story.state.started_at_ms - 86_400_000
    async with office.desk() as desk:
        walked = await go_on(desk, await RunLog.open(desk.ledger, story.state.run_id))
        assert walked.state.status is RunStatus.CLOSED
        assert walked.state.updated_at_ms < walked.state.started_at_ms
        assert (await verify_run(desk.ledger, walked.state.run_id, Against())).holds


# --- What is shown and kept ------------------------------------------------------------------------------------------


async def test_what_is_previewed_is_what_is_sent(stories: Stories, tmp_path: Path, gateway: RunGateway) -> None:
    story = await stories.of(until="planner")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        async with stepping(desk, log) as stepper:
            call = await stepper.prepare()
            assert gateway.generations == []
            assert [_ async for _ in stepper.step(call)]
    (sent,) = gateway.prompts_of("planner")
    assert call.brief.prompt in sent
    assert TASK in call.brief.prompt


async def test_a_call_that_was_shown_costs_what_its_tokens_cost(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    """The screen shows a call in one sitting and makes it in the next, as here."""
    story = await stories.of(until="planner")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        async with stepping(desk, log) as stepper:
            call = await stepper.prepare()
        async with stepping(desk, log) as stepper:
            assert [_ async for _ in stepper.step(call)]
        assert call.cost.microusd is not None
        assert log.state.spent.is_exact
        assert 0 < log.state.spent.microusd < call.cost.microusd
        assert desk.reservations.budget.spent == log.state.spent


async def test_the_critic_is_not_told_what_the_reviewer_said(office: Office, gateway: RunGateway) -> None:
    """Each answer repeats its request's nonce; the brief's own random words are longer than a total."""
    walked = await office.run()
    (asked,), (prompt,) = gateway.prompts_of("reviewer"), gateway.prompts_of("critic")
    (reviewed,) = [each for each in walked.state.openings if each.gate is Gate.REVIEWER]
    (nonce,) = re.findall(r"^Nonce: (\w{16,})$", asked, re.MULTILINE)
    assert "score" not in prompt
    assert {nonce, str(reviewed.total)}.isdisjoint(re.findall(r"\w+", prompt))
    assert set(re.findall(r"^<<<(?!END)(\w+) ", prompt, re.MULTILINE)) == {"TASK", "INSTRUCTIONS", "PLAN", "DRAFT"}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"reviewer": "gpt-review-revise-placeholder"},
        {"critic": "claude-critic-block-placeholder"},
        {"writer": "gpt-leak-placeholder"},
        {"writer": "gpt-inject-placeholder"},
        {"writer": "gpt-not-json-placeholder"},
        {"writer": "gpt-unpriced-placeholder"},
        {"policy": "run_tokens = 5000"},
    ],
    ids=lambda config: "-".join(config.values()) or "well",
)
async def test_neither_task_draft_nor_token_is_in_the_ledger_or_the_record(
    stories: Stories, config: dict[str, str]
) -> None:
    from console.view.record.document import record_yaml

    story = await stories.of(**config)
    office, record = story.office, record_of(story.state)
    async with await SqliteLedger.open(office.state_directory) as ledger:
        assert (await verify_run(ledger, story.state.run_id, Against())).holds
    assert not record.secrets_in_prompt
    drafted = "All calls of the coding agents go through one model gateway."
    kept = b"".join(path.read_bytes() for path in office.state_directory.glob("runs.db*"))
    for text in (CANARY, LEAKED, drafted, office.token, str(office.directory)):
        assert text.encode() not in kept
        assert text not in record_yaml(record)


async def test_artifacts_are_kept_apart_for_the_user_alone(stories: Stories) -> None:
    state = (await stories.of()).office.state_directory
    folder = state / "artifacts"
    assert (state.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o700, 0o700)
    files = list(folder.iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert any(CANARY.encode() in path.read_bytes() for path in files)

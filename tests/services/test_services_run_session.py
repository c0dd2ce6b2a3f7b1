"""A run on the embedded gateway: each path through its gates ends where it has to."""

import sys
from dataclasses import replace

import pytest
from services.run_desks import ANN, TASK, Office, go_on, say, step, walk_to
from services.run_gateway import RunGateway

from console.domain.artifact import ArtifactKind
from console.domain.category import Blame, Category
from console.domain.gate import Gate, GateVerdict
from console.domain.record import record_of
from console.domain.role import Role
from console.domain.run import Phase, RunStatus
from console.domain.run_event import CallFailed, StopCause
from console.domain.run_rule import AllowRepeat, MoveRoute, RefusalCode
from console.domain.source import SourceVerdict
from console.services.run.deciding import command
from console.services.run.run_log import RunLog, RunRefusedError
from console.services.run.session import stepping
from console.services.run.step import StepHeldError
from console.services.run.verifying import verify_run

LEAKED = "-".join(["sk", "Mq7vB2xKw9", "Zr4tY8nLc3", "Hd6pJ1sGf5"])
"""The key that the gateway's leaking models write into a draft."""

# --- To a candidate --------------------------------------------------------------------------------------------------


async def test_a_run_whose_judges_are_content_ends_with_a_sealed_candidate(office: Office, gateway: RunGateway) -> None:
    walked = await office.run()
    assert walked.state.status is RunStatus.CLOSED
    assert walked.state.sealed is not None
    assert gateway.roles == ["planner", "writer", "reviewer", "critic"]


async def test_a_draft_that_the_reviewer_wants_revised_is_revised_and_then_sealed(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(reviewer="gpt-review-revise-placeholder")
    walked = await office.run()
    assert (walked.state.status, walked.state.attempt) == (RunStatus.CLOSED, 2)
    assert gateway.roles == ["planner", "writer", "reviewer", "revision", "reviewer", "critic"]
    first, second = [each for each in walked.state.openings if each.gate is Gate.REVIEWER]
    assert (first.verdict, second.verdict) == (GateVerdict.REVISE, GateVerdict.READY)


async def test_a_revision_is_told_what_the_reviewer_found(office: Office, gateway: RunGateway) -> None:
    office.configure(reviewer="gpt-review-revise-placeholder")
    await office.run()
    (prompt,) = gateway.prompts_of("revision")
    assert "names no way to check it" in prompt


async def test_an_article_cites_pages_that_were_read(office: Office, gateway: RunGateway) -> None:
    walked = await office.run(kind=ArtifactKind.ARTICLE)
    assert walked.state.status is RunStatus.CLOSED
    assert walked.state.sources is not None
    (source,) = walked.state.sources.sources
    assert source.url.startswith(gateway.base_url)
    assert (source.verdict, source.status, source.supports) == (SourceVerdict.SUPPORTED, 200, ("three-families",))


async def test_a_plan_of_commands_is_a_candidate_too(office: Office) -> None:
    walked = await office.run(kind=ArtifactKind.PLAN)
    assert (walked.state.status, record_of(walked.state).kind) == (RunStatus.CLOSED, "plan")


# --- To an end without one -------------------------------------------------------------------------------------------


async def test_a_critic_that_finds_a_blocker_blocks_the_run(office: Office) -> None:
    office.configure(critic="claude-critic-block-placeholder")
    walked = await office.run()
    assert (walked.state.status, walked.state.gate) == (RunStatus.BLOCKED, Gate.CRITIC)
    assert record_of(walked.state).review_status is GateVerdict.BLOCK


@pytest.mark.parametrize("role", ["planner", "writer", "revision", "reviewer"])
async def test_a_model_without_a_price_stops_the_run_before_anything_is_generated(
    office: Office, gateway: RunGateway, role: str
) -> None:
    office.configure(**{role: "gpt-unpriced-placeholder"})
    walked = await office.run()
    assert walked.state.stopped is not None
    assert (walked.state.stopped.cause, walked.state.stopped.category) == (
        StopCause.PREFLIGHT,
        Category.ACCOUNT_PRICING,
    )
    assert gateway.generations == []
    assert not walked.state.has_generated


async def test_an_account_error_is_no_failed_draft(office: Office) -> None:
    office.configure(writer="gpt-unpriced-placeholder")
    record = record_of((await office.run()).state)
    assert (record.review_status, record.attempt, record.calls) == (None, 1, ())


async def test_a_writer_that_is_its_own_reviewer_stops_at_preflight(office: Office, gateway: RunGateway) -> None:
    office.configure(reviewer="gpt-route-placeholder")
    walked = await office.run()
    assert walked.state.stopped is not None
    assert walked.state.stopped.cause is StopCause.PREFLIGHT
    assert "INDEP-01" in walked.state.stopped.reason
    assert gateway.generations == []


async def test_a_route_that_drifts_stops_at_preflight(office: Office, gateway: RunGateway) -> None:
    office.configure(reviewer="gpt-5-pro@chat_completions")
    walked = await office.run()
    assert walked.state.stopped is not None
    assert (walked.state.stopped.cause, walked.state.stopped.category) == (
        StopCause.PREFLIGHT,
        Category.ENDPOINT_DRIFT,
    )
    assert gateway.generations == []


async def test_a_role_without_a_route_stops_at_preflight(office: Office) -> None:
    office.configure(critic="")
    walked = await office.run()
    assert walked.state.stopped is not None
    assert "ROLE-01: the profile has no route for critic" in walked.state.stopped.reason


# --- To a person -----------------------------------------------------------------------------------------------------


async def test_a_draft_that_speaks_to_its_reviewer_needs_a_person(office: Office) -> None:
    office.configure(writer="gpt-inject-placeholder", revision="gpt-inject-placeholder")
    walked = await office.run()
    assert (walked.state.gate, walked.state.phase) == (Gate.WRITER, Phase.WAITING)
    assert walked.state.opened is not None
    assert walked.state.opened.needs_human
    assert any(each.startswith("INJ-") for each in walked.ids_at("writer"))


async def test_a_draft_that_leaves_the_plans_scope_needs_a_person(office: Office) -> None:
    office.configure(writer="gpt-out-of-scope-placeholder")
    walked = await office.run()
    assert (walked.state.gate, walked.state.phase) == (Gate.WRITER, Phase.WAITING)
    assert walked.state.opened is not None
    assert walked.state.opened.needs_human


async def test_a_draft_with_a_key_in_it_reaches_no_reviewer(office: Office, gateway: RunGateway) -> None:
    office.configure(writer="gpt-leak-placeholder", revision="gpt-leak-placeholder")
    walked = await office.run()
    assert gateway.roles == ["planner", "writer"]
    assert not any(LEAKED in each.body for each in gateway.generations)
    assert (walked.state.gate, walked.state.phase) == (Gate.WRITER, Phase.WAITING)
    assert walked.state.opened is not None
    assert walked.state.opened.needs_human


async def test_a_revision_of_a_draft_with_a_key_in_it_is_written_without_that_draft(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(writer="gpt-leak-placeholder")
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "writer", Phase.WAITING)
        await say(desk, log, GateVerdict.REVISE)
        walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED
    assert gateway.roles == ["planner", "writer", "revision", "reviewer", "critic"]
    assert not any(LEAKED in each.body for each in gateway.generations)


async def test_no_reason_takes_a_draft_with_a_key_in_it_further(office: Office) -> None:
    office.configure(writer="gpt-leak-placeholder", revision="gpt-leak-placeholder")
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "writer", Phase.WAITING)
        with pytest.raises(RunRefusedError) as refused:
            await say(desk, log, GateVerdict.READY)
    assert refused.value.refusal.code is RefusalCode.NOT_ALLOWED


@pytest.mark.parametrize("model", ["gpt-forge-placeholder", "gpt-forge-nonce-placeholder"])
async def test_a_review_of_what_was_not_read_needs_a_person(office: Office, model: str) -> None:
    office.configure(reviewer=model)
    walked = await office.run()
    assert (walked.state.gate, walked.state.phase) == (Gate.REVIEWER, Phase.WAITING)
    assert walked.state.opened is not None
    assert walked.state.opened.needs_human
    assert walked.ids_at("reviewer")


async def test_a_planner_that_names_no_instruction_source_fails_its_gate(office: Office) -> None:
    office.configure(planner="gpt-mute-placeholder")
    walked = await office.run()
    opened = walked.state.openings[-1]
    assert (opened.gate, opened.verdict) == (Gate.PLANNER, GateVerdict.REVISE)
    assert "INSTR-01" in walked.ids_at("planner")


# --- An answer in prose ----------------------------------------------------------------------------------------------


async def test_prose_is_the_contents_fault_and_no_failed_draft(office: Office) -> None:
    office.configure(writer="gpt-not-json-placeholder")
    walked = await office.run()
    assert isinstance(walked.state.failure, CallFailed)
    assert (walked.state.failure.category, walked.state.failure.blame) == (Category.CONTRACT_VIOLATION, Blame.CONTENT)
    assert (walked.state.attempt, walked.state.subject_sha256) == (1, None)
    assert walked.state.opened is not None
    assert walked.state.opened.failure is Category.CONTRACT_VIOLATION


async def test_a_call_that_failed_is_repeated_once_and_then_one_revises_blocks_or_stops(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(writer="gpt-not-json-placeholder")
    async with office.desk() as desk:
        walked = await go_on(desk, await office.begin(desk))
        await command(desk, walked.log, AllowRepeat("once more"))
        await step(desk, walked.log)
        assert gateway.roles == ["planner", "writer", "writer"]
        with pytest.raises(RunRefusedError, match="revise, block or stop"):
            await command(desk, walked.log, AllowRepeat("and again"))
        with pytest.raises(RunRefusedError, match="no reason makes it ready"):
            await say(desk, walked.log, GateVerdict.READY)
        await say(desk, walked.log, GateVerdict.REVISE)
        assert (walked.state.gate, walked.state.attempt, walked.state.phase) == (Gate.WRITER, 2, Phase.DUE)


async def test_a_role_is_moved_to_the_fallback_only_by_a_person_with_a_reason(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(writer="gpt-not-json-placeholder")
    async with office.desk() as desk:
        walked = await go_on(desk, await office.begin(desk))
        with pytest.raises(RunRefusedError, match="needs a reason"):
            await command(desk, walked.log, MoveRoute(Role.WRITER, "no"))
        await command(desk, walked.log, MoveRoute(Role.WRITER, "the writer's model gives no JSON"))
        await command(desk, walked.log, AllowRepeat("on the other route"))
        walked = await go_on(desk, walked.log)
    assert walked.state.status is RunStatus.CLOSED
    assert [each.model for each in gateway.generations if each.role == "writer"] == [
        "gpt-not-json-placeholder",
        "chat-compatible-route-placeholder",
    ]


async def test_a_decision_stands_in_the_record_beside_what_was_decided_on(office: Office) -> None:
    office.configure(writer="gpt-not-json-placeholder")
    async with office.desk() as desk:
        walked = await go_on(desk, await office.begin(desk))
        await command(desk, walked.log, MoveRoute(Role.WRITER, "the writer's model gives no JSON"))
        await command(desk, walked.log, AllowRepeat("on the other route"))
        walked = await go_on(desk, walked.log)
    failed, answered = [each for each in record_of(walked.state).gates if each.gate is Gate.WRITER]
    assert (failed.computed, failed.decided) == (GateVerdict.REVISE, None)
    assert (answered.computed, answered.decided) == (GateVerdict.READY, GateVerdict.READY)


# --- The operator's own checks, and other operators ------------------------------------------------------------------

CHECKS = f"checks = [\"{sys.executable} -c 'import time; time.sleep(60)'\"]\ncheck_timeout_s = 0.2"


async def test_a_check_of_the_policy_runs_only_where_it_was_confirmed(office: Office) -> None:
    office.configure(policy=CHECKS)
    walked = await office.run()
    assert walked.state.status is RunStatus.CLOSED
    assert "CHK-09" in walked.ids_at("writer")
    assert all(each.commands == () for each in walked.state.openings)


async def test_a_check_that_takes_longer_than_the_policy_allows_fails_the_draft(office: Office) -> None:
    office.configure(policy=CHECKS)
    async with office.desk() as desk:
        log = await office.begin(desk, are_checks_confirmed=True)
        await walk_to(desk, log, "writer", Phase.WAITING)
    assert log.state.opened is not None
    (command_run,) = log.state.opened.commands
    assert (log.state.opened.verdict, command_run.is_passed) == (GateVerdict.REVISE, False)
    assert 200 <= command_run.duration_ms < 20_000


async def test_where_two_operators_are_wanted_no_verdict_is_taken_by_itself(office: Office) -> None:
    office.configure(policy="four_eyes = true")
    async with office.desk() as desk:
        log = await office.begin(desk)
        with pytest.raises(RunRefusedError, match="wants two operators"):
            await go_on(desk, log)
    assert log.state.is_waiting


async def test_where_two_operators_are_wanted_the_candidate_needs_another_key(office: Office) -> None:
    office.configure(policy="four_eyes = true")
    ann, bob = (replace(ANN, id=name, key_fingerprint=f"SHA256:{name[0] * 43}") for name in ("ann", "bob"))
    async with office.desk(ann) as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "candidate", Phase.WAITING)
        with pytest.raises(RunRefusedError, match="another operator") as refused:
            await say(desk, log)
        assert refused.value.refusal.code is RefusalCode.FOUR_EYES
    async with office.desk(bob) as desk:
        log = await RunLog.open(desk.ledger, log.state.run_id)
        await say(desk, log)
    assert log.state.sealed is not None
    assert log.state.sealed.four_eyes


# --- Budgets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("run_tokens = 5000", "run_tokens is 5000"),
        ("attempt_tokens = 5000", "attempt_tokens is 5000"),
        ("run_usd = 0.05", r"run_usd is \$0.05"),
        ("attempt_usd = 0.05", r"attempt_usd is \$0.05"),
    ],
)
async def test_a_budget_refuses_the_call_that_could_go_over_it(
    office: Office, gateway: RunGateway, policy: str, words: str
) -> None:
    office.configure(policy=policy)
    walked = await office.run()
    assert walked.state.stopped is not None
    assert (walked.state.stopped.cause, walked.state.stopped.category) == (
        StopCause.BUDGET,
        Category.BUDGET_EXCEEDED,
    )
    assert words.replace("\\", "") in walked.state.stopped.reason
    assert 0 < len(gateway.generations) < 4
    assert walked.state.spent.tokens <= 5000
    assert walked.state.spent.microusd <= 50_000


async def test_a_budget_that_the_first_call_could_exceed_lets_nothing_be_generated(
    office: Office, gateway: RunGateway
) -> None:
    office.configure(policy="run_tokens = 100")
    walked = await office.run()
    assert walked.state.stopped is not None
    assert walked.state.stopped.cause is StopCause.BUDGET
    assert gateway.generations == []


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


async def test_a_route_that_is_edited_stops_the_run_before_the_next_call(office: Office, gateway: RunGateway) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "writer")
    office.configure(writer="gpt-older-route-placeholder")
    async with office.desk() as desk:
        log = await RunLog.open(desk.ledger, log.state.run_id)
        await step(desk, log)
    assert log.state.stopped is not None
    assert log.state.stopped.cause is StopCause.ROUTE_CHANGED
    assert gateway.roles == ["planner"]


async def test_a_gateway_that_is_gone_holds_the_run_and_nothing_is_lost(office: Office, gateway: RunGateway) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "preflight")
        before = log.state.head
        gateway.is_gone = True
        with pytest.raises(StepHeldError) as held:
            await step(desk, log)
        assert held.value.category in (Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT)
        assert (await log.refresh()).head == before
        gateway.is_gone = False
        walked = await go_on(desk, log)
    assert walked.state.status is RunStatus.CLOSED


async def test_a_gateway_that_goes_within_a_call_leaves_a_failed_call_that_may_be_repeated(
    office: Office, gateway: RunGateway
) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "writer")
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
        with pytest.raises(StepHeldError, match="NO_SUCH_TOKEN") as held:
            await step(desk, log)
    assert held.value.token == "absent"
    assert log.state.phase is Phase.DUE


async def test_a_clock_that_is_set_back_changes_no_order_and_breaks_no_chain(office: Office) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "writer")
    office.now_ms = lambda: log.state.started_at_ms - 86_400_000
    async with office.desk() as desk:
        walked = await go_on(desk, await RunLog.open(desk.ledger, log.state.run_id))
        assert walked.state.status is RunStatus.CLOSED
        assert walked.state.updated_at_ms < walked.state.started_at_ms
        assert (await verify_run(desk.ledger, walked.state.run_id)).holds


# --- What is shown and kept ------------------------------------------------------------------------------------------


async def test_what_is_previewed_is_what_is_sent(office: Office, gateway: RunGateway) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        await walk_to(desk, log, "planner")
        async with stepping(desk, log) as stepper:
            call = await stepper.prepare()
            assert gateway.generations == []
            assert [_ async for _ in stepper.step(call)]
    (sent,) = gateway.prompts_of("planner")
    assert call.brief.prompt in sent
    assert TASK in call.brief.prompt


async def test_the_critic_is_not_told_what_the_reviewer_said(office: Office, gateway: RunGateway) -> None:
    await office.run()
    (prompt,) = gateway.prompts_of("critic")
    assert not any(word in prompt for word in ("score", "CRITERIA", "95"))


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
    office: Office, gateway: RunGateway, config: dict[str, str]
) -> None:
    from console.cli.record_document import record_yaml

    office.configure(**config)
    canary = "the heron of the seventh lock"
    async with office.desk() as desk:
        walked = await go_on(desk, await office.begin(desk, f"{TASK} Think of {canary}."))
        assert (await verify_run(desk.ledger, walked.state.run_id)).holds
        record = record_of(walked.state)
    assert not record.secrets_in_prompt
    drafted = "All calls of the coding agents go through one model gateway."
    kept = b"".join(path.read_bytes() for path in office.state_directory.glob("runs.db*"))
    for text in (canary, LEAKED, drafted, gateway.token, str(office.directory)):
        assert text.encode() not in kept
        assert text not in record_yaml(record)


async def test_artifacts_are_kept_apart_for_the_user_alone(office: Office) -> None:
    await office.run(f"{TASK} Think of the heron.")
    folder = office.state_directory / "artifacts"
    assert (office.state_directory.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o700, 0o700)
    files = list(folder.iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert any(b"Think of the heron." in path.read_bytes() for path in files)

"""What a role is told when it is asked again, and that no brief is sent twice unless a person wants it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support.ledger.ledgers import new_id
from support.run.desks import Walked, go_on, say, step, walk_to
from support.run.gateway import RunGateway
from support.run.stories import Stories

from console.domain.routes.role import Role
from console.domain.run.call_event import CallIntended, CallRecorded
from console.domain.run.command import AllowRepeat, ReportEvent
from console.domain.run.event import ArtifactRole
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase, RunStatus
from console.services.run.deciding import command
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog, RunRefusedError


def contents(walked: Walked) -> Counter[str]:
    """Return how often each content was asked in a run, by its ledger."""
    return Counter(each.event.content_sha256 for each in walked.log.entries if isinstance(each.event, CallIntended))


def findings_in(prompt: str) -> str:
    """Return what a brief tells as findings; the plan that it quotes may repeat a reason in its own words."""
    return prompt.partition("<<<FINDINGS ")[2].partition("<<<END FINDINGS ")[0]


async def test_a_planner_that_answers_the_same_once_it_was_told_waits_for_a_person(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    """The second brief tells what was wrong; a third would be the second again."""
    story = await stories.of(planner="gpt-mute-placeholder")
    first, second = story.prompts_of("planner")
    assert "but the answer names none" not in first
    assert "but the answer names none" in second
    assert (story.state.gate, story.state.phase, story.state.attempt) == (Gate.PLANNER, Phase.WAITING, 2)
    assert story.ids_at("planner") == {"INSTR-01", "CALL-02"}
    assert set(contents(story.walked).values()) == {1}
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        with pytest.raises(RunRefusedError, match="needs a reason"):
            await say(desk, log, GateVerdict.REVISE, "")
        await say(desk, log, GateVerdict.REVISE, "name AGENTS.md as the source")
        await step(desk, log)
    (told,) = gateway.prompts_of("planner")
    assert "name AGENTS.md as the source" in told
    assert "word for word" not in told  # a finding about the call is none about the plan


async def test_the_attempt_and_what_is_random_are_nothing_new(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(until="writer")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        gateway.is_gone = True
        lost = await step(desk, log)
        gateway.is_gone = False
        await command(desk, log, AllowRepeat("the gateway is back"))
        await go_on(desk, log)
    first, second = [each for each in log.state.calls if each.gate is Gate.WRITER]
    assert first.content_sha256 == second.content_sha256 != ""
    assert first.brief_sha256 != second.brief_sha256
    assert contents(lost)[first.content_sha256] == 2
    assert log.state.status is RunStatus.CLOSED


async def test_a_reason_reaches_only_what_its_decision_sent_back(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    """A reason for another plan, and one for a draft against the reviewer's verdict, are no orders to the revision."""
    story = await stories.of(reviewer="gpt-review-revise-placeholder", until="planner")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        await step(desk, log)
        await say(desk, log, GateVerdict.REVISE, "plan for one file only")
        await walk_to(desk, log, "reviewer")
        await step(desk, log)
        await say(desk, log, GateVerdict.READY, "the check is in another note")
        await step(desk, log)
        await say(desk, log, GateVerdict.REVISE, "say who keeps the note up to date")
        await step(desk, log)
    (_, planned), (written,), (revised,) = map(gateway.prompts_of, ("planner", "writer", "revision"))
    assert "plan for one file only" in findings_in(planned)
    assert "FINDINGS" not in written
    assert "plan for one file only" not in findings_in(revised)
    assert "say who keeps the note up to date" in revised
    assert "the check is in another note" not in revised
    assert "names no way to check it" not in revised  # the reviewer's finding, which an operator passed


async def test_a_critic_is_judged_for_itself_where_an_operator_passed_the_review(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(reviewer="gpt-review-revise-placeholder", until="reviewer")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        await step(desk, log)
        assert log.state.opened is not None
        assert log.state.opened.verdict is GateVerdict.REVISE
        await say(desk, log, GateVerdict.READY)
        walked = await step(desk, log)
        opened = log.state.opened
        assert opened is not None
        assert (opened.gate, opened.verdict, opened.own) == (Gate.CRITIC, GateVerdict.READY, GateVerdict.READY)
        (told,) = [each for each in walked.findings if each.id == "JUDGE-03"]
        assert "the review is revise, and an operator decided ready" in told.message
        await go_on(desk, log)
    assert log.state.status is RunStatus.CLOSED


async def test_a_revision_that_is_the_draft_of_before_is_not_reviewed_again_unasked(
    stories: Stories, tmp_path: Path, gateway: RunGateway
) -> None:
    story = await stories.of(reviewer="gpt-review-revise-placeholder", until="reviewer")
    async with story.copied(tmp_path, gateway).desk() as desk:
        log = await RunLog.open(desk.ledger, story.state.run_id)
        await walk_to(desk, log, "writer", attempt=2)
        await revise_nothing(desk, log)
        await go_on(desk, log)
        assert log.state.opened is not None
        assert (log.state.gate, log.state.opened.needs_human) == (Gate.WRITER, True)
        assert "CALL-02" in {each.id for each in log.state.opened.findings}
        assert gateway.roles == ["reviewer"]
        await say(desk, log, GateVerdict.READY, "the reviewer shall look again")
        await go_on(desk, log)
    assert gateway.roles == ["reviewer", "reviewer", "critic"]


async def revise_nothing(desk: RunContext, log: RunLog) -> None:
    """Let the revision answer with the draft of before, as no model of the embedded gateway does."""
    written = next(call for call in log.state.calls if call.role is Role.WRITER)
    answered = next(each for each in log.state.ends if each.call_id == written.call_id)
    assert isinstance(answered, CallRecorded)
    place = next(place for place, each in enumerate(log.state.artifacts) if each.role is ArtifactRole.DRAFT)
    route = log.state.route(Role.REVISION)
    assert route is not None
    call = replace(
        written, call_id=new_id(), role=Role.REVISION, attempt=2, fingerprint=route.fingerprint, content_sha256=""
    )
    stored = [replace(each, attempt=2) for each in log.state.artifacts[place - 1 : place + 1]]
    events = (call, replace(answered, call_id=call.call_id, role=Role.REVISION), *stored)
    await log.command(desk.machine, *map(ReportEvent, events))

"""What each gate's decision was about is read from the artifacts, also of an attempt that is over."""

import pytest
from support.run.desks import PATCH, Office, go_on, say, walk_to

from console.domain.answers.role_answer import Critique, Plan
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.run.event import ArtifactRole, InstructionPinned
from console.domain.run.gate import Gate
from console.domain.run.state import Phase
from console.domain.run.subject import DraftShown, PreflightNotes, ReviewShown, SourcesShown
from console.domain.run.turn import AgentTurn, TurnOutcome
from console.services.ledger.ledger import LedgerError
from console.services.run.subject import read_artifact, read_findings, read_outputs_at, read_subject


async def test_both_drafts_and_both_reviews_of_a_revised_run_are_read_apart(office: Office) -> None:
    office.configure(reviewer="gpt-review-revise-placeholder")
    async with office.desk() as desk:
        log = (await go_on(desk, await office.begin(desk))).log
        first, second = [await read_subject(desk.artifacts, log, Gate.WRITER, attempt) for attempt in (1, 2)]
        assert isinstance(first, DraftShown)
        assert isinstance(second, DraftShown)
        assert first.sha256 != second.sha256
        assert all(each.is_in_scope for each in first.files)
        assert [each.change.added > 0 for each in first.files] == [True]
        assert first.scope == second.scope != ()
        for attempt, opened in enumerate((each for each in log.state.openings if each.gate is Gate.REVIEWER), 1):
            review = await read_subject(desk.artifacts, log, Gate.REVIEWER, attempt)
            assert isinstance(review, ReviewShown)
            assert tuple((each.id, each.score) for each in review.review.criteria) == opened.scores
            assert set(review.must) < {each.id for each in review.review.criteria}
            assert all(each.message for each in await read_findings(desk.artifacts, opened))
        assert await read_subject(desk.artifacts, log, Gate.CRITIC, 1) is None, "the first draft had no critic"
        assert isinstance(await read_subject(desk.artifacts, log, Gate.CRITIC, 2), Critique)
        candidate = await read_subject(desk.artifacts, log, Gate.CANDIDATE, 2)
        assert isinstance(candidate, DraftShown)
        assert (candidate.sha256, candidate.is_sealed) == (second.sha256, True)
        assert await read_subject(desk.artifacts, log, Gate.CANDIDATE, 1) is None


async def test_an_agent_that_made_no_draft_is_shown_with_what_it_printed_last(office: Office) -> None:
    command = "sh -c 'echo there is no brain here; exit 3'"
    async with office.desk() as desk:
        log = (await go_on(desk, await office.begin(desk, writer="command", writer_command=command))).log
        turn = await read_subject(desk.artifacts, log, Gate.WRITER, 1)
        assert isinstance(turn, AgentTurn)
        assert (turn.outcome, turn.exit_code, turn.calls) == (TurnOutcome.FAILED, 3, 0)
        assert log.state.opened is not None
        printed = await read_outputs_at(desk.artifacts, log.state, log.state.opened)
        assert printed == (("the agent", "there is no brain here\n"),)


async def test_a_draft_from_outside_is_in_no_scope_and_its_sources_are_none(office: Office) -> None:
    async with office.desk() as desk:
        log = (await go_on(desk, await office.begin(desk, draft=PATCH, made_by="Ann"))).log
        draft = await read_subject(desk.artifacts, log, Gate.WRITER, 1)
        assert isinstance(draft, DraftShown)
        assert (draft.outside, draft.scope, draft.turn) == (log.state.outside, (), None)
        assert [each.is_in_scope for each in draft.files] == [True]  # no plan says otherwise
        await say(desk, log)
        await walk_to(desk, log, Gate.REVIEWER)
        assert await read_subject(desk.artifacts, log, Gate.SOURCE_CHECK, 1) == SourcesShown(())


async def test_what_is_not_made_yet_is_none_and_what_was_deleted_is_said(office: Office) -> None:
    async with office.desk() as desk:
        log = await office.begin(desk)
        assert [await read_subject(desk.artifacts, log, gate, 1) for gate in Gate] == [None] * len(Gate)
        await walk_to(desk, log, Gate.PLANNER, Phase.WAITING)
        assert isinstance(await read_subject(desk.artifacts, log, Gate.INSTRUCTION, 1), InstructionPinned)
        assert isinstance(await read_subject(desk.artifacts, log, Gate.PREFLIGHT, 1), PreflightNotes)
        plan = await read_subject(desk.artifacts, log, Gate.PLANNER, 1)
        assert isinstance(plan, Plan)
        assert plan.steps
        assert await read_subject(desk.artifacts, log, Gate.WRITER, 1) is None
        stored = log.state.artifact(ArtifactRole.PLAN)
        assert stored is not None
        await desk.artifacts.delete(stored.sha256)
        with pytest.raises(LedgerError, match=r"the plan .* is not stored on this machine"):
            await read_subject(desk.artifacts, log, Gate.PLANNER, 1)
        with pytest.raises(LedgerError, match="has no draft yet"):
            await read_artifact(desk.artifacts, log.state, ArtifactRole.DRAFT)


async def test_the_sources_of_an_article_have_the_words_that_were_looked_for(office: Office) -> None:
    async with office.desk() as desk:
        log = (await go_on(desk, await office.begin(desk, kind=ArtifactKind.ARTICLE))).log
        shown = await read_subject(desk.artifacts, log, Gate.SOURCE_CHECK, 1)
        assert isinstance(shown, SourcesShown)
        (source,) = shown.sources
        (claim,) = source.claims
        assert (claim.id, claim.is_there) == (source.checked.claims[0], True)
        assert len(claim.quote) > 8

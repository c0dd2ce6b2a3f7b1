"""The summary of a record: what an operator must not overlook is said, and nothing is green without proof."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.run.story import (
    ANN,
    BLOCK,
    CODEX,
    OUTSIDE,
    READY,
    REVISE,
    Story,
    agent_begun,
    agent_ended,
    preflight,
    waiting_at,
)

from console.domain.errors.category import Category
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.record.projection import record_of
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentEnding, FileGuard, Isolation, NetworkGuard
from console.domain.run.command import AllowRepeat, Stop
from console.domain.run.event import Entry, RunStopped, StopCause, StopRule
from console.domain.run.fold import fold
from console.domain.run.gate import Gate
from console.domain.run.pinned import RouteProof
from console.domain.run.reach import Reach, ReachedToken
from console.domain.run.state import RunState
from console.domain.workflows.token_kind import TokenKind
from console.services.ledger.codec import decode_event
from console.view.record.summary import summary_of

OLDER = Path(__file__).parents[2] / "data" / "ledger_lines_2026_12_01.jsonl"


def _said(state: RunState) -> dict[str, str]:
    """Return each line of the summary by its label; lines of one label are joined."""
    said: dict[str, str] = {}
    for fact in summary_of(record_of(state)):
        sign = "" if fact.sign is None else f"{fact.sign} "
        said[fact.label] = f"{said[fact.label]} | {sign}{fact.words}" if fact.label in said else sign + fact.words
    return said


def test_nothing_that_was_not_tried_is_green() -> None:
    said = _said(Story().state)
    unproven = {label for label, words in said.items() if words.startswith("~")}
    assert unproven >= {"planner", "writer", "critic", "tokens", "sources", "review", "independent"}
    assert [label for label, words in said.items() if words.startswith("✓")] == []


def test_a_route_shows_the_rung_that_was_reached_and_the_calls_that_it_served() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    story.reports(replace(preflight(), proofs=(RouteProof(Role.WRITER, 4, "proven"),)))
    story.reaches(Gate.SOURCE_CHECK)
    said = _said(story.state)
    assert said["writer"] == "✓ proven responses /v1/responses                rung 4, 1 call"
    assert said["reviewer"].startswith("~ no proof anthropic_messages /v1/messages")


def test_an_agent_that_nothing_held_is_not_green_and_neither_is_its_independence() -> None:
    story = Story(writer=CODEX).reaches(Gate.WRITER)
    assert _said(story.state)["agent"] == "· due codex has not begun"
    story.reports(agent_begun(story.state, isolation=Isolation(FileGuard.NONE, NetworkGuard.NONE)))
    story.reports(agent_ended(story.state))
    story.keeps_draft()
    story.opens()
    story.says()
    story.reaches(Gate.REVIEWER)
    story.opens(independence=(("writer_vs_reviewer", 3),))
    said = _said(story.state)
    assert said["agent"].startswith("~ not held codex 0.171.0, attempt 1: NOT kept from your files, NOT kept from the")
    assert said["independent"].startswith("~ unproven writer vs reviewer: 3 of 3")
    assert said["roles"] == "· not asked revision"


def test_an_agent_that_was_held_and_wrote_a_draft_is_green_and_one_that_was_cut_off_is_not() -> None:
    story = Story(writer=CODEX).reaches(Gate.WRITER)
    story.reports(agent_begun(story.state))
    cut_off = agent_ended(story.state, ending=AgentEnding.CUT_OFF, exit_code=None, failure=Category.CONTRACT_VIOLATION)
    story.reports(cut_off)
    story.opens(REVISE, failure=Category.CONTRACT_VIOLATION)
    story.does(AllowRepeat("I cut it off myself"), ANN)
    story.works()
    first, second = _said(story.state)["agent"].split(" | ")
    assert first.startswith("! no draft codex 0.171.0, attempt 1: files held by bubblewrap, network held by landlock;")
    assert first.endswith("0 calls; cut off after 900 ms, no draft")
    assert second.startswith("✓ held")


def test_a_draft_from_outside_is_not_ours_and_its_author_is_not_proven() -> None:
    story = Story(outside=OUTSIDE).reaches(Gate.REVIEWER)
    said = _said(story.state)
    assert said["draft"].startswith("~ outside attempt 1: 20 bytes")
    assert said["draft"].endswith(f"made by {OUTSIDE.made_by}, as the operator says; this tool did not make it")
    assert said["independent"].startswith("~ unknown")
    assert said["roles"] == "· not asked planner, writer, revision"


def test_a_token_in_reach_is_named() -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    tokens = (ReachedToken("GITHUB_TOKEN", TokenKind.REPOSITORY), ReachedToken("NPM_TOKEN", TokenKind.PUBLISHER))
    reach = Reach(tokens, "broad")
    story.reports(RunStopped(StopCause.PREFLIGHT, rule=StopRule.WITHHELD_TOKENS, reach=reach))
    said = _said(story.state)
    assert said["tokens"] == "× in reach publisher token, NPM_TOKEN; also GITHUB_TOKEN (repository)"
    assert said["ci token"] == "~ note broad"
    assert "env -u" in said["next"]


@pytest.mark.parametrize("count", [2, 15])
def test_rows_that_were_not_fresh_are_named_if_they_are_few(count: int) -> None:
    story = Story().reaches(Gate.PREFLIGHT)
    rows = tuple(f"row-{number}" for number in range(count))
    story.reports(RunStopped(StopCause.PREFLIGHT, rule=StopRule.REQUIRE_VERIFICATION, verification_rows=rows))
    said = _said(story.state)["verified"]
    assert said == {2: "× stale 2 required row(s) not fresh: row-0, row-1"}.get(
        count, "× stale 15 required row(s) not fresh"
    )


def test_a_judge_that_is_too_close_and_one_that_is_not_proven_are_not_green() -> None:
    pairs = (("writer_vs_critic", 1), ("reviewer_vs_critic", 2))
    story = waiting_at(Gate.CRITIC, independence=pairs, unproven=("reviewer_vs_critic",))
    close, unproven = _said(story.state)["independent"].split(" | ")
    assert close == "× too close writer vs critic: 1 of 3, the same model; 2 required"
    assert unproven == "~ unproven reviewer vs critic: 2 of 3, another model; names may be aliases"


def test_an_override_is_shown_with_its_author_and_reason() -> None:
    story = Story().reaches(Gate.REVIEWER)
    story.opens(REVISE)
    story.says(READY, reason="the point is about the old text")
    said = _said(story.state)
    assert said["override"] == "~ override reviewer: ready against revise by ann: the point is about the old text"
    assert said["decisions"] == "5 by ann"


def test_a_critics_own_verdict_is_told_from_the_reviews() -> None:
    story = Story().reaches(Gate.REVIEWER)
    story.opens(REVISE)
    story.says(READY)
    story.opens(BLOCK, own=READY)
    assert _said(story.state)["critique"] == (
        "× block computed block, its own ready; the review: computed revise, decided ready by ann"
    )


def test_a_stop_says_who_why_and_what_next() -> None:
    story = waiting_at(Gate.REVIEWER)
    story.does(Stop("the customer called it off"), ANN)
    said = _said(story.state)
    assert said["stop"] == "! stopped operator / reviewer by ann: the customer called it off"
    assert said[""] == "model claude-opus-4"

    refused = Story().reaches(Gate.PREFLIGHT)
    refused.reports(
        RunStopped(StopCause.PREFLIGHT, Category.ACCOUNT_PRICING, role=Role.WRITER, rule=StopRule.REQUIRE_PRICE)
    )
    said = _said(refused.state)
    assert said["stop"].startswith("! stopped preflight / require_price / account_pricing / writer: ")
    assert said["writer"].startswith("× stopped responses /v1/responses")
    assert "priced" in said["next"]


def test_a_block_says_at_which_gate() -> None:
    story = waiting_at(Gate.CRITIC, verdict=BLOCK)
    story.says(BLOCK, reason="it deletes data")
    assert _said(story.state)["block"] == "× block at critic, computed block, findings none: it deletes data"


@pytest.mark.parametrize(("run", "end"), [("sealed", "✓ ready"), ("moved and stopped", "! stopped")])
def test_a_run_of_an_older_version_is_summed_up(run: str, end: str) -> None:
    lines = [line for line in map(json.loads, OLDER.read_text(encoding="utf-8").splitlines()) if line["run"] == run]
    events = [decode_event(line["kind"], line["body"].encode()) for line in lines]
    ann = Actor(ActorKind.OPERATOR, "ann")
    state = fold("01J0000000000000000000000A", (Entry(n, n, ann, f"{n:064d}", e) for n, e in enumerate(events, 1)))
    assert _said(state)["run"].startswith(end)
    assert record_of(state).publisher_token_available is False

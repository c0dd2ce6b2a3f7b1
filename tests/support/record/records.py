"""Records of runs that ended in each way, and records with any text in any place."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from support.run.story import ANN, BLOCK, CODEX, OUTSIDE, READY, REVISE, Story, failed_at, preflight

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.domain.record.timeline import Timeline, timeline_of
from console.domain.routes.role import Role
from console.domain.run.command import AllowRepeat, Stop
from console.domain.run.event import CommandRun, Entry, NotedFinding, RunStopped, SourcesChecked, StopCause, StopRule
from console.domain.run.fold import fold
from console.domain.run.gate import Gate
from console.domain.run.pinned import RouteProof, VerifiedRow
from console.domain.run.reach import Reach, ReachedToken
from console.domain.sources.cited_page import SourceChecked, SourceVerdict
from console.domain.workflows.token_kind import TokenKind
from console.services.ledger.codec import decode_event

Exportable = tuple[Record, Timeline]
CHECKS = (CommandRun("unit", 0, 1500, is_passed=True), CommandRun("unit", 0, 900, is_passed=True, with_base_tests=True))
PAGE = SourceChecked("https://docs.example/page", SourceVerdict.SUPPORTED, 5_000, ("c1",), ("c1",))


def of(story: Story) -> Exportable:
    """Return what an export is made of."""
    return record_of(story.state), timeline_of(story.entries)


def _begun() -> Story:
    """Return a run whose preflight looked at everything."""
    story = Story().reaches(Gate.PREFLIGHT)
    rows = (VerifiedRow("row-1", "https://docs.example/row", "2026-12-01"),)
    story.reports(replace(preflight(), proofs=(RouteProof(Role.WRITER, 4, "proven"),), verified_rows=rows))
    return story


def _to_critic(story: Story) -> Story:
    """Let a run pass its checks and its reviewer."""
    story.reaches(Gate.SOURCE_CHECK)
    story.reports(SourcesChecked((PAGE,)))
    story.opens(commands=CHECKS)
    story.says()
    story.opens(total=90, scores=(("correctness", 30),), independence=(("writer_vs_reviewer", 3),))
    story.says()
    return story


@cache
def sealed() -> Exportable:
    """Return a run whose second draft was sealed: the reviewer sent the first one back."""
    story = _begun().reaches(Gate.REVIEWER)
    story.opens(REVISE, total=40, findings=(NotedFinding("RUB-01", Severity.WARN),))
    story.says(REVISE)
    story = _to_critic(story)
    story.opens(own=READY, total=88, independence=(("reviewer_vs_critic", 2),))
    story.says()
    story.passes()
    return of(story)


@cache
def overridden() -> Exportable:
    """Return a run that was sealed because an operator passed what the critic sent back."""
    story = _to_critic(_begun())
    story.opens(REVISE, own=REVISE, total=60)
    story.says(READY, reason="the point is about the old text")
    story.passes()
    return of(story)


@cache
def failed_check() -> Exportable:
    """Return a run that was blocked because a check failed."""
    story = Story().reaches(Gate.SOURCE_CHECK)
    story.opens(BLOCK, commands=(CHECKS[0], CommandRun("lint", 2, 100, is_passed=False)))
    story.says(BLOCK, reason="the linter is right")
    return of(story)


@cache
def stopped() -> Exportable:
    """Return a run that was stopped before anything was generated."""
    story = Story().reaches(Gate.PREFLIGHT)
    reach = Reach((ReachedToken("NPM_TOKEN", TokenKind.PUBLISHER),), "broad")
    story.reports(
        RunStopped(
            StopCause.PREFLIGHT, Category.ACCOUNT_PRICING, role=Role.WRITER, rule=StopRule.REQUIRE_PRICE, reach=reach
        )
    )
    return of(story)


@cache
def waiting() -> Exportable:
    """Return a run that waits at the reviewer's gate."""
    story = Story().reaches(Gate.REVIEWER)
    story.opens(total=90)
    return of(story)


@cache
def due_again() -> Exportable:
    """Return a run whose second draft is to be reviewed next."""
    story = Story().reaches(Gate.REVIEWER)
    story.opens(REVISE, total=40)
    story.says(REVISE)
    return of(story.reaches(Gate.REVIEWER))


@cache
def stopped_by_operator() -> Exportable:
    """Return a run with a call that failed, was repeated, and was under way when an operator stopped the run."""
    story = failed_at(Gate.REVIEWER)
    story.does(AllowRepeat("it was the gateway's fault"), ANN)
    story.calls()
    story.does(Stop("the customer called it off"), ANN)
    return of(story)


@cache
def by_agent() -> Exportable:
    """Return a run that a coding agent writes."""
    return of(Story(writer=CODEX).reaches(Gate.REVIEWER))


@cache
def from_outside() -> Exportable:
    """Return a run about a draft from outside."""
    story = Story(outside=OUTSIDE).reaches(Gate.CANDIDATE)
    story.passes()
    return of(story)


OLDER = Path(__file__).parents[2] / "data" / "ledger_lines_2026_12_01.jsonl"


def _older(run: str) -> Exportable:
    """Return a run of an older version, from the lines that it wrote."""
    lines = [line for line in map(json.loads, OLDER.read_text(encoding="utf-8").splitlines()) if line["run"] == run]
    events = [decode_event(line["kind"], line["body"].encode()) for line in lines]
    entries = [Entry(seq, 1_000 * seq, ANN, f"{seq:064d}", event) for seq, event in enumerate(events, 1)]
    return record_of(fold("01J0000000000000000000000A", entries)), timeline_of(entries)


@cache
def older_sealed() -> Exportable:
    """Return a sealed run of an older version."""
    return _older("sealed")


@cache
def older_stopped() -> Exportable:
    """Return a stopped run of an older version."""
    return _older("moved and stopped")


ALL = (
    older_sealed,
    older_stopped,
    sealed,
    overridden,
    failed_check,
    stopped,
    waiting,
    due_again,
    stopped_by_operator,
    by_agent,
    from_outside,
)


def simulated(exportable: Exportable) -> Exportable:
    """Return the same run as the embedded gateway would have answered it."""
    return replace(exportable[0], is_simulated=True), exportable[1]


# --- Any text in any place -------------------------------------------------------------------------------------------


def places_of(value: Any, place: str = "record") -> Iterator[str]:
    """Yield each place of a record with a text of no closed list; the ids of runs and calls have forms of their own."""
    if dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from places_of(getattr(value, each.name), f"{place}.{each.name}")
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from places_of(each, f"{place}[{number}]")
    elif type(value) is str and not place.endswith((".run_id", ".call_id")):
        yield place


def with_text(value: Any, target: str, text: str, place: str = "record") -> Any:
    """Return a record with another text in one of its places."""
    if place == target:
        return text
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in dataclasses.fields(value)]
        return replace(
            value, **{name: with_text(getattr(value, name), target, text, f"{place}.{name}") for name in names}
        )
    if isinstance(value, tuple):
        return tuple(with_text(each, target, text, f"{place}[{number}]") for number, each in enumerate(value))
    return value

"""The table of transitions: whole, without two ways for one event, and drawn as it is."""

import runpy
from itertools import pairwise
from pathlib import Path
from typing import get_args

from support.run.story import ANN, READY, failed_at, lost_at, opened, waiting_at

from console.domain.run.event import Entry, GateDecided, RunCreated, RunEvent, RunStopped, StopCause
from console.domain.run.fold import apply
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase, RunState
from console.domain.run.transition import TRANSITIONS, why_not_follow


def test_every_event_and_every_phase_has_its_place() -> None:
    assert {each.event for each in TRANSITIONS} == set(get_args(RunEvent))
    assert {each.source for each in TRANSITIONS} == set(Phase) - {Phase.OVER}
    assert {each.to for each in TRANSITIONS} == set(Phase) - {Phase.NEW}


def test_no_event_has_two_ways() -> None:
    places = [(each.source, each.event) for each in TRANSITIONS if each.when is None]
    assert len(set(places)) == len(places)
    chosen = {(each.source, each.event) for each in TRANSITIONS if each.when is not None}
    assert not chosen & set(places)
    rows = [each for each in TRANSITIONS if each.event is GateDecided]
    for gate in (Gate.WRITER, Gate.CANDIDATE):
        state = waiting_at(gate).state
        for verdict in GateVerdict:
            decided = GateDecided(gate, 1, verdict, "", False, False, state.head, state.subject_sha256)
            assert sum(row.when is not None and row.when.holds(state, decided) for row in rows) == 1


def test_the_fold_goes_where_the_table_says() -> None:
    repeated = failed_at(Gate.CRITIC)
    blocked = waiting_at(Gate.REVIEWER)
    blocked.says(GateVerdict.BLOCK)
    used = {(each.source, each.event, each.to) for each in TRANSITIONS}
    for story in (repeated, blocked, lost_at(Gate.WRITER), waiting_at(Gate.CANDIDATE)):
        states = [RunState(story.state.run_id)]
        for entry in story.entries:
            states.append(apply(states[-1], entry))
        for (before, after), entry in zip(pairwise(states), story.entries, strict=True):
            assert (before.phase, type(entry.event), after.phase) in used


def test_only_a_beginning_begins_and_nothing_follows_the_end() -> None:
    story = waiting_at(Gate.INSTRUCTION)
    created = story.entries[0].event
    assert isinstance(created, RunCreated)
    stopped = RunStopped(StopCause.OPERATOR)
    new = RunState(story.state.run_id)
    assert why_not_follow(new, created) is None
    assert why_not_follow(new, stopped) is not None
    over = apply(story.state, Entry(story.state.seq + 1, 1, ANN, "f" * 64, stopped))
    assert all(why_not_follow(over, entry.event) for entry in story.entries)
    assert why_not_follow(over, stopped) is not None


def test_a_run_that_is_blocked_stays_at_the_gate_and_attempt_that_blocked_it() -> None:
    story = waiting_at(Gate.WRITER)
    for _ in range(story.policy.max_attempts - 1):
        story.says(GateVerdict.REVISE)
        story.opens()
    spent = story.state.spent_in_attempt
    story.says(GateVerdict.REVISE)
    assert (story.state.gate, story.state.attempt, story.state.phase) == (Gate.WRITER, 3, Phase.OVER)
    assert story.state.spent_in_attempt == spent
    assert why_not_follow(story.state, opened(story.state, READY)) is not None


def test_the_picture_is_drawn_from_the_table() -> None:
    docs = Path(__file__).parents[3] / "docs"
    drawn = runpy.run_path(str(docs / "run_picture.py"))["drawn"]()
    assert (docs / "run.svg").read_text(encoding="utf-8") == drawn, "run: python docs/run_picture.py"

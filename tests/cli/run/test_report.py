"""The commands that a run names: in each of its states the first goes on, and a shell and the parser take them all."""

import argparse
import shlex
from dataclasses import replace

import pytest
from support.run.story import ANN, POLICY, READY, REVISE, Story, failed_at, lost_at, waiting_at

from console.cli.run import verb
from console.cli.run.report import next_commands
from console.domain.run.call_event import CallLost
from console.domain.run.command import AllowRepeat, Stop
from console.domain.run.decide import decide
from console.domain.run.gate import Gate
from console.domain.run.refusal import Refusal, RefusalCode


def calling() -> Story:
    story = Story().reaches(Gate.WRITER)
    story.calls()
    return story


def worked() -> Story:
    story = calling()
    story.answers()
    return story


def ended() -> Story:
    story = Story()
    story.does(Stop("not needed any more"), ANN)
    return story


@pytest.mark.parametrize(
    ("story", "first"),
    [
        (Story(), "step"),
        (Story().reaches(Gate.PLANNER), "step --preview"),
        (waiting_at(Gate.PLANNER), "decide --gate planner --verdict ready"),
        (waiting_at(Gate.PLANNER, verdict=REVISE), 'decide --gate planner --verdict revise --reason "…"'),
        (waiting_at(Gate.PREFLIGHT, needs_human=True), 'decide --gate preflight --verdict ready --reason "…"'),
        (calling(), "resume"),
        (lost_at(Gate.WRITER), 'resume --repeat --reason "…"'),
        (worked(), "step"),
        (failed_at(Gate.REVIEWER), 'resume --repeat --reason "…"'),
        (ended(), "show"),
    ],
    ids=lambda each: f"{each.state.gate}-{each.state.phase}" if isinstance(each, Story) else "",
)
def test_in_every_state_the_first_command_goes_on_and_all_can_be_pasted(story: Story, first: str) -> None:
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)
    commands = next_commands(story.state)
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "gateway-console"
        if words[1] == "run":
            parser.parse_args(words[2:])
    shown = commands[0].split(" ", 2)[2].replace(f" {story.state.run_id}", "")
    assert shown.replace(f" --saw {story.state.head[:12]}", "") == first


def test_a_placeholder_is_never_recorded_as_a_reason() -> None:
    for story, command in (
        (lost_at(Gate.WRITER), AllowRepeat("…")),
        (waiting_at(Gate.PLANNER), waiting_at(Gate.PLANNER).decision(REVISE, "…")),
        (waiting_at(Gate.CRITIC, needs_human=True), waiting_at(Gate.CRITIC, needs_human=True).decision(READY, "…")),
    ):
        found = decide(story.state, command, ANN)
        assert isinstance(found, Refusal)
        assert found.code is RefusalCode.REASON


@pytest.mark.parametrize(
    ("limits", "then"),
    [
        ({"attempt_tokens": 1500}, "resume"),
        ({"attempt_tokens": 1500, "max_attempts": 1}, 'stop --reason "…"'),
        ({"run_tokens": 1650}, 'stop --reason "…"'),
    ],
)
def test_a_repeat_that_no_budget_allows_is_not_offered(limits: dict[str, int], then: str) -> None:
    """Where another attempt has room for the call, the run can go on to its decision."""
    story = Story(replace(POLICY, **limits)).reaches(Gate.WRITER)
    story.calls()
    story.reports(CallLost(story.state.calls[-1].call_id, story.state.calls[-1].role))
    (command,) = next_commands(story.state)
    assert command.replace(f" {story.state.run_id}", "") == f"gateway-console run {then}"

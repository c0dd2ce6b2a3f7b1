"""The run screen with drafts that no route is asked for: a coding agent at work, and a patch that someone else made."""

from pathlib import Path

import pytest
from support.app import hands
from support.run.desks import PATCH
from support.run.screen_desk import Desk, config, repository, sitting

from console.app.dialogs.dialogs import Dialog
from console.app.dialogs.new_run_dialog import NewRunDialog
from console.app.screens.run_screen import RunScreen
from console.app.widgets.picker import Picker
from console.domain.errors.category import Category
from console.domain.run.agent_event import AgentEnded, AgentEnding
from console.domain.run.gate import Gate
from console.domain.run.state import Phase
from console.domain.run.turn import TurnOutcome, turns_of

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("state_home")]
WRITES = "sh -c 'echo A note on the gateway. >> README.md; echo Instruction source: AGENTS.md'"
NEVER_ENDS = "tail -f /dev/null"
SIZES = [(80, 24), (120, 40), (200, 50)]


def frame(desk: Desk) -> str:
    """Return what the frame of the gate strip says that the run waits for."""
    return str(desk.screen.query_one("#gates").border_subtitle)


async def pick_own_command(desk: Desk) -> None:
    """Go through the writers of the form, up to the profile's own command."""
    picker = desk.app.screen.query_one("#writer", Picker)
    picker.focus()
    await hands.settled(desk.app)
    while "your own command" not in str(picker.render()):
        await desk.press("right")


async def begin_with_agent(desk: Desk, root: Path) -> None:
    """Begin a run by the form, with the profile's own command as its writer."""
    await desk.press("n")
    await desk.until_screen(NewRunDialog)
    form = desk.app.screen
    await desk.type("Add a note on the gateway to README.md")
    form.query_one("#repository").value = str(root)  # type: ignore[attr-defined]
    await pick_own_command(desk)
    await desk.press("enter")
    await desk.until_screen(RunScreen)
    await desk.until(lambda: desk.view.state is not None)


async def test_an_agent_is_picked_by_keys_and_its_task_and_its_turn_are_shown(tmp_path: Path) -> None:
    async with sitting(config(tmp_path, agent=WRITES), (80, 24)) as desk:
        await begin_with_agent(desk, repository(tmp_path))
        await desk.go_to(Gate.WRITER)
        assert "writer is due · an agent's turn" in frame(desk)
        await desk.press("p")
        await desk.until_screen(Dialog)
        assert "the agent will be given this; nothing was started so far" in desk.drawn("text")
        await desk.press("escape")
        await desk.step()
        for width, height in SIZES:
            await hands.resize(desk.app, width, height)
            assert "agent         own command: 0 calls; exited with 0" in desk.drawn("gate")
            assert "isolation     files held by" in desk.drawn("gate")
        assert desk.run.opened is not None
        assert desk.run.opened.failure is None


async def test_one_key_ends_an_agent_and_the_gate_waits_with_no_draft(tmp_path: Path) -> None:
    async with sitting(config(tmp_path, agent=NEVER_ENDS)) as desk:
        await begin_with_agent(desk, repository(tmp_path))
        await desk.go_to(Gate.WRITER)
        await desk.press("enter")
        await desk.until(lambda: desk.run.phase is Phase.WRITING)
        assert "writer: own command at work" in frame(desk)
        assert "x stop" in desk.drawn("next")
        await desk.press("x")
        await desk.until(lambda: desk.run.phase is Phase.WAITING and not desk.view.is_stepping)
        (end,) = desk.run.turn_ends
        assert isinstance(end, AgentEnded)
        assert (end.ending, end.failure) == (AgentEnding.CUT_OFF, Category.CONTRACT_VIOLATION)
        assert "there is nothing to judge" in desk.drawn("gate")
        await desk.say("t", "it never ended")
        assert (desk.run.phase, desk.run.calls[1:]) == (Phase.DUE, ())


async def test_an_agent_whose_step_is_cut_off_is_lost_and_only_a_person_lets_it_work_again(tmp_path: Path) -> None:
    async with sitting(config(tmp_path, agent=NEVER_ENDS)) as desk:
        await begin_with_agent(desk, repository(tmp_path))
        await desk.go_to(Gate.WRITER)
        await desk.press("enter")
        await desk.until(lambda: desk.run.phase is Phase.WRITING)
        desk.app.controller.cut_run_work()
        await desk.until(lambda: desk.run.phase is Phase.LOST and not desk.view.is_stepping)
        assert "an agent was cut off" in frame(desk)
        assert [each.outcome for each in turns_of(desk.run)] == [TurnOutcome.LOST]
        await desk.press("enter")
        assert "t repeats it" in desk.said()[-1]


async def test_a_draft_from_outside_is_sent_back_and_the_next_one_is_brought(tmp_path: Path) -> None:
    first, second = tmp_path / "first.patch", tmp_path / "second.patch"
    patch = PATCH.replace(b"docs/start.md", b"README.md").replace(b"# Start here", b"# Demo")
    first.write_bytes(patch)
    second.write_bytes(patch.replace(b"Ask the team", b"Ask the people"))
    async with sitting(config(tmp_path)) as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        form = desk.app.screen
        await desk.type("write a note")
        for name, value in (("repository", repository(tmp_path)), ("draft_file", first), ("made_by", "Ann")):
            form.query_one(f"#{name}").value = str(value)  # type: ignore[attr-defined]
        form.query_one("#made_by").focus()
        await hands.settled(desk.app)
        await desk.press("enter")
        await desk.until_screen(RunScreen)
        await desk.until(lambda: desk.view.state is not None)
        await desk.go_to(Gate.WRITER)
        await desk.step()
        assert "made by Ann, as the operator says" in desk.drawn("gate")
        assert "· planner" in desk.drawn("gates"), "no plan was made, so its gate is not green"
        await desk.say("v", "name the people")
        assert "the next draft" in frame(desk)
        await desk.press("enter")
        assert "o brings the next one" in desk.said()[-1]
        await desk.press("o")
        await desk.type(str(second))
        await desk.press("enter")
        await desk.until(lambda: desk.run.attempt == 2 and desk.run.phase is Phase.WAITING)
        assert [each.draft.made_by for each in desk.run.brought] == ["Ann", "Ann"]
        assert "+Ask the people" in desk.drawn("gate")
        assert desk.run.calls == ()


async def test_a_form_that_names_a_draft_and_a_writer_begins_nothing(tmp_path: Path) -> None:
    async with sitting(config(tmp_path, agent=WRITES)) as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        form = desk.app.screen
        await desk.type("write a note")
        form.query_one("#repository").value = str(repository(tmp_path))  # type: ignore[attr-defined]
        form.query_one("#draft_file").value = "some.patch"  # type: ignore[attr-defined]
        await pick_own_command(desk)
        await desk.press("enter")
        await desk.until(lambda: "not begun" in desk.drawn("ask"))
        assert "a draft that is made already needs no writer" in desk.drawn("ask")

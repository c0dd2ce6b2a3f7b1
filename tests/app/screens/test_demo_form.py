"""The demo's form under Textual's pilot: a prepared task is picked by keys, and its run begins in its scenario."""

from pathlib import Path

import pytest
from support.run.screen_desk import sitting

from console.app.dialogs.new_run_dialog import NewRunDialog
from console.app.screens.run_screen import RunScreen
from console.domain.run.event import ArtifactRole
from console.domain.run.gate import Gate
from console.domain.run.state import RunStatus
from console.services.demo.story import story

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("state_home")]


async def test_the_first_task_goes_from_two_keys_to_a_candidate_with_a_narrower_plan(state_home: Path) -> None:
    async with sitting(size=(80, 24), is_demo=True) as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        assert "every gate holds" in desk.drawn("ask")
        await desk.press("enter")
        await desk.until_screen(RunScreen)
        await desk.until(lambda: desk.view.state is not None)
        assert (state_home / "gateway-console/sample-shop/.git").is_dir()
        await desk.go_to(Gate.PLANNER)
        await desk.step()
        wide = desk.run.artifact(ArtifactRole.PLAN)
        await desk.say("v", "the scope is too wide")
        await desk.step()
        narrow = desk.run.artifact(ArtifactRole.PLAN)
        assert wide is not None
        assert narrow is not None
        assert wide.sha256 != narrow.sha256
        await desk.go_to(Gate.CANDIDATE)
        await desk.step()
        await desk.say("y")
        assert (desk.run.status, desk.run.sealed is not None) == (RunStatus.CLOSED, True)


async def test_picking_fills_the_fields_and_the_run_has_the_scenarios_routes() -> None:
    async with sitting(size=(80, 24), is_demo=True) as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        form = desk.app.screen
        await desk.press("left", "left")
        article = story().tasks[-1]
        assert form.query_one("#task").text == article.text.strip()  # type: ignore[attr-defined]
        assert form.query_one("#scenario").picked == 3  # type: ignore[attr-defined]
        assert "stopped before any generation" in " ".join(desk.drawn("ask").split())
        await desk.press("escape", "n")
        await desk.until_screen(NewRunDialog)
        assert desk.app.screen.query_one("#task").text == article.text.strip()  # type: ignore[attr-defined]
        await desk.press("tab", "left", "enter")
        await desk.until_screen(RunScreen)
        await desk.until(lambda: desk.view.state is not None)
        created = desk.run.created
        assert created is not None
        assert (created.kind, created.profile, created.chosen_routes) == ("article", "scenarios", ("critic.block",))


async def test_a_task_of_ones_own_finds_empty_fields_and_can_be_typed() -> None:
    async with sitting(is_demo=True) as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        form = desk.app.screen
        await desk.press("left")
        assert [form.query_one(f"#{name}").value for name in ("repository", "context")] == ["", ""]  # type: ignore[attr-defined]
        await desk.press("tab", "tab")
        await desk.type("write a note")
        assert form.query_one("#task").text == "write a note"  # type: ignore[attr-defined]


async def test_only_the_demo_offers_tasks() -> None:
    async with sitting() as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        assert not desk.app.screen.query("#prepared")

"""What the run screen shows while it asks, automatic steps, and the candidate saved to a file: all by key."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.app import hands
from support.run.gateway import Generation, run_gateway
from support.run.screen_desk import Desk, config, repository, sitting
from textual.geometry import Region

from console.app.dialogs.dialogs import Dialog
from console.app.dialogs.run_dialogs import AskDialog, ConfirmDialog
from console.app.screens.run_screen import RunScreen
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase, RunStatus

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("state_home")]


BROAD = "on: push\npermissions: write-all\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"


def place(desk: Desk, pane_id: str) -> Region:
    """Return where a pane of the run screen is, also below a dialog."""
    return desk.screen.query_one(f"#{pane_id}").region


@dataclass
class Pause:
    """Holds each answer until it is over."""

    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _: Generation, stage: str) -> None:
        await self.over.wait()


async def test_a_decision_leaves_in_view_what_it_is_about(tmp_path: Path) -> None:
    async with sitting(size=(120, 40)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        await desk.step()
        await desk.press("left_square_bracket", "3", "v")
        await desk.until_screen(AskDialog)
        for width, height in ((120, 40), (80, 24)):
            await hands.resize(desk.app, width, height)
            assert "~ revise" in desk.drawn("ask")
            gate = hands.drawn(desk.screen, "gate")
            assert "may touch     docs/gateway-note.md" in gate
            assert "1. Read AGENTS.md" in gate
            assert desk.view.back == 0
            assert place(desk, "gate").bottom <= desk.app.screen.query_one("#framed").region.y
        await desk.press("down")
        assert hands.drawn(desk.screen, "gate") != gate


async def test_a_judges_gate_shows_the_whole_draft_at_a_key(tmp_path: Path) -> None:
    async with sitting(size=(80, 24)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.REVIEWER)
        await desk.step()
        assert "correctness         4/4" in desk.drawn("gate")
        await desk.press("d")
        await desk.until_screen(Dialog)
        assert "+# A note on the gateway" in desk.drawn("text")
        await desk.press("escape")
        await desk.press(*["left_square_bracket"] * 4)
        await desk.until(lambda: "· preflight" in str(desk.screen.query_one("#gate").border_title))
        await desk.press("d", "G")
        assert "✓ ok rung 3, key and path" in " ".join(desk.drawn("text").split())
        assert "CI token" in desk.drawn("text")


async def test_a_run_steps_by_itself_once_its_cost_is_confirmed_and_never_past_a_person(tmp_path: Path) -> None:
    settings = config(tmp_path, 'ci_boundary = "person"\nrun_tokens = 90000')
    root = repository(tmp_path)
    (root / ".github/workflows").mkdir(parents=True)
    (root / ".github/workflows/all.yml").write_text(BROAD, encoding="utf-8")
    async with sitting(settings) as desk:
        await desk.begin(root)
        await desk.press("A")
        await desk.until_screen(ConfirmDialog)
        assert "at most 90,000 tokens: what is left of the run's budget" in desk.drawn("ask")
        assert desk.run.openings == ()
        await desk.press("enter")
        await desk.until(lambda: desk.run.is_waiting and not desk.view.is_stepping)
        assert (desk.run.gate, desk.run.calls, desk.view.auto) == (Gate.PREFLIGHT, (), "")
        assert "preflight needs your decision" in desk.drawn("gate")
        await desk.press("A")
        assert any("preflight needs your decision first" in words for words in desk.said())
        await desk.say("y", "seen, and agreed with the owner")
        await desk.press("A", "enter")
        await desk.until(lambda: desk.run.is_over and not desk.view.is_stepping)
        assert desk.run.status is RunStatus.CLOSED
        by_machine = [each.decided.gate for each in desk.run.decisions if each.decided.is_machine]
        assert by_machine == [gate for gate in Gate if gate is not Gate.PREFLIGHT]


async def test_a_key_that_decides_ends_automatic_steps_without_cutting_the_call(tmp_path: Path) -> None:
    pause = Pause()
    async with run_gateway() as gateway:
        gateway.hold = pause
        async with sitting(gateway=hands.at(gateway.base_url, gateway.token)) as desk:
            await desk.begin(repository(tmp_path))
            await desk.press("A", "enter")
            await desk.until(lambda: desk.run.phase is Phase.CALLING)
            assert "AUTO" in desk.drawn("header")
            await desk.press("b")
            assert isinstance(desk.app.screen, RunScreen)
            pause.over.set()
            await desk.until(lambda: not desk.view.is_stepping)
            assert (desk.run.gate, desk.run.phase) == (Gate.PLANNER, Phase.WAITING)
            assert Gate.PLANNER not in [each.decided.gate for each in desk.run.decisions]
            assert "AUTO" not in desk.drawn("header")


async def test_the_candidate_is_saved_once_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with sitting() as desk:
        await desk.begin(repository(tmp_path))
        await desk.press("w")
        assert any("no candidate is sealed in this run yet" in words for words in desk.said())
        await desk.press("A", "enter")
        await desk.until(lambda: desk.run.is_over and not desk.view.is_stepping)
        await desk.press("w", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, RunScreen))
        saved = tmp_path / f"{desk.run.run_id}.patch"
        assert saved.read_bytes().startswith(b"diff --git a/docs/gateway-note.md")
        assert "saved to" in desk.drawn("gate")
        assert desk.view.saved_to == (str(saved),)
        await desk.press("w")
        saved.write_bytes(b"mine")
        await desk.press("enter")
        await desk.until(lambda: "exists and was not changed" in " ".join(desk.drawn("ask").split()))
        assert saved.read_bytes() == b"mine"


async def test_keys_that_cannot_be_used_leave_one_message(tmp_path: Path) -> None:
    async with sitting(size=(80, 24)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.press("y", "left_square_bracket", "left_square_bracket", "y")
        assert desk.said() == ["instruction source is due, and has nothing to decide on yet: enter does its work"]
        assert GateVerdict.READY not in [each.decided.verdict for each in desk.run.decisions]

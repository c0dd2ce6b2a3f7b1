"""Two operators at one run, on the screen: who decides second is told at once, and a note waits for whom it is for."""

from pathlib import Path

import pytest
from support.run.screen_desk import Desk, repository, sitting

from console.app.dialogs.run_dialogs import AskDialog
from console.app.screens.run_screen import RunScreen
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.run.command import Command, HandOver, operator_verdict
from console.domain.run.gate import Gate, GateVerdict
from console.services.ledger.sqlite import SqliteLedger
from console.services.run.run_log import RunLog
from console.services.verification_marks import user_name

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("state_home")]

_BEN = Actor(ActorKind.OPERATOR, "ben", host="1" * 12)
_NOTE = "the index is old: look at the cache first"


async def _by_ben(state_home: Path, desk: Desk, command: Command) -> None:
    """Let another operator act on the run in view, from a console of their own."""
    async with await SqliteLedger.open(state_home / "gateway-console") as ledger:
        await (await RunLog.open(ledger, desk.run.run_id)).command(_BEN, command)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_who_was_about_to_decide_is_told_that_another_one_did(
    tmp_path: Path, state_home: Path, size: tuple[int, int]
) -> None:
    async with sitting(size=size) as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        await desk.press("b")
        await desk.until_screen(AskDialog)
        await desk.type("not today")
        verdict = operator_verdict(desk.run, Gate.INSTRUCTION, GateVerdict.READY, "seen, and agreed with the owner")
        await _by_ben(state_home, desk, verdict)
        await desk.until(lambda: isinstance(desk.app.screen, RunScreen))
        told = "ben decided first: ready at instruction source, attempt 1; nothing of yours was stored"
        assert told in desk.said()
        assert desk.run.gate is Gate.PREFLIGHT


async def test_the_inbox_has_what_was_left_to_me_and_the_gate_shows_the_note(tmp_path: Path, state_home: Path) -> None:
    async with sitting() as desk:
        await desk.press("r")
        await desk.begin(repository(tmp_path))
        await desk.press("i")
        assert "nothing waits for you" in desk.said()
        await desk.step()
        await _by_ben(state_home, desk, HandOver(user_name(), _NOTE))
        await desk.until(lambda: bool(desk.view.inbox) and desk.view.inbox[0].is_left_to_me)
        assert _NOTE in desk.drawn("gate")
        await desk.press("i")
        assert "ben left it to you: the index" in " ".join(desk.drawn("runs").split())
        assert "1 waits for you" in desk.drawn("header")
        await desk.press("h")
        await desk.until_screen(AskDialog)
        await desk.type("mia look at it")
        await desk.press("enter")
        await desk.until(lambda: "a name, a colon and your note" in desk.drawn("ask"))
        await desk.press(*["backspace"] * len("mia look at it"))
        await desk.type("mia: look at it")
        await desk.press("enter")
        await desk.until(lambda: len(desk.run.handovers) == 2)
        left = desk.run.handover
        assert left is not None
        assert (left.handed.to, left.handed.note) == ("mia", "look at it")
        await desk.until(lambda: not desk.view.inbox[0].is_left_to_me)

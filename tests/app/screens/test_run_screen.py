"""The run screen under Textual's pilot: real steps on the embedded gateway, and a real ledger."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.app import hands
from support.run.gateway import Generation, run_gateway
from support.run.screen_desk import Desk, config, repository, sitting
from textual import events

from console.app.dialogs.dialogs import Dialog
from console.app.dialogs.new_run_dialog import NewRunDialog
from console.app.dialogs.run_dialogs import AskDialog, SendDialog
from console.app.screens.routes_screen import RoutesScreen
from console.app.screens.run_screen import RunScreen
from console.domain.run.command import operator_verdict
from console.domain.run.event import StopCause
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase, RunStatus
from console.services.config.load import load_profile
from console.services.open_gateway import open_target
from console.services.run.deciding import command
from console.services.run.opening import open_context
from console.services.run.run_log import RunLog
from console.simulator.embedded import embedded_gateway

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("state_home")]


def calls(desk: Desk) -> int:
    """Return how many requests of the log were sent."""
    return sum(call.is_sent for call in hands.state_of(desk.app).requests.calls)


async def decide_elsewhere(run_id: str, verdict: GateVerdict, reason: str) -> None:
    """Decide as another console of this machine would."""
    profile = load_profile(name="demo")
    async with open_context(profile, lambda: open_target(profile, embedded_gateway)) as other:
        log = await RunLog.open(other.ledger, run_id)
        await command(other, log, operator_verdict(log.state, log.state.gate, verdict, reason))


async def test_a_run_is_stepped_by_keys_to_a_sealed_candidate(tmp_path: Path) -> None:
    async with sitting(size=(80, 24)) as desk:
        assert "no run yet: n begins one" in desk.drawn("gates")
        await desk.begin(repository(tmp_path))
        assert "· instr─· pre─· planner─" in desk.drawn("gates")
        await desk.go_to(Gate.PLANNER)
        assert calls(desk) == 0
        await desk.press("enter")
        await desk.until_screen(SendDialog)
        assert "this will be sent; nothing was sent so far" in desk.drawn("text")
        assert calls(desk) == 0
        await desk.press("enter")
        await desk.until(lambda: desk.run.phase is Phase.WAITING)
        assert calls(desk) == 1
        await desk.go_to(Gate.CANDIDATE)
        await desk.step()
        await desk.say("y")
        assert desk.run.status is RunStatus.CLOSED
        assert desk.run.sealed is not None
        assert desk.drawn("gates").count("✓") == len(Gate)
        assert calls(desk) == 4
        assert desk.app.controller.session.reservations.budget.spent == desk.run.spent
        requests = hands.state_of(desk.app).requests
        assert [(call.http_status, call.total_ms is not None) for call in requests.calls] == [(200, True)] * 4
        assert requests.tokens_counted == desk.run.spent.tokens > 0
        await desk.press("2")
        assert "not published by this tool" in desk.drawn("gate")
        await desk.press("d")
        await desk.until_screen(Dialog)
        assert "diff --git" in desk.drawn("text")
        await desk.press("escape", "escape")
        assert isinstance(desk.app.screen, RoutesScreen)
        assert desk.drawn("gates").count("✓") == len(Gate)


async def test_leaving_the_preview_sends_nothing(tmp_path: Path) -> None:
    async with sitting() as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        await desk.press("enter")
        await desk.until_screen(SendDialog)
        await desk.press("escape")
        await desk.until_screen(RunScreen)
        assert (desk.run.calls, desk.run.phase, calls(desk)) == ((), Phase.DUE, 0)
        await desk.press("p")
        await desk.until_screen(Dialog)
        assert "this will be sent" in desk.drawn("text")
        assert calls(desk) == 0


async def test_what_was_shown_is_not_sent_after_something_happened(tmp_path: Path) -> None:
    async with sitting() as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        await desk.press("enter")
        await desk.until_screen(SendDialog)
        profile = load_profile(name="demo")
        async with open_context(profile, lambda: open_target(profile, embedded_gateway)) as other:
            from console.domain.routes.role import Role
            from console.domain.run.command import MoveRoute

            log = await RunLog.open(other.ledger, desk.run.run_id)
            await command(other, log, MoveRoute(Role.PLANNER, "the planner is slow today"))
        await desk.press("enter")
        await desk.until(lambda: not desk.view.is_stepping and desk.view.said != "")
        assert "check again what will be sent" in desk.view.said
        assert (desk.run.calls, calls(desk)) == ((), 0)


async def test_a_revision_is_computed_and_an_override_wants_a_reason(tmp_path: Path) -> None:
    settings = config(tmp_path, reviewer="gpt-review-revise-placeholder")
    async with sitting(settings, (200, 50)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.REVIEWER)
        await desk.step()
        shown = desk.drawn("gate")
        assert "computed here from the scores, not claimed by the model" in shown
        assert "threshold 75" in shown
        assert "RUB-01" in shown
        assert "~ reviewer revise" in desk.drawn("gates")
        await desk.press("y")
        await desk.until_screen(AskDialog)
        assert "against the computed ~ revise" in desk.drawn("ask")
        await desk.type("ok")
        await desk.press("enter")
        await desk.until(lambda: "at least 8 characters" in desk.drawn("ask") and "refused" in desk.drawn("ask"))
        assert desk.app.screen.query_one("#reason").value == "ok"  # type: ignore[attr-defined]
        await desk.press("escape")
        await desk.say("v", "name the source of step two")
        assert (desk.run.gate, desk.run.attempt) == (Gate.WRITER, 2)
        assert "writer due 2/3" in desk.drawn("gates")
        await desk.press("4", "G")
        assert "revise by" in desk.drawn("record")
        assert "name the source of step two" in " ".join(desk.drawn("record").split())


async def test_what_a_failed_check_wrote_last_is_shown_at_its_gate(tmp_path: Path) -> None:
    script = tmp_path / "check.py"
    script.write_text("print('the third assertion failed')\nraise SystemExit(3)\n")
    async with sitting(config(tmp_path, f'checks = ["{sys.executable} {script}"]'), (200, 50)) as desk:
        await desk.begin(repository(tmp_path), are_checks_confirmed=True)
        await desk.go_to(Gate.WRITER)
        await desk.step()
        shown = desk.drawn("gate")
        assert "check 1       × exit 3" in shown
        assert "the third assertion failed" in shown
        await desk.say("v", "look at the third assertion")
        await desk.press("2")
        assert "the third assertion failed" in desk.drawn("gate")


async def test_a_critic_that_blocks_ends_the_run(tmp_path: Path) -> None:
    settings = config(tmp_path, critic="claude-critic-block-placeholder")
    async with sitting(settings) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.CRITIC)
        await desk.step()
        await desk.press("2")
        assert "× block" in desk.drawn("gate")
        await desk.say("b", "the critic is right")
        assert desk.run.status is RunStatus.BLOCKED
        assert "× critic block" in desk.drawn("gates")
        await desk.press("enter")
        assert any("the run is blocked: n begins another" in words for words in desk.said())


async def test_an_account_error_stops_the_run_and_is_no_failed_draft(tmp_path: Path) -> None:
    settings = config(tmp_path, "require_listed_model = false", planner="gpt-placeholder-unpaid")
    async with sitting(settings) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        await desk.step()
        await desk.until(lambda: desk.run.is_over)
        assert desk.run.stopped is not None
        assert "! planner account" in desk.drawn("gates")
        assert "account_quota" in desk.drawn("gate")
        assert "does not count as a failed draft" in desk.drawn("gate")


async def test_a_model_without_a_price_stops_the_run_before_any_call(tmp_path: Path) -> None:
    settings = config(tmp_path, planner="gpt-unpriced-placeholder")
    async with sitting(settings) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        assert desk.run.stopped is not None
        assert "! preflight account" in desk.drawn("gates")
        assert "account_pricing" in desk.drawn("gate")
        assert calls(desk) == 0


async def test_a_drift_stops_the_run_before_anything_is_generated(tmp_path: Path) -> None:
    settings = config(tmp_path, reviewer="gpt-5-pro")
    text = settings.read_text(encoding="utf-8")
    before, after = text.split('model = "gpt-5-pro"')
    drifting = after.replace("responses", "chat_completions", 1).replace("/v1/responses", "/v1/chat/completions", 1)
    settings.write_text(f'{before}model = "gpt-5-pro"{drifting}', encoding="utf-8")
    async with sitting(settings) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        assert desk.run.stopped is not None
        assert desk.run.stopped.cause is StopCause.PREFLIGHT
        assert "! preflight stopped" in desk.drawn("gates")
        assert "endpoint_drift" in desk.drawn("gate")
        assert calls(desk) == 0


async def test_a_decision_on_a_stale_screen_is_refused_and_said(tmp_path: Path) -> None:
    async with sitting() as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        await desk.press("b")
        await desk.until_screen(AskDialog)
        await desk.type("not this one")
        await decide_elsewhere(desk.run.run_id, GateVerdict.READY, "")
        await desk.press("enter")
        await desk.until(lambda: "refused" in desk.drawn("ask"))
        await desk.press("escape")
        await desk.until(lambda: desk.run.gate is Gate.PREFLIGHT)
        assert [each.decided.verdict for each in desk.run.decisions] == [GateVerdict.READY]


async def test_what_another_console_decides_is_seen(tmp_path: Path) -> None:
    async with sitting() as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        await decide_elsewhere(desk.run.run_id, GateVerdict.BLOCK, "ended at another console")
        await desk.until(lambda: desk.run.is_over)
        assert "× instruction block" in desk.drawn("gates")
        assert "× block" in desk.drawn("runs")


@dataclass
class Pause:
    """Holds answers of a gateway in their middle until it is over."""

    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _: Generation, stage: str) -> None:
        if stage == "halfway":
            await self.over.wait()


@contextlib.asynccontextmanager
async def in_the_middle_of_a_call(root: Path) -> AsyncIterator[tuple[Desk, Pause]]:
    """Sit at a screen that shows half of a plan, and wait for the rest."""
    async with run_gateway() as gateway:
        gateway.hold = pause = Pause()
        async with sitting(gateway=hands.at(gateway.base_url, gateway.token)) as desk:
            await desk.begin(root)
            await desk.go_to(Gate.PLANNER)
            await desk.press("enter")
            await desk.until_screen(SendDialog)
            await desk.press("enter")
            await desk.until(lambda: desk.view.live.output != "")
            yield desk, pause


async def test_a_call_that_is_stopped_may_be_billed_and_is_repeated_by_key_alone(tmp_path: Path) -> None:
    async with in_the_middle_of_a_call(repository(tmp_path)) as (desk, pause):
        assert "not stored" in str(desk.screen.query_one("#output").border_title)
        await desk.press("x")
        await desk.until(lambda: desk.run.phase is Phase.LOST and not desk.view.is_stepping)
        assert "! planner lost" in desk.drawn("gates")
        assert calls(desk) == 1
        await desk.press("enter")
        assert any("may have been billed" in words for words in desk.said())
        assert calls(desk) == 1
        pause.over.set()
        await desk.say("t", "the stream was cut by me")
        await desk.step()
        assert (desk.run.phase, calls(desk)) == (Phase.WAITING, 2)


async def test_a_step_goes_on_behind_the_routes(tmp_path: Path) -> None:
    async with in_the_middle_of_a_call(repository(tmp_path)) as (desk, pause):
        await desk.press("escape")
        assert isinstance(desk.app.screen, RoutesScreen)
        await desk.press("q")
        await desk.until(lambda: any("would be cut off" in words for words in desk.said()))
        await desk.press("R")
        await desk.until(lambda: any("being stepped through this gateway" in words for words in desk.said()))
        pause.over.set()
        await desk.until(lambda: desk.run.phase is Phase.WAITING and not desk.view.is_stepping)
        assert "planner waits for you" in str(desk.app.screen.query_one("#gates").border_subtitle)


async def test_a_role_moves_to_the_fallback_and_the_run_is_ended_by_key(tmp_path: Path) -> None:
    async with sitting() as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        await desk.say("f", "the planner is slow today")
        assert [move.role for move in desk.run.moves] == ["planner"]
        await desk.say("X", "enough for today")
        assert desk.run.stopped is not None
        assert desk.run.stopped.cause is StopCause.OPERATOR
        assert "! planner stopped" in desk.drawn("gates")


async def test_a_run_is_taken_up_by_another_screen_where_it_was_left(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / "AGENTS.md").write_text("# Rules\n\u202eHidden.\n", encoding="utf-8")
    async with sitting() as desk:
        await desk.begin(root)
        await desk.step()
        before = desk.run.head
    async with sitting() as desk:
        await desk.until(lambda: desk.view.state is not None)
        await desk.press("r")
        await desk.until_screen(RunScreen)
        assert desk.run.head == before
        assert desk.view.notes[-1].findings
        assert all(finding.message for finding in desk.view.notes[-1].findings)
        assert desk.view.notes[-1].findings[0].id in desk.drawn("gate")


@pytest.mark.parametrize(
    ("task", "place", "words"),
    [
        ("", "repository", "the task is empty"),
        ("write a note", "nowhere", "is not a directory"),
        ("write a note", "plain", "is not in a git repository"),
    ],
)
async def test_bad_input_is_said_in_the_form_and_nothing_is_lost(
    task: str, place: str, words: str, tmp_path: Path
) -> None:
    repository(tmp_path)
    (tmp_path / "plain").mkdir()
    async with sitting(size=(80, 24)) as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        await desk.type(task)
        form = desk.app.screen
        form.query_one("#repository").value = str(tmp_path / place)  # type: ignore[attr-defined]
        await desk.press("tab", "enter")
        await desk.until(lambda: words in " ".join(desk.drawn("ask").split()))
        assert form.query_one("#task").text == task  # type: ignore[attr-defined]
        assert desk.view.runs == ()
        await desk.press("escape", "n")
        await desk.until_screen(NewRunDialog)
        assert desk.app.screen.query_one("#task").text == task  # type: ignore[attr-defined]


async def test_a_task_is_taken_from_a_file(tmp_path: Path) -> None:
    root, task = repository(tmp_path), tmp_path / "task.md"
    async with sitting() as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        form = desk.app.screen
        form.query_one("#repository").value = str(root)  # type: ignore[attr-defined]
        form.query_one("#task_file").value = str(task)  # type: ignore[attr-defined]
        await desk.press("tab", "enter")
        await desk.until(lambda: "cannot be read: No such file" in " ".join(desk.drawn("ask").split()))
        task.write_text("write a note\n", encoding="utf-8")
        await desk.press("enter")
        await desk.until_screen(RunScreen)
        assert desk.run.created is not None
        assert desk.run.created.task_size == len("write a note\n")


async def test_what_is_pasted_is_made_safe() -> None:
    async with sitting() as desk:
        await desk.press("n")
        await desk.until_screen(NewRunDialog)
        form = desk.app.screen
        task, line = form.query_one("#task"), form.query_one("#context")
        task.post_message(events.Paste("one\r\n\x1b]52;c;aGk=\x07two\u202e"))
        line.post_message(events.Paste("docs/\x1b[2J*.md"))
        await desk.until(lambda: bool(line.value))  # type: ignore[attr-defined]
        assert not {"\x1b", "\x07", "\u202e", "\r"} & set(task.text + line.value)  # type: ignore[attr-defined]
        assert task.text.startswith("one\n")  # type: ignore[attr-defined]


async def test_a_read_only_session_looks_and_changes_nothing(tmp_path: Path, state_home: Path) -> None:
    async with sitting(is_read_only=True) as desk:
        await desk.press("n")
        assert any("read-only" in words for words in desk.said())
        assert not state_home.exists()
    async with sitting() as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        before = desk.run.head
    async with sitting(is_read_only=True) as desk:
        await desk.until(lambda: desk.view.state is not None)
        await desk.press("r")
        await desk.until_screen(RunScreen)
        await desk.press("enter", "y", "b", "X", "n", "p")
        assert isinstance(desk.app.screen, RunScreen)
        assert "read-only" in desk.drawn("header")
    async with sitting() as desk:
        await desk.until(lambda: desk.view.state is not None)
        assert desk.run.head == before


async def test_the_cursor_of_the_list_puts_a_run_in_view(tmp_path: Path) -> None:
    root = repository(tmp_path)
    async with sitting() as desk:
        await desk.begin(root, "the first")
        first = desk.run.run_id
        await desk.begin(root, "the second")
        assert desk.run.run_id != first
        assert desk.view.cursor == 0
        await desk.press("1", "j")
        await desk.until(lambda: desk.run.run_id == first)
        assert f"▌ {first[-6:]}" in desk.drawn("runs")
        await desk.press("k")
        await desk.until(lambda: desk.run.run_id != first)


async def test_the_panes_follow_a_resize(tmp_path: Path) -> None:
    async with sitting(size=(80, 24)) as desk:
        await desk.begin(repository(tmp_path))
        shown = lambda: [pane for pane in ("runs", "gate", "output", "record") if desk.drawn_size(pane)]  # noqa: E731
        assert shown() == ["gate"]
        await desk.press("4")
        assert shown() == ["record"]
        await hands.resize(desk.app, 120, 40)
        await desk.until(lambda: len(shown()) == 4)
        assert "instruction due" in desk.drawn("gates")
        await hands.resize(desk.app, 200, 50)
        await desk.until(lambda: "candidate held" in desk.drawn("gates"))


async def test_a_state_directory_that_cannot_be_used_is_said_and_the_routes_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a-file"
    place.write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(place))
    async with sitting() as desk:
        assert desk.view.failure
        assert "! " in desk.drawn("gates")
        await desk.press("n")
        assert isinstance(desk.app.screen, RoutesScreen)
        assert desk.said()

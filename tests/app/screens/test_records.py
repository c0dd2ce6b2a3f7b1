"""L shows the records: they are listed, verified, exported and opened by keyboard, on a real ledger with real keys."""

import json
import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from support.app import hands
from support.ledger.ledgers import behind, new_id, summary
from support.run.screen_desk import Desk, config, repository, sitting
from support.run.signing_keys import list_signers, make_key
from support.run.story import MACHINE, Story
from textual.widgets import Checkbox

from console.app.dialogs.dialogs import Dialog
from console.app.dialogs.export_dialog import ExportDialog
from console.app.panes.run_record_pane import record_lines
from console.app.screens.records_screen import RecordsScreen
from console.app.screens.run_screen import RunScreen
from console.app.widgets.typed_line import TypedLine
from console.domain.ledger.line import NewLine
from console.domain.run.gate import Gate
from console.services.ledger.codec import encode_event, kind_of
from console.services.ledger.sqlite import SqliteLedger
from console.view.record.records_view import PAGE, RecordsView

pytestmark = pytest.mark.usefixtures("state_home")


def _records(desk: Desk) -> RecordsView:
    return hands.state_of(desk.app).records or RecordsView()


async def _open(desk: Desk) -> None:
    """Open the records, and wait for the one under the cursor."""
    await desk.press("L")
    await desk.until_screen(RecordsScreen)
    await desk.until(lambda: _records(desk).is_read and _is_shown(desk))


def _is_shown(desk: Desk) -> bool:
    view = _records(desk)
    return view.row is None or (view.shown is not None and view.shown.run_id == view.row.run_id)


async def _verified(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.until(lambda: not _records(desk).is_verifying)


def _record_words(desk: Desk) -> str:
    """Return the whole record pane of the run screen, also what is scrolled away."""
    return " ".join(" ".join(map(str, record_lines(hands.state_of(desk.app), 76))).split())


def _words(desk: Desk, pane: str) -> str:
    return " ".join(desk.drawn(pane).split())


async def _kept(directory: Path, count: int) -> list[str]:
    """Keep so many runs in a ledger, as a machine does; return their ids, the newest first."""
    lines = [
        NewLine(
            kind_of(each.event),
            getattr(each.event, "gate", Gate.INSTRUCTION).value,
            1,
            encode_event(each.event),
            getattr(each.event, "call_id", None),
        )
        for each in Story().reaches(Gate.PREFLIGHT).entries
    ]
    run_ids = [new_id() for _ in range(count)]
    async with await SqliteLedger.open(directory) as ledger:
        for number, run_id in enumerate(run_ids):
            row = replace(summary(run_id), is_simulated=False, started_at_ms=number * 60_000)
            await ledger.create(run_id, lines, actor=MACHINE, summary=row)
    return run_ids[::-1]


@pytest.fixture
def ledger_at(state_home: Path) -> Path:
    return state_home / "gateway-console"


def _signing(tmp_path: Path) -> tuple[str, Path]:
    """Return the policy of an operator with a key, and the key's file."""
    key = make_key(tmp_path, "ann")
    return f'operator_key = "{key}"\nallowed_signers = "{list_signers(tmp_path, key)}"', key


async def test_a_signed_run_is_claimed_then_proven_and_a_tampered_one_is_named_with_its_line(
    tmp_path: Path, ledger_at: Path
) -> None:
    policy, _ = _signing(tmp_path)
    async with sitting(config(tmp_path, policy), (80, 24)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        await desk.say("y")
        run_id = desk.run.run_id
        assert "~ not verified by SHA256:" in _record_words(desk)
        await _open(desk)
        assert "~ signed" in desk.drawn("records")
        assert "by SHA256:" in _words(desk, "detail")
        await _verified(desk, "v")
        assert "✓ signed" in desk.drawn("records")
        assert "signed by ann@example.com" in _words(desk, "detail")
        with behind(ledger_at) as connection:
            edit = "UPDATE line SET at_ms = at_ms + 1 WHERE run_id = ? AND seq = 2"
            assert connection.execute(edit, (run_id,)).rowcount == 1
        await _verified(desk, "V")
        for width, height in ((80, 24), (120, 40), (200, 50)):
            await hands.resize(desk.app, width, height)
            assert "× broken" in desk.drawn("records")
            assert "line 2 × broken it was edited" in _words(desk, "detail")
        assert "1 not whole" in str(desk.app.screen.query_one("#records").border_subtitle)
        await desk.press("escape")
        await desk.until_screen(RunScreen)


@pytest.mark.long
async def test_a_run_whose_lines_are_gone_is_listed_by_what_was_said_of_it(tmp_path: Path, ledger_at: Path) -> None:
    async with sitting(config(tmp_path)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        await desk.say("y")
        await desk.press("escape")
        run_id = desk.run.run_id
        with behind(ledger_at) as connection:
            for table in ("line", "run"):
                connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))  # our own names
        await _open(desk)
        assert "no record yet" in desk.drawn("records")
        await _verified(desk, "V")
        await desk.until(lambda: _is_shown(desk))
        assert "× broken" in desk.drawn("records")
        assert "all of the run was deleted" in _words(desk, "detail")
        await desk.press("enter")
        assert isinstance(desk.app.screen, RecordsScreen)
        assert "is not in this ledger" in desk.said()[-1]


@pytest.mark.long
async def test_older_records_come_on_demand_and_one_is_opened_on_the_run_screen(ledger_at: Path) -> None:
    run_ids = await _kept(ledger_at, PAGE + 3)
    async with sitting(size=(80, 24)) as desk:
        await _open(desk)
        assert [each.run_id for each in _records(desk).rows] == run_ids[:PAGE]
        await desk.press("G", "j")
        await desk.until(lambda: len(_records(desk).rows) == PAGE + 3 and _is_shown(desk))
        await desk.press("m")
        assert desk.said()[-1] == "all records are listed"
        await desk.press("d", "G")
        await desk.until(lambda: _is_shown(desk))
        assert run_ids[-1] in _words(desk, "detail")
        await desk.press("d")
        await desk.until_screen(Dialog)
        assert "field(s) differ" in desk.drawn("text")
        await desk.press("escape", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, RunScreen) and desk.run.run_id == run_ids[-1])


async def test_verifying_all_is_stopped_and_what_was_verified_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, _ = _signing(tmp_path)
    programs = tmp_path / "programs"
    programs.mkdir()
    os.mkfifo(tmp_path / "never")
    slow = programs / "ssh-keygen"
    slow.write_text(f"#!/bin/sh\nexec cat {shlex.quote(str(tmp_path / 'never'))}\n")
    slow.chmod(0o700)
    async with sitting(config(tmp_path, policy)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        await desk.say("y")
        await _open(desk)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        await desk.press("V")
        await desk.until(lambda: _records(desk).verifying is not None and bool(_records(desk).verifying.total))  # type: ignore[union-attr]
        await desk.press("v")
        assert desk.said()[-1] == "runs are being verified: x stops it"
        await desk.press("escape")
        await desk.until(lambda: not _records(desk).is_verifying)
        assert isinstance(desk.app.screen, RecordsScreen)
        assert "stopped: 0 of 1 verified" in str(desk.app.screen.query_one("#records").border_subtitle)
        assert "~ signed" in desk.drawn("records"), "what was not verified is not called proven"


async def test_a_simulated_record_is_exported_only_if_that_is_confirmed(tmp_path: Path) -> None:
    async with sitting(config(tmp_path), (80, 24)) as desk:
        await desk.begin(repository(tmp_path))
        run_id = desk.run.run_id
        await _open(desk)
        await desk.press("w")
        await desk.until_screen(ExportDialog)
        dialog = desk.app.screen
        typed = dialog.query_one("#path", TypedLine)
        assert typed.value.endswith(f"{run_id}.json")
        target = tmp_path / "record.json"
        typed.value = str(target)
        await desk.press("enter")
        await desk.until(lambda: "refused" in desk.drawn("ask"))
        assert "not evidence of a real gateway" in _words(desk, "ask")
        assert not target.exists()
        assert dialog.query_one(Checkbox).has_focus
        for width, height in ((200, 50), (120, 40), (80, 24)):
            await hands.resize(desk.app, width, height)
            await desk.until(lambda bottom=height: typed.region.bottom <= bottom)  # type: ignore[misc]
        await desk.press("space", "tab", "enter")
        await desk.until_screen(RecordsScreen)
        written = json.loads(target.read_text(encoding="utf-8"))
        assert (written["run_id"], written["is_simulated"]) == (run_id, True)
        assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.long
async def test_a_read_only_session_verifies_and_writes_no_file(ledger_at: Path) -> None:
    await _kept(ledger_at, 1)
    async with sitting(is_read_only=True) as desk:
        await _open(desk)
        await _verified(desk, "V")
        assert "✓ holds" in desk.drawn("records")
        await desk.press("w")
        assert "read-only" in desk.said()[-1]


async def test_a_decision_whose_checkpoint_is_not_signed_stands_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, key = _signing(tmp_path)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    async with sitting(config(tmp_path, policy)) as desk:
        await desk.begin(repository(tmp_path))
        await desk.step()
        key.with_suffix("").unlink()
        await desk.say("y")
        assert desk.run.gate is Gate.PREFLIGHT
        await desk.until(lambda: any("not as the policy wants it" in words for words in desk.said()))
        assert f"record checkpoint {desk.run.run_id}" in desk.said()[-1]
        assert "! not signed" in _record_words(desk)

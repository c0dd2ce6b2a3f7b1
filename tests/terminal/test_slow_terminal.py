"""A terminal that does not read holds nothing up: keys are handled, and it is given the newest state once it reads."""

from pathlib import Path

import pytest
from support.terminal.terminal import Terminal

from console.app import app as app_module

pytestmark = pytest.mark.terminal

MANY = "jk" * 300
"""Each key moves the cursor and so draws a frame: together far more than a pseudo-terminal holds."""


def test_the_newest_state_is_drawn_once_the_terminal_reads(tmp_path: Path) -> None:
    with Terminal(["-m", "console"], 160, 50, {"HOME": str(tmp_path)}) as terminal:
        terminal.until("key sim: ✓")
        before = len(terminal.raw)
        terminal.press(MANY + "S" + "jjjjj")
        terminal.until("▌ fallback")
        terminal.until(lambda text: text.count("~ unproven  ✓ ok") == 5 and "✓ proven    ✓ ok" in text)
        assert terminal.raw[before:].count(b"\x1b[?2026h") < len(MANY), "frames were dropped, not queued"
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


def test_a_key_quits_while_nobody_reads(tmp_path: Path) -> None:
    with Terminal(["-m", "console"], 160, 50, {"HOME": str(tmp_path)}) as terminal:
        terminal.until("key sim: ✓")
        terminal.press("S" + MANY + "?" + "q" + "q")
        assert terminal.end_unread() == 0


def test_partial_painting_leaves_no_stale_cell(tmp_path: Path) -> None:
    """A change of size draws all cells: the screen before it and after it must be the same."""
    with Terminal(["-m", "console"], 120, 40, {"HOME": str(tmp_path)}) as terminal:
        terminal.until("key sim: ✓")
        terminal.press("S")
        terminal.until(lambda text: text.count("~ unproven  ✓ ok") == 5 and "✓ proven    ✓ ok" in text)
        terminal.press("jjj?")
        terminal.until("─ keys ─")
        terminal.press("q")
        terminal.until(lambda text: "─ keys ─" not in text and "▌ reviewer" in text)
        partly = terminal.text
        begun = len(terminal.raw)
        terminal.resize(119, 40)
        terminal.resize(120, 40)
        terminal.screen.reset()
        terminal.until(lambda text: len(terminal.raw) > begun and text == partly)


COPYING = f"""
import sys
from console.app.app import ConsoleApp
from console.services.config.load import load_profile

class Copying(ConsoleApp):
    CSS_PATH = {str(Path(app_module.__file__).with_name("console.tcss"))!r}

    def on_key(self, event):
        if event.key == "X":
            for _ in range(9):
                self.copy_to_clipboard("x" * 600_000)

app = Copying(load_profile())
app.run()
sys.exit(app.return_code)
"""


def test_what_a_terminal_does_not_read_is_not_piled_up(tmp_path: Path) -> None:
    script = tmp_path / "copying.py"
    script.write_text(COPYING, encoding="utf-8")
    with Terminal([str(script)], 100, 30, {"HOME": str(tmp_path)}) as terminal:
        terminal.until("key sim: ✓")
        terminal.press("X")
        terminal.until("not copied: the terminal reads nothing")
        assert terminal.raw.count(b"\x1b]52;") == 2
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


def test_an_untested_textual_draws_as_it_always_does(tmp_path: Path) -> None:
    begin = "from console.app.terminal import drawing; drawing.TESTED = '7.*'; "
    run = "from console.cli.main import run; raise SystemExit(run([]))"
    with Terminal(["-c", begin + run], 120, 40, {"HOME": str(tmp_path)}) as terminal:
        terminal.until("key sim: ✓")
        terminal.press("Sjj")
        terminal.until(lambda text: text.count("~ unproven  ✓ ok") == 5 and "▌ revision" in text)
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()

"""A terminal that does not read holds nothing up: keys are handled, and it is given the newest state once it reads."""

from pathlib import Path

import pytest
from support.terminal.terminal import Terminal

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

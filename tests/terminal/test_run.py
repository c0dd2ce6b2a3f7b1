"""The real program at a real terminal of 80x24: a run is begun, stepped and decided by keys, to a sealed candidate."""

from pathlib import Path

import pytest
from support.git.repositories import Repository
from support.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal

GATES_WITH_A_DECISION = ("instruction", "planner", "writer", "source check", "reviewer", "critic", "candidate")

STARTED_IN = """
import os, runpy, sys
os.environ["PYTHONPATH"] = os.getcwd()  # for the embedded gateway, which is a process of its own
sys.path.insert(0, os.getcwd())
os.chdir({root!r})
sys.argv = ["gateway-console"]
runpy.run_module("console", run_name="__main__")
"""


def test_a_run_is_stepped_by_keys_to_a_sealed_candidate(tmp_path: Path) -> None:
    root = Repository(tmp_path / "repository", {"AGENTS.md": b"# Rules\nKeep it short.\n"}).root
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    with Terminal(["-c", STARTED_IN.format(root=str(root))], 80, 24, home) as terminal:
        terminal.until("key sim: ✓")
        terminal.until("no run yet: n begins one")
        terminal.press("n")
        terminal.until("what should be done")
        terminal.press("Write a short note on the gateway.")
        terminal.until("on the gateway.")
        terminal.press("\t")
        terminal.press("\r")
        terminal.until("instruction is due")
        for gate in GATES_WITH_A_DECISION:
            terminal.press("\r")
            if gate == "planner":
                terminal.until("planner is due")
                terminal.press("\r")
                terminal.until("nothing was sent so far")
                terminal.press("\r")
            terminal.until(f"{gate} waits for you · computed ready")
            terminal.press("y")
            terminal.until("you say    ✓ ready")
            terminal.press("\r")
            terminal.until(lambda text, gate=gate: f"{gate} waits" not in text and "you say" not in text)
        terminal.until(lambda text: "candidate sealed" in text and text.splitlines()[2].count("✓") == 8)
        terminal.until("not published by this tool")
        terminal.press("w")
        terminal.until("save the candidate")
        terminal.press("\r")
        terminal.until("saved to")
        (saved,) = root.glob("*.patch")
        assert saved.read_bytes().startswith(b"diff --git ")
        terminal.press("\x1b")
        terminal.until(lambda text: "1 routes" in text and "candidate sealed" in text)
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert b"not stored" in terminal.raw

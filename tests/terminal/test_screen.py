"""The real program at a real terminal: smoke all, move, quit, signals, crashes; the terminal is always given back."""

import re
import signal
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from support.terminal.terminal import Terminal

from console.app import app as app_module

pytestmark = pytest.mark.terminal

CONSOLE = ["-m", "console"]
SECRET = "sk-terminaltest0000000000000000"
CRASHING = f"""
import sys
from console.app.app import ConsoleApp
from console.services.config.load import load_profile

class Crashing(ConsoleApp):
    CSS_PATH = {str(Path(app_module.__file__).with_name("console.tcss"))!r}

    def on_key(self, event):
        if event.key == "X":
            token = {SECRET!r}
            headers = {{"authorization": f"Bearer {{token}}"}}
            raise RuntimeError(f"bad header {{headers}}")
        if event.key == "W":
            self.run_worker(self.use_token({SECRET!r}))

    async def use_token(self, token):
        raise RuntimeError(f"bad token {{token}}")

app = Crashing(load_profile())
app.run()
sys.exit(app.return_code)
"""


COUNTING = """
import atexit, gc, sys
atexit.register(lambda: print("left alone:", gc.get_freeze_count()))
from console.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def test_what_is_loaded_is_kept_from_the_garbage_collector_before_the_first_call(home: dict[str, str]) -> None:
    with Terminal(["-c", COUNTING], 80, 24, home) as terminal:
        terminal.until("key sim: ✓")
        terminal.press("q")
        assert terminal.end() == 0
        assert re.search(rb"left alone: [1-9]\d{4,}", terminal.raw)


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_smoke_all_move_the_cursor_and_quit(columns: int, lines: int, home: dict[str, str]) -> None:
    with Terminal(CONSOLE, columns, lines, home) as terminal:
        first = terminal.until("key sim: ✓")
        assert "1 routes" in first
        assert "▌ planner" in first
        terminal.press("S")
        terminal.until(lambda text: text.count("~ unproven  ✓ ok") == 5 and "✓ proven    ✓ ok" in text)
        terminal.press("jj")
        terminal.until("▌ revision")
        terminal.until("· revision")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


def test_an_agent_calls_with_what_the_screen_showed_and_is_cut_off(home: dict[str, str]) -> None:
    with Terminal(CONSOLE, 80, 24, home) as terminal:
        terminal.until("key sim: ✓")
        terminal.press("a")
        terminal.until("ANTHROPIC_AUTH_TOKEN")
        terminal.press(b"\x1b[C\x1b[C")  # Cline, then Codex
        shown = terminal.until("base_url")
        key, origin = re.findall(r"gwc-[\w-]+", shown)[0], re.findall(r'"(http://127\.0\.0\.1:\d+)/v1"', shown)[0]
        terminal.press("q")
        terminal.until("no call yet: claude_code, codex")
        request = urllib.request.Request(
            f"{origin}/v1/responses",
            b'{"model": "writer", "input": "Say hello.", "max_output_tokens": 64}',
            {"authorization": f"Bearer {key}", "content-type": "application/json"},
        )
        answers: list[int] = []
        for expected in ("✓ ok      writer", "! refused cut_off"):
            call = threading.Thread(target=lambda: answers.append(_status(request)))
            call.start()
            terminal.until(expected)
            call.join()
            terminal.press("x")
            terminal.until("! cut off   1 call")
        assert answers == [200, 400]
        assert key not in terminal.text
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_first_screen_says_what_is_known_offline(home: dict[str, str]) -> None:
    with Terminal([*CONSOLE, "--profile", "faults"], 80, 24, home) as terminal:
        shown = terminal.until("key sim: ✓")
        assert "× drift" in shown
        assert "built-in" in shown
        assert shown.count("· not run") == 6


def test_a_resize_changes_the_layout(home: dict[str, str]) -> None:
    with Terminal(CONSOLE, 80, 24, home) as terminal:
        terminal.until("2 contract · planner   3 smoke")
        terminal.resize(120, 40)
        terminal.until("3 smoke · planner")
        terminal.resize(200, 50)
        terminal.until("4 requests")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_gives_the_terminal_back(number: signal.Signals, home: dict[str, str]) -> None:
    with Terminal(CONSOLE, 80, 24, home) as terminal:
        terminal.until("key sim: ✓")
        terminal.kill(number)
        assert terminal.end() == 128 + number
        terminal.assert_restored()


@pytest.mark.parametrize(("key", "place"), [("X", "on_key"), ("W", "use_token")])
def test_a_crash_shows_its_place_and_no_values_and_fails(
    key: str, place: str, home: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "crashing.py"
    script.write_text(CRASHING, encoding="utf-8")
    with Terminal([str(script)], 100, 30, home) as terminal:
        terminal.until("key sim: ✓")
        terminal.press(key)
        assert terminal.end() == 1
        terminal.assert_restored()
        assert "internal error, RuntimeError" in terminal.text
        assert place in terminal.text
        assert not terminal.has_shown(SECRET)
        assert not [word for word in (b"bad header", b"bad token") if word in terminal.raw]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_terminal_is_being_set_up_gives_it_back(
    number: signal.Signals, home: dict[str, str]
) -> None:
    with Terminal(CONSOLE, 80, 24, home) as terminal:
        terminal.until_raw(b"\x1b[?1049h")
        terminal.kill(number)
        assert terminal.end() == 128 + number
        terminal.assert_restored()
        assert "internal error" not in terminal.text


def test_no_colour_is_asked_of_a_terminal_that_wants_none(home: dict[str, str]) -> None:
    with Terminal(CONSOLE, 80, 24, home | {"NO_COLOR": "1"}) as terminal:
        terminal.until("key sim: ✓")
        assert b"[38;2;" not in terminal.raw
        assert b"[48;2;" not in terminal.raw


def test_a_dumb_terminal_is_told_the_next_command(home: dict[str, str]) -> None:
    with Terminal(CONSOLE, 80, 24, home | {"TERM": "dumb"}) as terminal:
        assert terminal.end() == 2
        assert "gateway-console routes" in " ".join(terminal.text.split())

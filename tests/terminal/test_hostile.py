"""The real screen against a hostile gateway: nothing of what it sends commands the terminal, and no token is shown."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.config import config_table, route, write_config
from support.terminal.terminal import Terminal
from support.waiting import HANG_S

from console.simulator.hostile import forms_of

pytestmark = pytest.mark.terminal

ROLES = ["planner", "writer", "revision", "reviewer", "critic", "fallback"]
NAMES = {
    "Your key is •••.": [
        "key-in-letters",
        "key-base64-in-error",
        "clipboard-in-error",
        "title-in-letters",
        "c1-in-error",
        "bidi-in-error",
    ],
    "[@click=app.quit]press[/]": [
        "markup-in-error",
        "controls-in-text",
        "markup-in-text",
        "key-hex-in-event",
        "bidi-in-letters",
        "clipboard-in-text",
    ],
    "origin_refused": [
        "title-in-model",
        "c1-in-header",
        "clipboard-in-id",
        "key-in-header",
        "redirect",
        "bomb",
    ],
    "timeout": ["endless-line", "flood", "drip", "login-page", "many-headers", "promises-more"],
}
"""Six routes a screen, and what of them is to be read on it when all six have ended."""
OWN = {b"\x1b[" + letter for letter in (b"m", b"H", b"h", b"l", b"u", b"p")} | {b"\x1b]22;default"}
"""The escape sequences of the screen itself: colours, places, modes and the pointer's shape."""
FOREIGN = re.compile(
    "[\x00-\x06\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
"""What no screen sends: controls but line ends, escape and bell, bidi, zero width and tag characters."""


@dataclass(frozen=True)
class Gateway:
    """The embedded gateway in a process of its own."""

    base_url: str
    token: str


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    command = [sys.executable, "-m", "console.simulator"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            announced = json.loads(child.stdout.readline())
            yield Gateway(announced["base_url"], announced["token"])
        finally:
            child.communicate()


def configured(gateway: Gateway, names: list[str], home: Path, deadline_s: float) -> Path:
    table = {"base_url": gateway.base_url, "token_ref": ["env:HOSTILE_KEY"], "deadline_s": deadline_s}
    routes = {role: route(f"gpt-hostile-{name}-placeholder") for role, name in zip(ROLES, names, strict=True)}
    return write_config(home / "config.toml", config_table(table, routes))


def has_ended(text: str) -> bool:
    """Return whether each of the six rows shows how its smoke test ended."""
    return len(re.findall(r"[~×!✓] \w+\.? +(?:✓ ok|× failed|[!~] \w+) +│", text)) == len(ROLES)


def sequences(raw: bytes) -> Counter[bytes]:
    """Count the escape sequences in a terminal's bytes: control sequences by their last letter, others in whole."""
    found = re.findall(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P_^X][^\x07\x1b]*|.)", raw, re.DOTALL)
    return Counter(b"\x1b[" + each[-1:] if each.startswith(b"\x1b[") else each for each in found)


@pytest.mark.parametrize(("expected", "names"), NAMES.items(), ids=["echoes", "texts", "names", "acts"])
def test_a_hostile_gateway_does_not_reach_the_terminal(
    gateway: Gateway, expected: str, names: list[str], tmp_path: Path
) -> None:
    deadline_s = 3.0 if expected == "timeout" else HANG_S
    config = configured(gateway, names, tmp_path, deadline_s)
    environment = {"HOME": str(tmp_path), "HOSTILE_KEY": gateway.token}
    with Terminal(["-m", "console", "--config", str(config)], 160, 50, environment) as terminal:
        terminal.until("key env:HOSTILE_KEY ✓")
        terminal.press("S")
        shown = [terminal.until(lambda text: has_ended(text) and expected in text)]
        for position, role in enumerate(ROLES):
            row = next(line for line in terminal.text.splitlines() if f"▌ {role}" in line)
            for key, title in [
                ("\r", f"─ route · {role} ─"),
                *([("e", f"─ why · {role} ─")] if re.search(r"[×!] \w+ +│", row) else []),
            ]:
                terminal.press(key)
                shown.append(terminal.until(title))
                terminal.press("q")
                terminal.until(lambda text, title=title: title not in text)
            if position + 1 < len(ROLES):
                terminal.press("j")
                shown.append(terminal.until(f"▌ {ROLES[position + 1]}"))
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
    assert len([dialog for dialog in shown if "─ why · " in dialog]) >= 2
    assert set(sequences(terminal.raw)) <= OWN
    assert FOREIGN.findall(terminal.raw.decode()) == []
    assert_no_token(terminal.raw.decode() + "".join(shown), gateway.token)


def assert_no_token(text: str, token: str) -> None:
    """Assert that neither a token nor a piece of it, plain or encoded, is in what was shown, wrapped as it is."""
    for name, form in forms_of(token).items():
        if name != "starred":
            assert [form[at : at + 10] for at in range(len(form) - 9) if form[at : at + 10] in text] == [], name

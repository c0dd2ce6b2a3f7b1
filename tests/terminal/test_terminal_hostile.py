"""The real screen against a hostile gateway: nothing of what it sends commands the terminal, and no token is shown."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from terminal import Terminal

from console.domain.secret import Secret
from console.simulator.hostile import forms_of

pytestmark = pytest.mark.terminal

ROLES = ["planner", "writer", "revision", "reviewer", "critic", "fallback"]
NAMES = [
    ["key-in-letters", "key-base64-in-error", "clipboard-in-error", "title-in-letters", "c1-in-error", "bidi-in-error"],
    ["markup-in-error", "controls-in-text", "markup-in-text", "key-hex-in-event", "bidi-in-letters", "clipboard-in-text"],
    ["title-in-model", "c1-in-header", "clipboard-in-id", "key-in-header", "redirect", "bomb"],
    ["endless-line", "flood", "drip", "login-page", "many-headers", "promises-more"],
]
FOREIGN = {
    "the clipboard": b"]52;",
    "the word of a title": b"]0;owned",
    "the other word of a title": b"]2;owned",
    "a reset": b"\x1bc",
    "a device control string": b"\x1bP1$r",
    "a link": b"]8;",
    "a C1 control in UTF-8": b"\xc2\x9b",
    "another one": b"\xc2\x9d",
    "a right-to-left override": "\u202e".encode(),
    "an isolate": "\u2066".encode(),
    "a zero-width space": "\u200b".encode(),
    "a tag character": "\U000e0041".encode(),
}


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


def configured(gateway: Gateway, names: list[str], home: Path) -> Path:
    path = home / "config.toml"
    text = 'schema = 1\ndefault_profile = "p"\n[profiles.p.gateway]\ntoken_ref = ["env:HOSTILE_KEY"]\ndeadline_s = 3.0\n'
    text += f'base_url = "{gateway.base_url}"\n'
    for role, name in zip(ROLES, names, strict=True):
        text += f'[profiles.p.routes.{role}]\nmodel = "gpt-hostile-{name}-placeholder"\n'
        text += 'endpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'
    path.write_text(text, encoding="utf-8")
    return path


def without_own_sequences(raw: bytes) -> bytes:
    return raw


@pytest.mark.parametrize("names", NAMES, ids=["echoes_and_escapes", "markup", "names", "acts"])
def test_a_hostile_gateway_does_not_reach_the_terminal(gateway: Gateway, names: list[str], tmp_path: Path) -> None:
    config = configured(gateway, names, tmp_path)
    environment = {"HOME": str(tmp_path), "HOSTILE_KEY": gateway.token}
    with Terminal(["-m", "console", "--config", str(config)], 160, 50, environment) as terminal:
        terminal.until("key env")
        print(terminal.text)
        terminal.press("S")
        terminal.until(lambda text: "sent 6" in text)
        import time; e=time.time()+6
        while time.time()<e: terminal._read()
        print(terminal.text)
        for _ in names:
            terminal.press("e")
            e=time.time()+1
            while time.time()<e: terminal._read()
            print(terminal.text)
            terminal.press("\x1b")
            e=time.time()+1
            while time.time()<e: terminal._read()
            terminal.press("j")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
    Path("/tmp/hostile-raw").write_bytes(terminal.raw)
    assert [words for words, data in FOREIGN.items() if data in terminal.raw] == []

"""`config edit` at a real terminal: nothing that was typed is lost, and only a valid config replaces the old one."""

import stat
from pathlib import Path

import pytest
from support.config import config_table, write_config
from support.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal


class Editing:
    """A home with a config, and an editor that is a line of shell; `$1` is the file that it edits."""

    def __init__(self, home: Path) -> None:
        self.path = write_config(home / ".config/gateway-console/config.toml", config_table({"base_url": "sim:"}))
        self.before = self.path.read_bytes()
        self._editor = home / "my editor"
        self._home = home

    def edit(self, line: str) -> Terminal:
        self._editor.write_text(f"#!/bin/sh\n{line}\n")
        self._editor.chmod(0o700)
        environment = {"HOME": str(self._home), "VISUAL": f"'{self._editor}' --wait", "EDITOR": "false"}
        return Terminal(["-m", "console", "config", "edit"], 200, 30, environment)

    @property
    def drafts(self) -> list[Path]:
        return sorted(self.path.parent.glob("config.draft-*.toml"))


@pytest.fixture
def editing(tmp_path: Path) -> Editing:
    return Editing(tmp_path)


def test_a_valid_draft_replaces_the_config_and_a_backup_is_kept(editing: Editing) -> None:
    with editing.edit('stat -c %a "$2"; sed "s/sim:/sim:/; \\$a # mine" "$2" > "$2.x"; mv "$2.x" "$2"') as terminal:
        terminal.until("replaced")
        assert terminal.end() == 0
        assert terminal.has_shown("600")
    assert editing.path.read_bytes() == editing.before + b"# mine\n"
    assert stat.S_IMODE(editing.path.stat().st_mode) == 0o644  # who may read it stays as it was
    (backup,) = editing.path.parent.glob("config.toml.*.bak")
    assert backup.read_bytes() == editing.before
    assert editing.drafts == []


@pytest.mark.parametrize(("key", "code", "kept"), [("k", 3, 1), ("d", 0, 0), ("\x03", 130, 1)])
def test_a_faulty_draft_is_told_and_kept_or_discarded_as_asked(
    editing: Editing, key: str, code: int, kept: int
) -> None:
    with editing.edit('echo "more = 1" >> "$2"') as terminal:
        terminal.until("e edits again")
        assert terminal.has_shown("unknown key")
        terminal.press("e\r")
        terminal.until(lambda text: text.count("e edits again") == 2)
        terminal.press(key + "\r")
        assert terminal.end() == code
        shown = terminal.raw.decode()
    assert editing.path.read_bytes() == editing.before
    assert len(editing.drafts) == kept
    assert all(each.name in shown and b"more = 1" in each.read_bytes() for each in editing.drafts)


def test_a_config_that_changed_meanwhile_is_not_replaced_and_the_draft_is_kept(editing: Editing) -> None:
    with editing.edit(f'echo "# draft" >> "$2"; echo "# other" >> "{editing.path}"') as terminal:
        terminal.until("was changed by someone else meanwhile")
        assert terminal.end() == 1
    assert editing.path.read_bytes() == editing.before + b"# other\n"
    assert editing.drafts[0].read_bytes() == editing.before + b"# draft\n"

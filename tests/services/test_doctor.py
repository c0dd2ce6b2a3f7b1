"""The doctor's checks: what they make of a terminal, an environment and the files, without touching any."""

from pathlib import Path

import pytest

from console.services.doctor import (
    Health,
    Symptom,
    TerminalFacts,
    check_files,
    check_network,
    check_terminal,
    check_token_entry,
)


def by_id(*symptoms: Symptom) -> dict[str, Symptom]:
    return {each.id: each for each in symptoms}


@pytest.mark.parametrize(
    ("facts", "environment", "expected"),
    [
        (
            TerminalFacts(120, 40),
            {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
            {"terminal.size": Health.OK, "terminal.name": Health.OK, "terminal.colours": Health.OK},
        ),
        (
            TerminalFacts(79, 24),
            {"TERM": "dumb"},
            {"terminal.size": Health.WARN, "terminal.name": Health.NOTE, "terminal.colours": Health.NOTE},
        ),
        (
            TerminalFacts(None, None),
            {"TERM": "screen", "NO_COLOR": "1", "TMUX": "/x", "SSH_CONNECTION": "a b"},
            {
                "terminal.size": Health.NOTE,
                "terminal.name": Health.OK,
                "terminal.colours": Health.NOTE,
                "terminal.tmux": Health.NOTE,
                "terminal.ssh": Health.NOTE,
            },
        ),
    ],
)
def test_a_terminal_is_judged(facts: TerminalFacts, environment: dict[str, str], expected: dict[str, Health]) -> None:
    found = by_id(*check_terminal(facts, environment))
    assert {each.id: each.health for each in found.values()} == expected
    assert all(each.todo for each in found.values() if each.health is not Health.OK)


def test_a_hostile_terminal_name_is_made_visible() -> None:
    found = by_id(*check_terminal(TerminalFacts(80, 24), {"TERM": "x\x1b]52;c;eA==\x07"}))
    assert "\x1b" not in found["terminal.name"].found


def test_ignored_network_settings_are_named_without_their_values() -> None:
    found = check_network({"https_proxy": "http://user:hidden@proxy", "ALL_PROXY": "hidden", "SSLKEYLOGFILE": "hidden"})
    assert [each.id for each in found] == ["network.proxy", "network.key_log"]
    assert "HTTPS_PROXY, ALL_PROXY set" in found[0].found
    assert not any("hidden" in each.found + each.todo for each in found)
    (clean,) = check_network({"https_proxy": ""})
    assert clean.health is Health.OK


def test_token_entry_is_unsafe_while_every_key_is_kept() -> None:
    assert check_token_entry({}).health is Health.OK
    assert check_token_entry({"TEXTUAL": "debug"}).health is Health.OK
    found = check_token_entry({"TEXTUAL_LOG": "/x"})
    assert (found.health, found.todo) == (Health.UNSAFE, "Run: unset TEXTUAL_LOG")
    assert check_token_entry({"TEXTUAL": "devtools"}).todo == "Run: unset TEXTUAL"


def test_files_that_are_not_there_yet_are_well_and_are_not_made(tmp_path: Path) -> None:
    found = by_id(*check_files({"HOME": str(tmp_path)}))
    assert {each.health for each in found.values()} == {Health.OK, Health.NOTE}
    assert found["files.state"].found.endswith("created when needed")
    assert list(tmp_path.iterdir()) == []


def test_modes_kinds_and_places_of_files_are_judged(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "s"), "XDG_DATA_HOME": "/dev/null/data"}
    config = tmp_path / ".config/gateway-console/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("schema = 1")
    config.chmod(0o666)
    state = tmp_path / "s/gateway-console"
    state.mkdir(parents=True)
    state.chmod(0o755)
    found = by_id(*check_files(environment))
    assert (found["files.config"].health, found["files.config"].todo) == (Health.WARN, f"Run: chmod go-w {config}")
    assert (found["files.state"].health, found["files.state"].todo) == (Health.UNSAFE, f"Run: chmod 700 {state}")
    assert found["files.data"].health is Health.FAIL

    config.chmod(0o600)
    state.chmod(0o700)
    well = by_id(*check_files(environment))
    assert {well["files.config"].health, well["files.state"].health} == {Health.OK}
    state.rmdir()
    state.symlink_to(tmp_path)
    assert by_id(*check_files(environment))["files.state"].health is Health.UNSAFE

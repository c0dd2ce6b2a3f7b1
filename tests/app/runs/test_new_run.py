"""Who could write a run, as its form offers it: what is installed here, on a route whose family it speaks."""

from pathlib import Path

from support.config import config_table, route, write_config

from console.app.runs.new_run import writers
from console.services.config.load import load_profile


def install(directory: Path, *programs: str) -> dict[str, str]:
    """Make programs, and return an environment whose PATH has no others."""
    directory.mkdir()
    for name in programs:
        (directory / name).write_text("#!/bin/sh\n")
        (directory / name).chmod(0o755)
    return {"PATH": str(directory)}


def test_an_agent_is_offered_on_a_route_that_it_speaks_and_one_that_is_not_installed_says_so(tmp_path: Path) -> None:
    writer = route("gpt-route-placeholder") | {"notes": route("claude-route-placeholder", "anthropic_messages")}
    table = config_table({"base_url": "sim:", "token_ref": ["sim:"]}, {"writer": writer})
    profile = load_profile(write_config(tmp_path / "config.toml", table), why_no_programs=None)
    offered = writers(profile, install(tmp_path / "bin", "codex", "claude"))
    possible = {each.id: each.route for each in offered if not each.why_not}
    assert possible == {"": "", "codex": "", "claude_code": "writer.notes"}
    assert offered[0].id == ""
    (absent,) = offered[len(possible) :]
    assert absent.id == "opencode"
    assert "not installed: no opencode is on PATH. Run: npm install" in absent.why_not


def test_an_agent_that_speaks_no_route_of_the_writer_says_which_families_it_speaks(tmp_path: Path) -> None:
    table = config_table({"base_url": "sim:", "token_ref": ["sim:"]}, {"writer": route("m", "chat_completions")})
    profile = load_profile(write_config(tmp_path / "config.toml", table), why_no_programs=None)
    offered = {each.id: each for each in writers(profile, install(tmp_path / "bin", "codex"))}
    assert "Codex speaks responses, and the route writer is on chat_completions" in offered["codex"].why_not

"""The names that a shell asks for: quietly, quickly, and never a secret."""

import os
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.config import config_table, route, write_config

CONFIG = ".config/gateway-console/config.toml"
TOKEN = "-".join(["sk", "proj", "Zx81kLmN0pQr5tUv7wXy9aBc"])


@pytest.mark.parametrize("names", ["profiles", "routes", "runs"])
@pytest.mark.parametrize(
    "text", ["[profiles", "profiles = 3", 'schema = 1\n[profiles.p]\nroutes = "x"', "\x00", "é" * 70_000]
)
async def test_what_cannot_be_read_gives_no_name_and_no_word(console: Console, names: str, text: str) -> None:
    path = console.home / CONFIG
    path.parent.mkdir(parents=True)
    path.write_text(text)
    asked = await console.run("completion", "--names", names)
    assert (asked.code, asked.stderr) == (0, "")
    assert asked.stdout.split() == (["p"] if names == "profiles" and "[profiles.p]" in text else [])
    assert not (console.home / ".local").exists()


async def test_a_pipe_in_place_of_a_config_is_not_waited_for(console: Console) -> None:
    os.mkfifo(console.home / "pipe")
    asked = await console.run("completion", "--names", "profiles", "--config", console.home / "pipe")
    assert (asked.code, asked.stdout, asked.stderr) == (0, "", "")


async def test_a_token_in_the_place_of_a_name_is_not_offered(console: Console) -> None:
    table = config_table({"base_url": "https://gw.example", "token_ref": [TOKEN]}, {"writer": {TOKEN: route("m")}})
    table["profiles"][TOKEN] = table["profiles"]["p"]
    write_config(console.home / CONFIG, table)
    for names, offered in (("profiles", "p\n"), ("routes", "")):
        asked = await console.run("completion", "--names", names)
        assert (asked.stdout, asked.stderr) == (offered, "")


async def test_the_routes_are_those_of_the_profile_that_a_line_names(console: Console, tmp_path: Path) -> None:
    table = config_table({"base_url": "sim:"}, {"writer": {**route("m"), "fast": route("n")}})
    other = config_table({"base_url": "sim:"}, {"critic": {"second": route("m")}}, profile="q")
    table["profiles"] |= other["profiles"]
    path = write_config(tmp_path / "own.toml", table)
    default = await console.run("completion", "--names", "routes", "--config", path)
    named = await console.run("completion", "--names", "routes", "--config", path, "--profile", "q")
    assert (default.stdout.split(), named.stdout.split()) == (["writer", "writer.fast"], ["critic.second"])
    of_variable = await console.run("completion", "--names", "profiles", GATEWAY_CONSOLE_CONFIG=str(path))
    assert of_variable.stdout.split() == ["p", "q"]


async def test_a_shell_that_is_not_named_is_asked_for_by_name(console: Console) -> None:
    ended = await console.run("completion")
    assert ended.code == 2
    assert "name the shell: bash, zsh, fish" in ended.stderr

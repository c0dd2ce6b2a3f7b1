"""`relay` as a process: an agent's settings, a call through it, a command with them and without any token."""

import os
import signal
import sys

import aiohttp
import pytest
from support.cli.console_process import Console, ended
from support.cli.relay_command import relay_document
from support.gateway.servers import answer_with, raw_server, stay_silent, whole

from console.domain.relay.agent_settings import agent_settings

PROGRAM = """
import json, os, sys, urllib.request
body = json.dumps({"model": "writer", "input": "Say hello.", "max_output_tokens": 64}).encode()
headers = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"}
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/responses", body, headers)
print(json.load(urllib.request.urlopen(request))["model"], sorted(name for name in os.environ if "TOKEN" in name))
sys.exit(7)
"""


async def test_a_call_through_the_relay_is_told_and_a_signal_ends_it(console: Console) -> None:
    async with console.start("relay", "--for", "codex", "--for", "aider", "--json") as child:
        document = await relay_document(child)
        codex, aider = document["clients"]
        assert (codex["agent"], codex["route"], codex["endpoint_family"]) == ("codex", "planner", "responses")
        assert (aider["agent"], aider["route"]) == ("aider", "fallback")
        assert f'base_url = "{document["base_url"]}/v1"' in codex["files"]["config.toml"]
        body = {"model": "critic", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 64}
        headers = {"x-api-key": codex["key"], "anthropic-version": "2023-06-01"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{document['base_url']}/v1/messages?beta=true", json=body, headers=headers) as answer,
        ):
            assert (answer.status, (await answer.json())["model"]) == (200, "claude-critic-route-placeholder")
        child.send_signal(signal.SIGINT)
        end = await ended(child)
    assert end.code == 0
    assert "✓ #1 codex  critic  claude-critic-route-placeholder  200" in end.stderr


async def test_a_command_gets_the_settings_and_no_token_and_its_exit_code_is_ours(console: Console) -> None:
    secrets = {"GITHUB_TOKEN": "for-a-test", "MY_OWN": "-".join(["sk", "proj", "Zq7Rt2" * 8]), "KEPT": "yes"}
    end = await console.run_process("relay", "--exec", "--", sys.executable, "-c", PROGRAM, **secrets)
    assert (end.code, end.stdout) == (7, "gpt-route-placeholder []\n")
    assert "not passed on to" in end.stderr
    assert "GITHUB_TOKEN, MY_OWN" in end.stderr
    assert "Zq7Rt2" not in end.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--exec",), 2, "--exec and a command belong together"),
        (("--", "true"), 2, "--exec and a command belong together"),
        (("--for", "nobody"), 2, "--for names no known agent; it knows aider, claude_code, cline, codex"),
        (("--route", "critic", "--for", "codex", "--exec", "--", "true"), 2, "Codex speaks responses"),
        (
            ("--for", "gemini", "--exec", "--", "true"),
            2,
            "Gemini CLI speaks Google's generateContent, which no route has",
        ),
        (("--exec", "--", "no-such-program"), 127, "cannot run no-such-program"),
        (("--for", "codex", "--for", "aider", "--exec", "--", "true"), 2, "use one --for"),
        (("--exec", "--", "/"), 126, "cannot run /: Permission denied"),
    ],
)
async def test_what_cannot_be_relayed_is_said(
    console: Console, arguments: tuple[str, ...], code: int, words: str
) -> None:
    end = await console.run_process("relay", *arguments)
    assert end.code == code
    assert words in end.stderr


async def test_read_only_opens_no_relay(console: Console) -> None:
    end = await console.run("--read-only", "relay")
    assert (end.code, "nothing was opened" in end.stderr) == (11, True)


def test_every_agents_settings_are_complete_and_leave_no_place_unfilled() -> None:
    for agent in agent_settings().values():
        assert agent.source.startswith("https://")
        assert agent.checked_on
        for each in agent.settings:
            texts = " ".join((*each.variables.values(), *each.files.values(), *each.command))
            assert "<origin>" in texts
            assert "<key>" in texts
            assert agent.id == "sdk" or "<model" in texts
            assert agent.id == "sdk" or "<task>" in each.command


async def test_a_command_never_holds_the_gateways_own_token_whatever_its_variable_is_called(console: Console) -> None:
    async with raw_server(answer_with(whole(404, {}))) as gateway:
        config = console.config_for(gateway.base_url, gateway='token_ref = ["env:GW"]')
        program = "import os; print([name for name in os.environ if name == 'GW'])"
        end = await console.run_process(
            "--config", config, "relay", "--exec", "--", sys.executable, "-c", program, GW="plainplainplain"
        )
    assert (end.code, end.stdout) == (0, "[]\n"), end.stderr
    assert "can read the gateway's token in env:GW, as you can" in end.stderr


async def test_a_signal_while_a_command_is_prepared_ends_it_in_order(console: Console) -> None:
    async with raw_server(stay_silent) as gateway:
        config = console.config_for(gateway.base_url)
        async with console.start("--config", config, "relay", "--exec", "--", "true") as child:
            await gateway.came.wait()  # it asks for the prices
            child.send_signal(signal.SIGTERM)
            assert (await ended(child)).code == 128 + signal.SIGTERM


async def test_a_command_creates_files_as_the_operator_does(console: Console) -> None:
    program = "import os; print(oct(os.umask(0)))"
    own = await console.run_process("relay", "--exec", "--", sys.executable, "-c", program)
    umask = os.umask(0o022)
    os.umask(umask)
    assert own.stdout == f"{umask:#o}\n"


async def test_an_agent_that_replaces_its_home_harms_no_other_directory(console: Console) -> None:
    kept = console.home / "kept"
    kept.mkdir()
    (kept / "file").touch()
    program = (
        f"import os; home = os.environ['CODEX_HOME']; os.rename(home, home + 'x'); os.symlink({str(kept)!r}, home)"
    )
    end = await console.run_process(
        "relay", "--for", "codex", "--exec", "--", sys.executable, "-c", program, TMPDIR=str(console.home)
    )
    assert (end.code, (kept / "file").exists()) == (0, True)
    assert "could not be removed" in end.stderr

"""`prove`: what the agents of a machine send is captured without its content, kept, compared, and sent by `check`."""

import os
import signal
import stat
from datetime import UTC, datetime

import pytest
from support.cli.console_process import Console, ended
from support.gateway.scripted_gateway import scripted
from support.probes.smoking import TOKEN
from support.relay.stand_in import StandIn

pytestmark = pytest.mark.long

KEPT = ".local/state/gateway-console/facts/agent_shapes/codex.toml"


@pytest.fixture
def machine(console: Console) -> Console:
    """Return a console on a machine on which no agent is installed, at a known time."""
    console.environment["PATH"] = f"{console.home}/bin{os.pathsep}{os.defpath}"
    console.now = lambda: datetime(2026, 12, 24, 12, tzinfo=UTC)
    return console


async def captured(machine: Console) -> None:
    """Capture Codex, and say why if that does not work."""
    proved = await machine.run("prove", "codex")
    assert proved.code == 0, proved.stdout + proved.stderr


async def test_an_agent_is_captured_without_its_content_and_kept(machine: Console) -> None:
    StandIn(machine.home)
    proved = await machine.run("prove", "codex")
    assert proved.code == 0, proved.stderr
    assert "✓ Codex 9.8.7: captured" in proved.stdout
    assert "+ tool type hologram" in proved.stdout
    assert "check --level 5 --agent codex" in proved.stdout
    path = machine.home / KEPT
    kept = path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for private in ("jane", "gwc-", str(machine.home), "gateway-console-agent-", "work for"):
        assert private not in kept
    assert '"label": "<4 characters>"' in kept


async def test_the_document_names_what_was_sent_and_what_changed(machine: Console) -> None:
    StandIn(machine.home)
    document = (await machine.run("prove", "codex", "--json")).document
    (codex,) = document["agents"]
    assert (document["exit_code"], codex["outcome"], codex["version"]) == (0, "captured", "9.8.7")
    assert codex["compared_with"] == {"origin": "built_in", "version": "0.171.0", "recorded_on": "2026-12-01"}
    assert {"kind": "tool_type", "name": "hologram"} in codex["added"]
    assert {"kind": "tool_type", "name": "namespace"} in codex["removed"]
    (request,) = codex["runs"][-1]["requests"]
    assert (request["method"], request["path"], request["endpoint_family"]) == ("POST", "/v1/responses", "responses")
    assert request["headers"] == ["accept", "x-user", "x-where"]
    assert request["tool_types"] == ["function", "hologram"]
    assert (codex["runs"][-1]["passed"], codex["runs"][-1]["exit_code"]) == (1, 0)
    again = (await machine.run("prove", "codex", "--json")).document["agents"][0]
    assert (again["compared_with"]["origin"], again["added"], again["removed"]) == ("captured", [], [])


async def test_check_sends_what_was_captured_last_and_says_so(machine: Console) -> None:
    StandIn(machine.home)
    async with scripted() as server:
        path = machine.config_for(server.base_url, gateway='token_ref = ["env:GW"]')
        asked = ("check", "--config", path, "--level", "5", "--agent", "codex", "--json")
        before = (await machine.run(*asked, GW=TOKEN)).document["agents"][0]
        await captured(machine)
        after = (await machine.run(*asked, GW=TOKEN)).document["agents"][0]
        sent = [request.body for request in server.requests if b"hologram" in request.body]
    assert before["shape"] == {"origin": "built_in", "version": "0.171.0", "recorded_on": "2026-12-01"}
    assert after["shape"] == {"origin": "captured", "version": "9.8.7", "recorded_on": "2026-12-24"}
    assert (after["agent"], after["status"]) == ("Codex 9.8.7", "passed")
    assert {"kind": "tool_type", "name": "hologram"} in after["accepted"]
    assert len(sent) == 1


async def test_what_cannot_be_used_is_told_and_the_built_in_shape_is_sent(machine: Console) -> None:
    StandIn(machine.home)
    await captured(machine)
    (machine.home / KEPT).write_text('agent = "codex"\n')
    async with scripted() as server:
        path = machine.config_for(server.base_url, gateway='token_ref = ["env:GW"]')
        checked = await machine.run("check", "--config", path, "--level", "5", "--agent", "codex", GW=TOKEN)
    assert checked.code == 0
    assert "what was captured of Codex cannot be used" in checked.stderr
    assert "codex.toml: name: is missing. Capture it again" in checked.stderr
    assert "gateway-console prove codex" in checked.stderr
    assert "Codex 0.171.0 on m" in checked.stdout
    assert (await machine.run("prove", "codex")).code == 0


async def test_what_was_captured_is_a_table_of_facts_with_a_way_back(machine: Console) -> None:
    StandIn(machine.home)
    await captured(machine)
    shown = await machine.run("facts", "show", "agent_shapes/codex")
    assert "in use     captured" in shown.stdout
    assert "2026-12-24 by gateway-console prove" in shown.stdout
    removed = await machine.run("facts", "update", "--reset", "agent_shapes/codex")
    assert (removed.code, (machine.home / KEPT).exists()) == (0, False)
    assert "in use     captured" not in (await machine.run("facts", "show", "agent_shapes/codex")).stdout


async def test_an_agent_that_makes_no_call_is_told_and_what_was_kept_stays(machine: Console) -> None:
    StandIn(machine.home)
    await captured(machine)
    kept = (machine.home / KEPT).read_text("utf-8")
    StandIn(machine.home, version="10.0.0", does="nothing")
    failed = await machine.run("prove", "codex")
    assert failed.code == 1
    assert "× Codex 10.0.0: it made no call on responses for gpt-6-sol (exit code 3: no way to begin" in failed.stdout
    assert failed.stdout.count("made no call on") == 1
    assert (machine.home / KEPT).read_text("utf-8") == kept


async def test_an_agent_that_does_not_end_is_ended_and_tried_no_further(machine: Console) -> None:
    StandIn(machine.home, does="floods")
    (codex,) = (await machine.run("prove", "codex", "--json")).document["agents"]
    assert (codex["outcome"], [run["ending"] for run in codex["runs"]]) == ("failed", ["flooded"])
    assert "ended after 4 MB of output" in codex["problem"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_agent_too(machine: Console, number: signal.Signals) -> None:
    stand_in = StandIn(machine.home, does="stays")
    async with machine.start("prove", "codex") as child:
        assert child.stderr is not None
        assert b"running Codex" in await child.stderr.readline()
        child.send_signal(number)
        end = await ended(child)
    assert (end.code, end.complaint) == (130, "gateway-console: interrupted: what was not captured yet stays as it was")
    assert stand_in.processes() == []


async def test_what_is_not_installed_is_said_and_how_to_install_it(machine: Console) -> None:
    named = await machine.run("prove", "claude", "codex")
    assert named.code == 1
    assert "– Claude Code: not installed, so not tried. To install it: npm install -g @anthropic-ai" in named.stdout
    every = await machine.run("prove", "--json")
    outcomes = {each["agent"]: each["outcome"] for each in every.document["agents"]}
    assert (every.code, set(outcomes.values())) == (1, {"not_installed"})
    assert set(outcomes) == {"codex", "claude-code", "copilot", "gemini", "opencode"}
    StandIn(machine.home)
    assert (await machine.run("prove")).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("prove", "nobody"), 2, "it knows codex, claude-code, copilot, gemini, opencode"),
        (("prove", "aider"), 2, "prove knows no agent of this name"),
        (("--read-only", "prove"), 11, "no agent was started"),
    ],
)
async def test_what_cannot_be_proven_is_said(
    machine: Console, arguments: tuple[str, ...], code: int, words: str
) -> None:
    end = await machine.run(*arguments)
    assert end.code == code
    assert words in end.complaint

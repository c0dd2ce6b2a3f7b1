"""`check --agent` and `smoke --agent`: an agent's own first call, its price, its verdict and its exit code."""

import json
from typing import Any

import pytest
from support.cli.console_process import Console
from support.config import config_table, route, write_config
from support.gateway.scripted_gateway import Steps, scripted
from support.gateway.servers import Request, good_stream, whole
from support.probes.smoking import TOKEN

from console.domain.routes.family import EndpointFamily

KEYED = 'token_ref = ["env:GW"]'
UNKNOWN_FIELD = whole(400, {"error": {"message": "client_metadata: unknown field", "type": "invalid_request_error"}})


def refusing_agents(request: Request, family: EndpointFamily) -> bytes:
    """Refuse what only an agent sends, as a gateway with a closed list of fields does."""
    body = json.loads(request.body)
    if "client_metadata" in body:
        return UNKNOWN_FIELD
    plan = {"instruction_source": "AGENTS.md", "artifact": "ok", "claims": []}
    return good_stream(family, json.dumps(plan))


async def test_the_agent_s_verdict_is_shown_beside_the_role_s(console: Console) -> None:
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        result = await console.run("check", "--config", path, "--level", "5", "--agent", "codex", GW=TOKEN)
    assert result.code == 0
    assert "writer: the first call of Codex 0.171.0, at most" in result.stderr
    assert "Codex 0.171.0 on m, responses: ✓ ok" in result.stdout
    assert "routes of writer" in result.stdout


async def test_a_gateway_that_passes_the_role_and_refuses_the_agent_is_red(console: Console) -> None:
    async with scripted(Steps(shape=refusing_agents)) as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        asked = ("check", "--config", path, "--level", "5", "--agent", "codex")
        text = await console.run(*asked, GW=TOKEN)
        result = await console.run(*asked, "--json", GW=TOKEN)
    assert (text.code, result.code) == (1, 1)
    (agent,) = result.document["agents"]
    (writer,) = result.document["routes"]
    assert writer["rung_reached"] == 5
    assert (agent["agent"], agent["roles"], agent["status"]) == ("Codex 0.171.0", ["writer"], "failed")
    assert agent["category"] == "invalid_request"
    (found,) = [each for each in agent["findings"] if each["id"] == "AGT-03"]
    assert found["evidence"] == "Codex 0.171.0: client_metadata"
    assert "AGT-03" in text.stdout
    assert "client_metadata" in text.stdout


async def test_without_an_agent_there_is_none_in_the_document(console: Console) -> None:
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        result = await console.run("check", "--config", path, "--level", "5", "--json", GW=TOKEN)
    assert (result.code, result.document["agents"]) == (0, [])


async def test_smoke_sends_the_agent_s_call(console: Console) -> None:
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        result = await console.run("smoke", "--config", path, "--agent", "codex", "--json", GW=TOKEN)
        (request,) = server.requests
    (writer,) = result.document["results"]
    assert (result.code, writer["shape"]) == (0, "agent")
    assert "client_metadata" in json.loads(request.body)
    assert len(request.body) > 40_000


async def test_smoke_sends_it_small_if_asked_to(console: Console) -> None:
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        asked = ("smoke", "--config", path, "--agent", "codex", "--agent-size", "small")
        result = await console.run(*asked, GW=TOKEN)
        (request,) = server.requests
    assert result.code == 0
    assert "shape agent of Codex 0.171.0" in result.stderr
    assert "writer: the first call of Codex 0.171.0, at most" in result.stderr
    assert len(request.body) < 12_000


async def test_routes_that_the_agent_does_not_speak_are_named_and_get_nothing(console: Console) -> None:
    routes = {"writer": route(), "critic": route(family="anthropic_messages")}
    async with scripted() as server:
        table: dict[str, Any] = {"base_url": server.base_url, "token_ref": ["env:GW"]}
        path = str(write_config(console.home / "two.toml", config_table(table, routes)))
        result = await console.run("smoke", "--config", path, "--agent", "codex", GW=TOKEN)
        assert [request.path for request in server.requests] == ["/v1/responses"]
    assert result.code == 0
    assert "critic: not tried, because Codex does not speak anthropic_messages" in result.stderr


@pytest.mark.parametrize("verb", [("smoke",), ("check", "--level", "5")])
async def test_an_agent_that_speaks_no_route_s_family_sends_nothing(console: Console, verb: tuple[str, ...]) -> None:
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        result = await console.run(*verb, "--config", path, "--agent", "claude-code", GW=TOKEN)
        assert server.connections == 0
    assert result.code == 2
    assert "Claude Code speaks anthropic_messages" in result.stderr
    assert "Next: " in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--agent", "codex"),
        ("check", "--level", "4", "--agent", "codex"),
        ("check", "--level", "5", "--agent", "aider"),
        ("smoke", "--agent", "aider"),
        ("smoke", "--shape", "agent"),
        ("smoke", "--agent-size", "huge"),
        ("simulate", "--breach", "closed-minds"),
    ],
)
async def test_other_words_are_a_usage_error(console: Console, arguments: tuple[str, ...]) -> None:
    assert (await console.run(*arguments)).code == 2


async def test_every_agent_passes_on_the_embedded_gateway(console: Console) -> None:
    for agent in ("codex", "claude-code", "copilot", "opencode"):
        result = await console.run("check", "--level", "5", "--agent", agent, "--json")
        told = {each["status"] for each in result.document["agents"]}
        assert (result.code, told) == (0, {"passed", "unproven"} if agent in ("codex", "claude-code") else {"passed"})
        weighty = [each["id"] for row in result.document["agents"] for each in row["findings"]]
        assert [each for each in weighty if each.startswith("AGT")] == []


async def test_a_profile_s_own_rubric_and_limit_are_what_rung_5_sends(console: Console) -> None:
    (console.home / "rubric.toml").write_text(
        '[[criterion]]\nid = "our_own"\nwords = "It is ours."\nweight = 1\nmust = true\nkinds = ["patch"]\n'
    )
    policy = {"rubric": str(console.home / "rubric.toml"), "run_max_output_tokens": 777}
    async with scripted() as server:
        gateway: dict[str, Any] = {"base_url": server.base_url, "token_ref": ["env:GW"]}
        table = config_table(gateway, {"reviewer": route()}, policy=policy)
        path = str(write_config(console.home / "own.toml", table))
        await console.run("check", "--config", path, "--level", "5", GW=TOKEN)
        bodies = [json.loads(request.body) for request in server.requests if request.method == "POST"]
    (shaped,) = [body for body in bodies if "text" in body]
    assert '"our_own"' in json.dumps(shaped["text"])
    assert shaped["max_output_tokens"] == 777


async def test_a_rubric_that_cannot_be_used_stops_rung_5_before_anything_is_sent(console: Console) -> None:
    policy = {"rubric": str(console.home / "missing.toml")}
    async with scripted() as server:
        gateway: dict[str, Any] = {"base_url": server.base_url, "token_ref": ["env:GW"]}
        path = str(write_config(console.home / "own.toml", config_table(gateway, policy=policy)))
        result = await console.run("check", "--config", path, "--level", "5", GW=TOKEN)
        assert server.requests == []
        below = await console.run("check", "--config", path, "--level", "4", GW=TOKEN)
    assert (result.code, below.code) == (3, 0)
    assert "missing.toml" in result.stderr
    assert "Next: correct policy.rubric" in result.stderr

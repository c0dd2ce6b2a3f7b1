"""Real agents through the relay to a real model server: what it answers is carried, judged and booked.

Its context is 1,024 tokens, so it answers what is short and refuses the rest.
"""

import json
from pathlib import Path

import pytest
from support.referees.agent_clients import run_agent
from support.referees.forwarder import forward_to
from support.referees.llama_process import MODEL
from support.referees.llama_server import LlamaServer
from support.relay.relays import Relaying, relaying

from console.domain.errors.category import Category
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.call import RelayCallEnded, RelayCallRefused
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

pytestmark = pytest.mark.referee

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
ROLE = {R: Role.WRITER, M: Role.CRITIC, C: Role.FALLBACK}
TABLE = RouteTable(tuple(Route(role, MODEL, family, family.standard_path) for family, role in ROLE.items()))
SHORT = """\
model_instructions_file = "{home}/short.md"
include_permissions_instructions = false
include_environment_context = false
web_search = "disabled"
[skills]
include_instructions = false
[skills.bundled]
enabled = false
[features]
shell_tool = false
unified_exec = false
apps = false
plugins = false
"""
"""A config of Codex with a prompt of a few words; its tools are not part of this model's prompt."""


def ended(relay: Relaying) -> list[RelayCallEnded]:
    return [each for each in relay.events if isinstance(each, RelayCallEnded)]


def said_in(answer: bytes) -> str:
    """Return the text of the last event of a stream of the Responses family."""
    last = answer.rpartition(b'data: {"type":"response.completed"')[2].partition(b"\n\n")[0]
    response = json.loads(b'{"type":"response.completed"' + last)["response"]
    return str(response["output"][0]["content"][0]["text"])


async def test_codex_is_answered_by_a_real_model(llama_server: LlamaServer, tmp_path: Path) -> None:
    (tmp_path / "short.md").write_text("You are a helper.")
    config = SHORT.format(home=tmp_path)
    async with (
        forward_to(llama_server.base_url) as wire,
        relaying(wire.base_url, token=llama_server.key, table=TABLE) as relay,
    ):
        agent = await run_agent(
            "codex", tmp_path, relay.origin, family=R, model="writer", token=relay.client.key, config=config
        )
        [sent] = wire.requests
        answer = wire.answer_to(R.standard_path)
    assert agent.exit_code == 0, agent.said
    assert said_in(answer) in agent.said
    assert json.loads(sent.body)["model"] == MODEL
    [call] = ended(relay)
    result = call.result
    assert (result.status, result.model_reported, call.is_cut) == (SmokeStatus.PASSED, MODEL, False)
    assert call.tokens == (result.input_tokens or 0) + (result.output_tokens or 0) > 0
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert llama_server.key.encode() not in left


@pytest.mark.parametrize(("agent", "family"), [("codex", R), ("opencode", M)])
async def test_a_call_that_is_too_long_for_the_model_is_refused_to_the_agent_in_the_servers_own_words(
    llama_server: LlamaServer, tmp_path: Path, agent: str, family: EndpointFamily
) -> None:
    """OpenCode shortens its conversation and calls again, without end; its calls are limited here."""
    async with (
        forward_to(llama_server.base_url) as wire,
        relaying(wire.base_url, token=llama_server.key, table=TABLE, call_limit=2) as relay,
    ):
        shown = await run_agent(
            agent, tmp_path, relay.origin, family=family, model=ROLE[family].value, token=relay.client.key
        )
        sent, answered = len(wire.requests), [bytes(each.answered) for each in wire.connections]
    assert shown.exit_code != 0
    [refusal] = {
        json.loads(each.partition(b"\r\n\r\n")[2])["error"]["message"] for each in answered if b" 400 " in each[:13]
    }
    calls = ended(relay)
    assert sent == len(calls) <= 2
    refused = [each.result for each in calls if each.result.http_status == 400]
    assert [each.classification and each.classification.category for each in refused] == [Category.INVALID_REQUEST]
    answers = [each for each in calls if each.result.http_status == 200 and not each.is_cut]
    assert {each.result.status for each in answers} <= {SmokeStatus.PASSED}
    if agent == "codex":
        assert refusal in shown.said
        assert not any(isinstance(each, RelayCallRefused) for each in relay.events)
    else:
        assert refusal in shown.said or "may make are used up" in shown.said

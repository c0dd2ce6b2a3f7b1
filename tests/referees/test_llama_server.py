"""The console against a real model server with real weights: what it says of a call is what went over the wire."""

import json
from dataclasses import dataclass

import httpx
import pytest
from support.referees.forwarder import Forwarder, forward_to
from support.referees.llama_process import MODEL
from support.referees.llama_server import LlamaServer
from support.referees.smoke_command import TOKEN_VARIABLE, Ended, SmokeCommand

from console.domain.finding import Severity
from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer
from console.wire.request import Request
from console.wire.sse import SseDecoder

pytestmark = pytest.mark.referee

PATHS = {"planner": "/v1/responses", "critic": "/v1/messages", "fallback": "/v1/chat/completions"}


@dataclass(frozen=True, slots=True)
class Smoked:
    """The command on all three families, and what went over the wire."""

    ended: Ended
    wire: Forwarder


@pytest.fixture(scope="module")
async def smoked(llama_server: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Smoked:
    """Run the command once, for all tests that look at what it says and sends."""
    async with forward_to(llama_server.base_url) as forwarder:
        smoke = SmokeCommand(tmp_path_factory.mktemp("home"))
        return Smoked(await smoke.run(forwarder.base_url, token=llama_server.key), forwarder)


def test_all_three_families_pass_streamed(smoked: Smoked) -> None:
    assert smoked.ended.exit_code == 0, smoked.ended.stderr
    results = smoked.ended.results
    assert {role: result["endpoint_path"] for role, result in results.items()} == PATHS
    for result in results.values():
        assert result["status"] == "passed"
        assert result["category"] is None
        assert result["http_status"] == 200
        assert result["requests_sent"] == 1
        assert 0 <= result["first_byte_ms"] <= result["ttft_ms"] <= result["total_ms"]
        assert result["input_tokens"] > 0
        assert result["output_tokens"] > 0
        assert result["model_reported"] == MODEL
        assert result["finish"]
        assert not [finding for finding in result["findings"] if finding["severity"] == "fail"]


_WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_ASKS: dict[str, dict[str, object]] = {
    "text": {},
    "two tokens": {"max_output_tokens": 2, "max_tokens": 2, "max_completion_tokens": 2},
    "tools": {"tool_choice": "auto"},
}
_DIALECT = {
    EndpointFamily.RESPONSES: {"RSP-STREAM-03", "RSP-STREAM-04", "RSP-B-02", "RSP-B-03"},
    EndpointFamily.CHAT_COMPLETIONS: {"CHT-STREAM-02"},
    EndpointFamily.ANTHROPIC_MESSAGES: set(),
}
"""What this server does otherwise than the vendors."""


def _tools(family: EndpointFamily) -> list[dict[str, object]]:
    match family:
        case EndpointFamily.RESPONSES:
            return [{"type": "function", "name": "get_weather", "parameters": _WEATHER}]
        case EndpointFamily.CHAT_COMPLETIONS:
            return [{"type": "function", "function": {"name": "get_weather", "parameters": _WEATHER}}]
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return [{"name": "get_weather", "input_schema": _WEATHER}]


def _asked(family: EndpointFamily, ask: str, *, stream: bool) -> bytes:
    """Build the console's own request, changed in what is asked for."""
    body = json.loads(FAMILY_WIRES[family].build(MODEL, Request("Count to ten.", 48, is_streamed=stream)))
    body |= {name: value for name, value in _ASKS[ask].items() if name in body or name == "tool_choice"}
    if ask == "tools":
        body["tools"] = _tools(family)
        body["tool_choice"] = {"type": "auto"} if family is EndpointFamily.ANTHROPIC_MESSAGES else "auto"
    return json.dumps(body).encode()


async def _answer(server: LlamaServer, family: EndpointFamily, body: bytes) -> Answer:
    """Send a request and read its answer with the family's own readers."""
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=server.base_url, trust_env=False, timeout=None) as client:
        response = await client.post(family.standard_path, content=body, headers=headers)
    assert response.status_code == 200, response.text
    if response.headers["content-type"].startswith("application/json"):
        return FAMILY_WIRES[family].read(response.json())
    decoder, reader = SseDecoder(), FAMILY_WIRES[family].open_stream()
    for event in decoder.feed(response.content):
        reader.feed(event)
    assert decoder.fault is None
    return reader.close()


@pytest.mark.parametrize("ask", list(_ASKS))
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("family", list(EndpointFamily))
async def test_no_answer_of_it_fails_and_only_its_dialect_is_noted(
    llama_server: LlamaServer, family: EndpointFamily, stream: bool, ask: str
) -> None:
    answer = await _answer(llama_server, family, _asked(family, ask, stream=stream))

    assert answer.is_complete
    assert answer.error is None
    assert [finding for finding in answer.findings if finding.severity is Severity.FAIL] == []
    at_limit = {"COM-U-02"}
    assert {finding.id for finding in answer.findings} <= _DIALECT[family] | at_limit


def test_one_request_a_route_and_no_other(smoked: Smoked, llama_server: LlamaServer) -> None:
    assert len(smoked.wire.connections) == 3
    assert sorted((request.method, request.path) for request in smoked.wire.requests) == sorted(
        ("POST", path) for path in PATHS.values()
    )
    for request in smoked.wire.requests:
        assert request.headers["authorization"] == f"Bearer {llama_server.key}"
        assert "x-api-key" not in request.headers
        assert request.headers["accept-encoding"] == "identity"
        assert ("anthropic-version" in request.headers) == (request.path == "/v1/messages")
        assert json.loads(request.body)["stream"] is True


def test_usage_is_what_the_server_counted(smoked: Smoked) -> None:
    results = smoked.ended.results
    for role in ("planner", "fallback"):  # the server adds its own counters to these two families only
        counters = smoked.wire.answer_to(PATHS[role])
        assert f'"predicted_n":{results[role]["output_tokens"]},'.encode() in counters
    # One prompt under one template: the families must agree on what it cost.
    assert len({result["input_tokens"] for result in results.values()}) == 1


def test_the_document_holds_neither_key_nor_output(smoked: Smoked, llama_server: LlamaServer) -> None:
    final = next(
        json.loads(line.removeprefix("data: "))
        for line in smoked.wire.answer_to("/v1/responses").decode().splitlines()
        if line.startswith("data: ") and '"type":"response.output_text.done"' in line
    )
    said = final["text"].strip()
    assert said
    for stream in (smoked.ended.stdout, smoked.ended.stderr):
        assert llama_server.key not in stream
        assert json.dumps(said)[1:-1] not in stream
        assert said not in stream


async def test_x_api_key_is_accepted(llama: Forwarder, llama_server: LlamaServer, smoke: SmokeCommand) -> None:
    ended = await smoke.run(llama.base_url, token=llama_server.key, auth="x-api-key")

    assert ended.exit_code == 0, ended.stderr
    assert {result["status"] for result in ended.results.values()} == {"passed"}
    assert len(llama.requests) == 3
    for request in llama.requests:
        assert request.headers["x-api-key"] == llama_server.key
        assert "authorization" not in request.headers


@pytest.mark.parametrize("auth", ["bearer", "x-api-key"])
async def test_a_wrong_key_is_an_account_matter(llama: Forwarder, smoke: SmokeCommand, auth: str) -> None:
    ended = await smoke.run(llama.base_url, token="referee-wrong-key", auth=auth)

    assert ended.exit_code == 5
    results = ended.results
    assert set(results) == set(PATHS)
    for result in results.values():
        assert (result["status"], result["category"], result["blame"]) == ("blocked", "account_auth", "account")
        assert result["http_status"] == 401
        assert result["requests_sent"] == 1
        assert result["ttft_ms"] is None
    assert sorted(request.path for request in llama.requests) == sorted(PATHS.values())
    assert {request.method for request in llama.requests} == {"POST"}


async def test_without_its_token_nothing_is_sent(llama: Forwarder, smoke: SmokeCommand) -> None:
    ended = await smoke.run(llama.base_url, token=None)

    assert ended.exit_code == 4
    assert TOKEN_VARIABLE in ended.stderr
    assert llama.connections == []


async def test_another_model_than_asked_for_is_told(
    llama: Forwarder, llama_server: LlamaServer, smoke: SmokeCommand
) -> None:
    """llama.cpp answers a call for any model, with the one that it has."""
    ended = await smoke.run(llama.base_url, "--role", "fallback", token=llama_server.key, model="no-such-model")

    result = ended.results["fallback"]
    assert (result["model"], result["model_reported"]) == ("no-such-model", MODEL)
    assert "COM-B-01" in {finding["id"] for finding in result["findings"]}


async def test_a_dead_server_is_unreachable(mortal_llama_server: LlamaServer, smoke: SmokeCommand) -> None:
    mortal_llama_server.kill()

    ended = await smoke.run(mortal_llama_server.base_url, token=mortal_llama_server.key)

    assert ended.exit_code == 10
    for result in ended.results.values():
        assert (result["status"], result["category"]) == ("failed", "upstream_unavailable")
        assert result["requests_sent"] == 0
        assert result["http_status"] is None


@pytest.mark.parametrize("role", list(PATHS))
async def test_a_server_that_dies_within_its_answer_does_not_pass(
    mortal_llama_server: LlamaServer, smoke: SmokeCommand, role: str
) -> None:
    def kill_at_first_delta(data: bytes) -> None:
        if b"delta" in data:
            mortal_llama_server.kill()

    async with forward_to(mortal_llama_server.base_url, kill_at_first_delta) as forwarder:
        ended = await smoke.run(forwarder.base_url, "--role", role, token=mortal_llama_server.key)

        assert [request.path for request in forwarder.requests] == [PATHS[role]]
    assert ended.exit_code == 10
    result = ended.results[role]
    assert (result["status"], result["category"]) == ("failed", "upstream_unavailable")
    assert "may have been billed" in result["evidence"] + result["action"]
    assert result["http_status"] == 200
    assert result["requests_sent"] == 1

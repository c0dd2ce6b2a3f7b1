"""What the command line says of a stream: a lost connection, a buffered answer, a cut count, a silent stream."""

import json

import pytest
from support.cli.console_process import Console
from support.gateway.scripted_gateway import Steps, scripted
from support.gateway.servers import (
    Peer,
    Request,
    answer_and_close,
    answer_and_reset,
    chunk,
    good_stream,
    head,
    opening,
    raw_server,
    streamed,
    whole,
)

from console.domain.routes.family import EndpointFamily

R = EndpointFamily.RESPONSES
LOST = head(200) + chunk(b"".join(opening(R)))


@pytest.mark.parametrize("script", [answer_and_reset(LOST), answer_and_close(LOST)], ids=["reset", "closed"])
async def test_a_lost_connection_may_have_been_billed_and_exits_with_10(console: Console, script: object) -> None:
    async with raw_server(script) as server:  # type: ignore[arg-type]
        path = console.config_for(server.base_url)
        ended = await console.run("smoke", "--config", path)
    assert ended.code == 10
    assert "upstream_unavailable" in ended.stdout
    assert "may have been billed" in ended.stdout
    assert "would end the same way" not in ended.stdout


async def test_a_clean_end_without_a_marker_stays_a_broken_contract(console: Console) -> None:
    async with raw_server(answer_and_close(streamed(*opening(R)))) as server:
        ended = await console.run("smoke", "--config", console.config_for(server.base_url))
    assert (ended.code, "contract_violation" in ended.stdout) == (1, True)


async def test_content_needs_rung_4(console: Console) -> None:
    ended = await console.run("check", "--content")
    assert ended.code == 2
    assert "add --level 4" in ended.stderr


async def test_a_count_that_is_cut_fails_a_check_that_asks_for_it(console: Console) -> None:
    def text(request: Request, family: EndpointFamily) -> bytes:
        return good_stream(family, "1 2 3 4 5" if b"Count from 1" in request.body else "OK")

    async with scripted(Steps(text=text, shape=text, token=None)) as server:
        path = console.config_for(server.base_url)
        plain = await console.run("check", "--config", path, "--level", "4", "--json")
        asked = await console.run("check", "--config", path, "--level", "4", "--content", "--json")
    assert "CNT-01" not in plain.stdout
    assert asked.code == 1
    assert "5 of 30" in asked.stdout
    json.loads(asked.stdout)


async def test_a_silent_stream_is_explained_by_the_whole_answer_on_request(console: Console) -> None:
    quota = {"message": "You exceeded your current quota", "type": "t", "param": None, "code": "insufficient_quota"}

    def text(request: Request, family: EndpointFamily) -> bytes:
        return streamed() if json.loads(request.body)["stream"] else whole(402, {"error": quota})

    async with scripted(Steps(text=text, token=None)) as server:
        path = console.config_for(server.base_url)
        smoked = await console.run("smoke", "--config", path)
        plain = await console.run("check", "--config", path, "--level", "4")
        sent = len(server.requests)
        crossed = await console.run("check", "--config", path, "--level", "4", "--cross", "--json")
        sent_crossed = len(server.requests) - sent
    assert smoked.code == plain.code == 1
    assert "check --cross" in smoked.stdout
    assert crossed.code == 5
    assert "account_quota" in crossed.stdout
    assert sent_crossed == sent  # the smoke test was one request, and so is the whole call


async def test_one_whole_call_after_a_silent_stream_may_be_answered(console: Console) -> None:
    answer = {
        "id": "r1", "object": "response", "created_at": 1, "model": "m", "status": "completed", "tools": [],
        "parallel_tool_calls": True, "tool_choice": "auto", "usage": {"input_tokens": 3, "output_tokens": 2},
        "output": [{"id": "i1", "type": "message", "role": "assistant", "content": []}],
    }  # fmt: skip

    def text(request: Request, family: EndpointFamily) -> bytes:
        return streamed() if json.loads(request.body)["stream"] else whole(200, answer)

    async with scripted(Steps(text=text, token=None)) as server:
        path = console.config_for(server.base_url)
        crossed = await console.run("check", "--config", path, "--level", "4", "--cross", "--json")
    assert crossed.code == 1
    assert "PAR-01" in crossed.stdout


async def test_usage_of_zero_is_not_believed(console: Console) -> None:
    async def zero(peer: Peer, _: Request) -> None:
        body = good_stream(R, "OK, done.").replace(b'"output_tokens": 2', b'"output_tokens": 0')
        await peer.send(body.replace(b'"input_tokens": 3', b'"input_tokens": 0'))

    async with raw_server(zero) as server:
        ended = await console.run("smoke", "--config", console.config_for(server.base_url), "--json")
    (result,) = ended.document["results"]
    assert (result["input_tokens"], result["output_tokens"]) == (None, None)
    assert "RSP-U-01" in [finding["id"] for finding in result["findings"]]
    assert (result["arrival"], result["is_at_limit"]) == ("few", False)

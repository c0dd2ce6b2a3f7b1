"""What the one client of the gateway sends: every header, every byte of the body, and nothing from the environment."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from support.gateway.servers import (
    END,
    Peer,
    RawServer,
    Request,
    answer_with,
    chunk,
    connection_server,
    good_stream,
    head,
    raw_server,
    stay_silent,
    whole,
)
from support.probes.smoking import FAMILIES, TOKEN, patient, smoke_all, smoke_once, table

from console import __version__
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.tokens.secret import Secret
from console.services.gateway.call import read_whole
from console.services.gateway.client import Chunk, Gateway, Started, Written
from console.services.gateway.failure import CallError

pytestmark = pytest.mark.usefixtures("no_trust_store")

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
BODIES = {
    R: {"model": "m", "input": "Reply with OK.", "max_output_tokens": 64, "store": False, "stream": True},
    M: {"model": "m", "messages": [{"role": "user", "content": "Reply with OK."}], "max_tokens": 64, "stream": True},
    C: {
        "model": "m",
        "messages": [{"role": "user", "content": "Reply with OK."}],
        "max_completion_tokens": 64,
        "stream": True,
        "stream_options": {"include_usage": True},
    },
}


def client_of(server: RawServer) -> Gateway:
    return Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url))


async def request_of(family: EndpointFamily, **settings: object) -> tuple[Request, str]:
    """Smoke once and return the request that came, and the host that it was for."""
    async with raw_server(answer_with(good_stream(family))) as server:
        result = await smoke_once(server.base_url, family, **settings)
        assert result.status is SmokeStatus.PASSED
        (request,) = server.requests
        return request, server.base_url.removeprefix("http://")


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_request_has_exactly_these_headers_and_this_body(family: EndpointFamily) -> None:
    request, host = await request_of(family)
    expected = {
        "host": host,
        "connection": "keep-alive",
        "user-agent": f"gateway-console/{__version__}",
        "accept": "text/event-stream",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": str(len(request.body)),
        "authorization": f"Bearer {TOKEN}",
    }
    if family is M:
        expected["anthropic-version"] = "2023-06-01"
    assert dict(request.headers) == expected
    assert len(request.headers) == len(expected)
    assert (request.method, request.path) == ("POST", family.standard_path)
    assert json.loads(request.body) == BODIES[family]


KEYS = ("authorization", "x-api-key", "api-key", "x-portkey-api-key", "cf-aig-authorization")


@pytest.mark.parametrize("name", KEYS[1:])
@pytest.mark.parametrize("family", FAMILIES)
async def test_the_token_goes_into_the_header_that_the_profile_names(family: EndpointFamily, name: str) -> None:
    request, _ = await request_of(family, auth=name)
    value = f"Bearer {TOKEN}" if name == "cf-aig-authorization" else TOKEN
    assert {each: request.header(each) for each in KEYS} == dict.fromkeys(KEYS) | {name: value}


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_gateway_that_takes_no_token_gets_none(family: EndpointFamily) -> None:
    request, _ = await request_of(family, token=None)
    assert [request.header(each) for each in ("authorization", "x-api-key", "api-key")] == [None] * 3


async def test_the_anthropic_version_is_the_profiles_and_goes_to_messages_only() -> None:
    assert (await request_of(M, anthropic_version="2026-10-21"))[0].header("anthropic-version") == "2026-10-21"
    assert (await request_of(C, anthropic_version="2026-10-21"))[0].header("anthropic-version") is None


async def test_more_headers_of_the_profile_are_sent_as_they_are() -> None:
    request, _ = await request_of(R, headers={"X-Tags": "console, smoke"})
    assert request.header("x-tags") == "console, smoke"


async def test_a_header_of_the_call_takes_the_place_of_ours_whatever_its_case() -> None:
    async with raw_server(answer_with(whole(200, {}))) as server, client_of(server) as gateway:
        call = gateway.call("/v1/x", R, b"{}", headers={"User-Agent": "agent/1", "ACCEPT": "*/*"})
        assert [type(part) for part in [part async for part in call]] == [Written, Started, Chunk]
    sent = [pair for pair in server.requests[0].headers if pair[0] in ("user-agent", "accept")]
    assert sorted(sent) == [("accept", "*/*"), ("user-agent", "agent/1")]


async def test_the_heads_of_an_answer_are_found_by_their_names_in_lower_case() -> None:
    told = whole(200, {}, "X-Request-Id: req-1", "x-request-id: req-2", "X-Name: M\u00fcller")
    async with raw_server(answer_with(told)) as server, client_of(server) as gateway:
        parts = [part async for part in gateway.call("/v1/x", R, b"{}")]
    headers = parts[1].headers
    assert (headers["x-request-id"], headers["x-name"]) == ("req-1, req-2", "M\u00fcller")


async def test_a_prefix_of_the_base_url_stays_before_the_path() -> None:
    async with raw_server(answer_with(good_stream(R))) as server:
        await smoke_once(server.base_url + "/gateway/", R)
    assert [request.path for request in server.requests] == ["/gateway/v1/responses"]


async def test_a_whole_answer_is_asked_for_without_a_stream() -> None:
    async with raw_server(answer_with(whole(200, {"ok": True}))) as server, client_of(server) as gateway:
        parts = [part async for part in gateway.call("/v1/x", R, b"{}", stream=False)]
    assert server.requests[0].header("accept") == "application/json"
    assert [type(part).__name__ for part in parts] == ["Written", "Started", "Chunk"]


async def test_opening_and_closing_a_client_connects_to_nothing() -> None:
    async with raw_server(answer_with(b"")) as server, client_of(server):
        pass
    assert server.connections == 0


async def test_a_cookie_that_the_gateway_sets_is_never_sent_back() -> None:
    refusal = whole(401, {"error": {}}, "set-cookie: session=abc; Path=/")
    async with raw_server(answer_with(refusal)) as server:
        await smoke_all(server.base_url, routes=table(R, Role.PLANNER, Role.WRITER), concurrency=1)
    assert len(server.requests) == 2
    assert [request.header("cookie") for request in server.requests] == [None, None]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async def swallow(peer: Peer) -> None:
        await peer.wait_until_left()

    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    async with connection_server(swallow) as proxy, raw_server(answer_with(good_stream(R))) as server:
        monkeypatch.setenv(name, proxy.base_url)
        assert (await smoke_once(server.base_url)).status is SmokeStatus.PASSED
    assert proxy.connections == 0


async def test_a_netrc_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert (await request_of(R, token=None))[0].header("authorization") is None


@pytest.mark.parametrize("parts", [1, 2])
async def test_a_call_that_is_closed_early_ends_its_connection_while_the_client_stays_open(parts: int) -> None:
    async def begin_and_wait(peer: Peer, request: Request) -> None:
        if parts == 2:
            await peer.send(head(200))
        await stay_silent(peer, request)

    async with raw_server(begin_and_wait) as server, client_of(server) as gateway:
        call = gateway.call("/v1/x", R, b"{}", stream=True)
        assert [type(await anext(call)) for _ in range(parts)] == [Written, Started][:parts]
        await server.came.wait()
        await call.aclose()
        await server.peers[0].has_left.wait()
    assert len(server.requests) == 1


async def test_the_request_is_written_before_any_answer_and_said_so() -> None:
    seen = asyncio.Event()

    async def answer_when_seen(peer: Peer, _: Request) -> None:
        await seen.wait()
        await peer.send(whole(200, {"ok": True}))

    names = []
    async with raw_server(answer_when_seen) as server, client_of(server) as gateway:
        async for part in gateway.call("/v1/x", R, b"{}", stream=True):
            names.append(type(part).__name__)
            seen.set()
    assert names == ["Written", "Started", "Chunk"]


async def test_a_request_that_got_no_answer_is_not_sent_again() -> None:
    """The library repeats a GET by itself where the connection ended, and a POST never."""

    async def leave(peer: Peer, _: Request) -> None:
        peer.writer.close()

    async with raw_server(leave) as server, client_of(server) as gateway:
        with pytest.raises(CallError) as caught:
            await read_whole(gateway.call("/models", None, None), limit=100)
        assert caught.value.was_sent
        assert [each.method for each in server.requests] == ["GET"]


async def test_a_flood_of_tiny_events_lets_others_run_after_every_few_kilobytes() -> None:
    flood = head(200) + chunk(b": \n\n") * 50_000 + END
    turns = 0
    bytes_in_turn: Counter[int] = Counter()

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with raw_server(answer_with(flood)) as server, client_of(server) as gateway:
        other = asyncio.create_task(take_turns())
        async for part in gateway.call("/v1/x", C, b"{}", stream=True):
            if isinstance(part, Chunk):
                bytes_in_turn[turns] += len(part.data)
        other.cancel()
    assert bytes_in_turn.total() == 200_000
    assert max(bytes_in_turn.values()) <= 2 * 16_384


async def test_a_large_request_counts_as_written_once_all_of_it_is() -> None:
    body, read_on = b" " * (24 * 1024 * 1024), asyncio.Event()
    received = 0

    async def read_slowly(peer: Peer) -> None:
        nonlocal received
        await peer.reader.readuntil(b"\r\n\r\n")
        await read_on.wait()
        while received < len(body):
            received += len(await peer.reader.read(1024 * 1024))
        await peer.send(whole(200, b"{}"))

    async with connection_server(read_slowly) as server, client_of(server) as gateway:
        parts = gateway.call("/v1/responses", R, body)
        first = asyncio.ensure_future(anext(parts))
        while not server.peers:
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert not first.done()
        read_on.set()
        assert isinstance(await first, Written)
        assert [type(part) async for part in parts] == [Started, Chunk]
    assert received == len(body)

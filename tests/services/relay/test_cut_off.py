"""A client that the operator cuts off: its calls in flight end, the next ones are refused, and it can come back."""

import asyncio

import aiohttp
import pytest
from support.gateway.budgets import reservations_of
from support.gateway.servers import (
    Peer,
    Request,
    answer_with,
    chunk,
    good_stream,
    head,
    opening,
    raw_server,
    stay_silent,
)
from support.relay.relays import MODEL_OF, C, M, R, body_of, kinds, relaying

from console.domain.relay.call import RelayCallEnded
from console.domain.routes.family import EndpointFamily

pytestmark = pytest.mark.usefixtures("no_trust_store")


@pytest.mark.parametrize("family", list(EndpointFamily))
async def test_a_call_without_an_answer_yet_is_refused_in_its_dialect_and_nothing_more_is_sent(
    family: EndpointFamily,
) -> None:
    async with raw_server(stay_silent) as gateway, relaying(gateway.base_url) as relay:
        call = asyncio.create_task(relay.post(family.standard_path, body_of(family, MODEL_OF[family])))
        await gateway.came.wait()
        relay.client.cut_off()
        first = await call
        await gateway.peers[0].has_left.wait()
        later = await relay.post(family.standard_path, body_of(family, MODEL_OF[family]))
    code = "type" if family is EndpointFamily.ANTHROPIC_MESSAGES else "code"
    for got in (first, later):
        assert (got.status, got.headers["x-should-retry"]) == (
            400 if family is EndpointFamily.RESPONSES else 403,
            "false",
        )
        assert got.error[code] in ("cut_off", "permission_error")
        assert "cut this client off" in str(got.error["message"])
    assert len(gateway.requests) == 1
    assert kinds(relay.events) == ["RelayCallBegun", "RelayCallEnded", "RelayCallRefused"]


async def test_a_stream_breaks_off_and_all_that_was_set_aside_for_it_is_booked() -> None:
    async def half(peer: Peer, _: Request) -> None:
        await peer.send(head() + b"".join(chunk(each) for each in opening(R, "gpt-5.1")))
        await peer.wait_until_left()

    reservations = reservations_of(tokens=1_000)
    async with (
        raw_server(half) as gateway,
        relaying(gateway.base_url, reservations=reservations) as relay,
        relay.http.post(
            relay.origin + R.standard_path,
            json=body_of(R, "gpt-5.1"),
            headers={"authorization": f"Bearer {relay.client.key}"},
        ) as answer,
    ):
        await answer.content.readany()
        relay.client.cut_off()
        relay.client.cut_off()
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
        await gateway.peers[0].has_left.wait()
    ended = relay.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert (ended.is_cut, relay.client.in_flight) == (True, 0)
    assert reservations.budget.spent.tokens == ended.tokens > 64


async def test_it_learns_nothing_more_and_its_key_is_good_again_once_it_is_let_in() -> None:
    async with raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway, relaying(gateway.base_url) as relay:
        relay.client.cut_off()
        headers = {"authorization": f"Bearer {relay.client.key}"}
        async with relay.http.get(f"{relay.origin}/v1/models", headers=headers) as models:
            assert models.status == 403
        counted = await relay.post(f"{M.standard_path}/count_tokens", body_of(M, "critic"))
        refused = await relay.post(C.standard_path, b"not even JSON")
        assert (counted.status, refused.status, gateway.requests) == (403, 403, [])
        relay.client.is_cut_off = False
        assert (await relay.post(R.standard_path, body_of(R, "writer"))).status == 200

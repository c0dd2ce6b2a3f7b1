"""Deliveries: in order, each once or counted as given up, bounded in time, and never to another origin."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from support.system.loop_clock import held_loop_clock
from support.watch.webhooks import MoodyWebhook

from console.domain.tokens.secret import Secret
from console.services.gateway.post_address import PostAddress
from console.services.system.leak_guard import LEAK_GUARD
from console.services.watch.courier import (
    BATCH_LIMIT,
    WAITING_LIMIT,
    WAITS_S,
    Courier,
    CourierEvent,
    CourierFailed,
    CourierWorks,
)

HOOK_TOKEN = "-".join(["hk", "Zx9cVb8nMq", "WeRtYu1iOp"])


def body(items: Sequence[int], dropped: int) -> bytes:
    return json.dumps({"events": [{"id": each} for each in items], "dropped": dropped}).encode()


@contextlib.asynccontextmanager
async def courier_to(
    hook: MoodyWebhook, **more: object
) -> AsyncIterator[tuple[Courier[int], list[CourierEvent], list[float]]]:
    """Deliver to a webhook while the block runs, with waits that are only noted."""
    told: list[CourierEvent] = []
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    address = PostAddress.parse(f"http://127.0.0.1:{hook.port}/hook")
    courier: Courier[int] = Courier(address, body, told.append, **{"pause": pause, **more})
    delivering = asyncio.ensure_future(courier.run())
    try:
        yield courier, told, waits
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)


async def test_what_is_put_while_a_delivery_is_tried_again_follows_it_in_order() -> None:
    async with MoodyWebhook(("500", "closes", "takes")).serving() as hook, courier_to(hook) as (courier, told, waits):
        courier.put(1)
        await hook.came.wait()
        for item in range(2, 2 + 2 * BATCH_LIMIT):
            courier.put(item)
        hook.is_good = True
        await courier.finish()
    assert hook.ids == list(range(1, 2 + 2 * BATCH_LIMIT))
    assert [type(each) for each in told] == [CourierFailed, CourierWorks]
    assert (courier.dropped, courier.waiting, waits[:1]) == (0, 0, [WAITS_S[0]])


async def test_a_delivery_is_given_up_after_its_last_try_and_the_next_one_says_how_much_was_lost() -> None:
    tries = len(WAITS_S) + 1
    moods = ("500",) * tries + ("takes",)
    async with (
        MoodyWebhook(moods, keeps_requests=True).serving() as hook,
        courier_to(hook) as (courier, told, waits),
    ):
        courier.put(1)
        await courier.finish()
        assert (courier.dropped, hook.ids) == (1, [])
        courier.put(2)
        await courier.finish()
    assert json.loads(hook.requests[-1].body) == {"events": [{"id": 2}], "dropped": 1}
    assert [type(each) for each in told] == [CourierFailed, CourierWorks]
    assert waits == list(WAITS_S)


async def test_of_too_many_the_oldest_are_given_up_and_counted() -> None:
    async with MoodyWebhook(("takes",)).serving() as hook, courier_to(hook) as (courier, _, _):
        for item in range(WAITING_LIMIT + 10):
            courier.put(item)
        await courier.finish()
    assert hook.ids == list(range(10, WAITING_LIMIT + 10))
    assert courier.dropped_in_all == 10


async def test_a_webhook_that_hangs_is_left_after_its_deadline_and_delays_nothing_else() -> None:
    """The loop's clock is the test's own: a deadline passes when the test says so."""
    async with MoodyWebhook(("hangs",)).serving() as hook, courier_to(hook) as (courier, told, _):
        with held_loop_clock() as clock:
            courier.put(1)
            await hook.came.wait()
            await clock.run_until_done(courier.finish())
    assert (hook.ids, courier.dropped + courier.waiting) == ([], 1)
    assert len(told) == 1


async def test_a_redirect_is_not_followed_and_no_token_but_its_own_is_sent() -> None:
    gateways = Secret("-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"]))
    LEAK_GUARD.add(gateways)
    async with (
        MoodyWebhook(("redirects", "takes"), keeps_requests=True).serving() as hook,
        courier_to(hook, secret=Secret(HOOK_TOKEN)) as (courier, _, _),
    ):
        courier.put(1)
        await courier.finish()
    assert [each.path for each in hook.requests] == ["/hook", "/hook"]
    assert {each.header("authorization") for each in hook.requests} == {f"Bearer {HOOK_TOKEN}"}


async def test_a_text_that_holds_a_token_of_this_process_is_never_sent() -> None:
    LEAK_GUARD.add(Secret(HOOK_TOKEN))
    async with MoodyWebhook(("takes",)).serving() as hook:
        async with courier_to(hook) as (courier, told, _):
            courier._body_of = lambda *_: json.dumps({"events": [], "x": HOOK_TOKEN}).encode()
            courier.put(1)
            await courier.finish()
        assert sum(hook.moods.values()) == 0
    assert len(told) == 1


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://h.example", ("https://h.example", "/")),
        ("https://h.example:8443/a/b?c=d", ("https://h.example:8443", "/a/b?c=d")),
        ("http://127.0.0.1:9/x", ("http://127.0.0.1:9", "/x")),
    ],
)
def test_an_address_is_one_origin_and_one_path(url: str, parts: tuple[str, str]) -> None:
    found = PostAddress.parse(url)
    assert (found.origin, found.path) == parts


@pytest.mark.parametrize(
    "url",
    ["", "h.example", "http://h.example/s3cr3t", "https://u:p@h.example/s3cr3t", "https://h.example/s3cr3t#x",
     "https://h.example/s3 cr3t", "https://h.example\\@evil.example/s3cr3t", "https://[::1/s3cr3t", "file:///s3cr3t"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(?!.*s3cr3t)"):
        PostAddress.parse(url)

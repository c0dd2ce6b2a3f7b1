"""What our relay adds to a call: `python -m tests.bench.relaying [ROUNDS]`.

`added ttft` is the 99th percentile, over 50 paced streams that run at once, of the time from the server's first delta
until the client has read it, through our relay and straight, in ms. `CPU` is what the process in between takes for 50
such streams with 200 deltas each, ours and that of an aiohttp proxy that only copies, or LiteLLM's proxy.
"""

import asyncio
import sys
import time
from contextlib import ExitStack

import aiohttp

from .harness.measuring import MissingAnchorError, Row, missing, percentile, print_rows, rounds_of, row
from .harness.paced import PATH, order_of, paced, stamps
from .harness.relays import MODEL, Between, between, litellm

STREAMS = 50
WAIT_MS, GAP_MS = 300, 20
APART_MS = 7
"""How far apart the first deltas of two streams are: agents do not ask in the same millisecond."""
BODY = '{"model":"%s","messages":[{"role":"user","content":"%s"}],"stream":true,"max_tokens":4096}'


async def _late_ms(base_url: str, key: str, gateway: str, deltas: int) -> float:
    """Return the 99th percentile of how late clients read the first delta, in ms."""
    seen: dict[str, float] = {}

    async def call(session: aiohttp.ClientSession, number: int) -> None:
        order = order_of(f"c{number}", wait_ms=WAIT_MS + number * APART_MS, gap_ms=GAP_MS, deltas=deltas)
        body = (BODY % (MODEL, order)).encode()
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        rest = b""
        async with session.post(base_url + PATH, data=body, headers=headers) as answer:
            async for data in answer.content.iter_any():
                if f"c{number}" not in seen:
                    rest += data
                    if b'" the"' in rest:
                        seen[f"c{number}"] = time.monotonic()
            assert answer.status == 200

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True)) as session:
        await asyncio.gather(*(call(session, number) for number in range(STREAMS)))
    sent = await asyncio.to_thread(stamps, gateway)
    return percentile([(seen[each] - sent[each]) * 1000 for each in sent], 99)


def _cpu_s(each: Between, gateway: str) -> float:
    before = each.cpu_s()
    asyncio.run(_late_ms(each.base_url, each.key, gateway, 200))
    return each.cpu_s() - before


def measure(rounds: int) -> dict[str, Row]:
    """Return the row of the time and those of the CPU."""
    through: list[float] = []
    straight: list[float] = []
    costs: dict[str, list[float]] = {"relay": [], "copy": [], "litellm": []}
    why_missing = ""
    with ExitStack() as stack:
        gateway = stack.enter_context(paced())
        sides = {name: stack.enter_context(between(name, gateway)) for name in ("relay", "copy")}
        try:
            sides["litellm"] = stack.enter_context(litellm(gateway))
        except MissingAnchorError as error:
            why_missing = str(error)
        relay = sides["relay"]
        for number in range(rounds + 1):
            late = asyncio.run(_late_ms(relay.base_url, relay.key, gateway, 20))
            direct = asyncio.run(_late_ms(gateway, "none", gateway, 20))
            cost = {name: _cpu_s(each, gateway) for name, each in sides.items()}
            if number:  # the first round warms up
                through.append(late)
                straight.append(direct)
                for name, seconds in cost.items():
                    costs[name].append(seconds)
    added = [max(0.0, one - other) for one, other in zip(through, straight, strict=True)]
    note = f"straight {sorted(straight)[len(straight) // 2]:.2f} ms"
    ours, name = costs["relay"], "LiteLLM's proxy"
    return {
        "added ttft": Row(ours=added, unit="ms p99", note=note),
        "CPU": row(ours, costs["copy"], "a copying proxy", "s CPU"),
        "CPU, of LiteLLM": missing(why_missing, name) if why_missing else row(ours, costs["litellm"], name, "s CPU"),
    }


if __name__ == "__main__":
    print_rows(measure(rounds_of(sys.argv[1:])))

"""What our relay adds to a call: `python -m tests.bench.relaying [ROUNDS]`.

`added ttft` is the 99th percentile, over 50 paced streams that run at once, of the time from the server's first delta
until the client has read it, through our relay and straight, in ms. `CPU` is what the process in between takes for 50
such streams with 200 deltas each, ours and that of an aiohttp proxy that only copies.
"""

import asyncio
import sys
import time

import aiohttp

from .harness.measuring import Row, percentile, print_rows, rounds_of, row
from .harness.paced import paced, path_of, stamps
from .harness.relays import MODEL, between

STREAMS = 50
WAIT_MS, GAP_MS = 300, 20
APART_MS = 7
"""How far apart the first deltas of two streams are: agents do not ask in the same millisecond."""
BODY = b'{"model":"%s","messages":[{"role":"user","content":"Say hello."}],"stream":true,"max_tokens":4096}'


async def _late_ms(base_url: str, key: str, gateway: str, deltas: int) -> float:
    """Return the 99th percentile of how late clients read the first delta, in ms."""
    seen: dict[str, float] = {}

    async def call(session: aiohttp.ClientSession, number: int) -> None:
        path = path_of(f"c{number}", wait_ms=WAIT_MS + number * APART_MS, gap_ms=GAP_MS, deltas=deltas)
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        rest = b""
        async with session.post(base_url + path, data=BODY % MODEL.encode(), headers=headers) as answer:
            async for data in answer.content.iter_any():
                if f"c{number}" not in seen:
                    rest += data
                    if b'"content":" the"' in rest:
                        seen[f"c{number}"] = time.monotonic()
            assert answer.status == 200

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True)) as session:
        await asyncio.gather(*(call(session, number) for number in range(STREAMS)))
    sent = await asyncio.to_thread(stamps, gateway)
    return percentile([(seen[each] - sent[each]) * 1000 for each in sent], 99)


def measure(rounds: int) -> dict[str, Row]:
    """Return the row of the time and that of the CPU."""
    through: list[float] = []
    straight: list[float] = []
    ours: list[float] = []
    copied: list[float] = []
    with paced() as gateway, between("relay", gateway) as relay, between("copy", gateway) as copy:
        for number in range(rounds + 1):
            late = asyncio.run(_late_ms(relay.base_url, relay.key, gateway, 20))
            direct = asyncio.run(_late_ms(gateway, "none", gateway, 20))
            costs = []
            for each in (relay, copy):
                before = each.cpu_s()
                asyncio.run(_late_ms(each.base_url, each.key, gateway, 200))
                costs.append(each.cpu_s() - before)
            if number:  # the first round warms up
                through.append(late)
                straight.append(direct)
                ours.append(costs[0])
                copied.append(costs[1])
    added = [max(0.0, one - other) for one, other in zip(through, straight, strict=True)]
    note = f"straight {sorted(straight)[len(straight) // 2]:.2f} ms"
    return {
        "added ttft": Row(ours=added, unit="ms p99", note=note),
        "CPU": row(ours, copied, "a copying proxy", "s CPU"),
    }


if __name__ == "__main__":
    print_rows(measure(rounds_of(sys.argv[1:])))

"""Anchor: the official SDKs read a stream from the loopback server. `python -m tests.bench.anchors.sdks FAMILY URL`.

It prints the CPU time of the second of two streams: the first one builds the SDK's own tables.
"""

import asyncio
import sys
import time

from console.domain.routes.family import EndpointFamily

TOKEN = "loopback"


async def read_stream(family: EndpointFamily, base_url: str) -> int:
    """Read one stream to its end with the family's SDK and return how many events it gave."""
    if family is EndpointFamily.ANTHROPIC_MESSAGES:
        from anthropic import AsyncAnthropic

        root = base_url.removesuffix("/v1")  # this SDK adds the version itself
        async with AsyncAnthropic(base_url=root, api_key=TOKEN, max_retries=0) as anthropic:
            ask = [{"role": "user", "content": "Reply."}]
            stream = await anthropic.messages.create(model="m", max_tokens=64, messages=ask, stream=True)
            return sum([1 async for _ in stream])
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=base_url, api_key=TOKEN, max_retries=0) as openai:
        if family is EndpointFamily.RESPONSES:
            stream = await openai.responses.create(model="m", input="Reply.", stream=True)
        else:
            ask = [{"role": "user", "content": "Reply."}]
            stream = await openai.chat.completions.create(model="m", messages=ask, stream=True)
        return sum([1 async for _ in stream])


async def cpu_s(family: EndpointFamily, short_url: str, base_url: str) -> float:
    """Return the CPU time of reading the second server's stream."""
    await read_stream(family, short_url)
    start = time.process_time()
    count = await read_stream(family, base_url)
    took_s = time.process_time() - start
    assert count > 1000, count
    return took_s


if __name__ == "__main__":
    print(asyncio.run(cpu_s(EndpointFamily(sys.argv[1]), *sys.argv[2:4])))

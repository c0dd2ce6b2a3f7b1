"""A cold sweep of 54 routes in one command against nine: `python tests/bench/sweep.py [ROUNDS]`.

A loopback gateway holds each answer for 100 ms. Each round runs every case once. With GATEWAY_CONSOLE_BENCH_PROMPTFOO,
the path of a promptfoo program, `promptfoo eval` of 50 calls is a case too.
"""

import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("gateway-console"))
PROFILES = 9
ROLES = ("planner", "writer", "revision", "reviewer", "critic", "fallback")
HELD_S = 0.1
"""How long the gateway holds each answer."""

_EVENTS = (
    {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": {"content": "OK"}}]},
    {
        "id": "c",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    },
)
_STREAM = b"".join(f"data: {json.dumps(each)}\n\n".encode() for each in _EVENTS) + b"data: [DONE]\n\n"
_WHOLE = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
    }
).encode()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            is_stream = b'"stream":true' in (await reader.readexactly(size)).replace(b" ", b"")
            await asyncio.sleep(HELD_S)
            kind, body = (b"text/event-stream", _STREAM) if is_stream else (b"application/json", _WHOLE)
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (kind, len(body), body)
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


@asynccontextmanager
async def _gateway() -> AsyncIterator[str]:
    async with await asyncio.start_server(_answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _config(base_url: str) -> str:
    lines = ["schema = 1", 'default_profile = "p0"']
    for number in range(PROFILES):
        lines += [f"[profiles.p{number}.gateway]", f'base_url = "{base_url}"', "concurrency = 64"]
        for role in ROLES:
            lines += [f"[profiles.p{number}.routes.{role}]", 'model = "m"', 'endpoint_family = "chat_completions"']
            lines.append('endpoint_path = "/v1/chat/completions"')
    return "\n".join(lines) + "\n"


async def _run(*command: str) -> None:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet)
    if await process.wait() not in (0, 100):  # promptfoo ends with 100 if an assertion fails
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")


async def _timed(commands: Sequence[Sequence[str]], *, at_once: bool) -> dict[str, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    if at_once:
        await asyncio.gather(*(_run(*command) for command in commands))
    else:
        for command in commands:
            await _run(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": time.perf_counter() - start, "cpu_s": cpu}


async def _measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with _gateway() as base_url:
            config = Path(folder, "config.toml")
            config.write_text(_config(base_url), encoding="utf-8")
            smoke = (COMMAND, "smoke", "--config", str(config))
            each = [(*smoke, "--profile", f"p{number}") for number in range(PROFILES)]
            cases = {
                "one command": ([(*smoke, "--all-profiles")], False),
                "nine, one after another": (each, False),
                "nine at once": (each, True),
            }
            if promptfoo := os.environ.get("GATEWAY_CONSOLE_BENCH_PROMPTFOO"):
                cases["promptfoo, 50 calls"] = ([_promptfoo(promptfoo, Path(folder), base_url)], False)
            for _ in range(rounds):
                for name, (commands, at_once) in cases.items():
                    for what, value in (await _timed(commands, at_once=at_once)).items():
                        found.setdefault(name, {}).setdefault(what, []).append(value)
    return found


def _promptfoo(program: str, folder: Path, base_url: str) -> Sequence[str]:
    provider = {"id": "openai:chat:m", "config": {"apiBaseUrl": f"{base_url}/v1", "apiKey": "none"}}
    tests = [{"vars": {"n": str(number)}} for number in range(50)]
    path = folder / "promptfooconfig.json"
    path.write_text(
        json.dumps({"prompts": ["say OK {{n}}"], "providers": [provider], "tests": tests}), encoding="utf-8"
    )
    return (program, "eval", "-c", str(path), "-j", "50", "--no-cache", "--no-table", "--no-progress-bar")


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Run all cases in turn; return each one's wall and CPU seconds, a value a round."""
    return asyncio.run(_measure(rounds))


def main() -> None:
    """Print each case's medians with their ranges, and its ratio to the one command."""
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    for name, kinds in found.items():
        words = []
        for what, values in kinds.items():
            middle, ours = statistics.median(values), statistics.median(found["one command"][what])
            words.append(f"{what} {middle:.2f} ({min(values):.2f}..{max(values):.2f}), {middle / ours:.1f}x")
        print(f"{name:26} {'   '.join(words)}")


if __name__ == "__main__":
    main()

"""The embedded gateway as a process: one line on stdout, an end with its parent, and nothing left behind."""

import asyncio
import contextlib
import json
import math
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.waiting import HANG_S

from console.domain.tokens.secret import Secret
from console.simulator.embedded import SimulatorError, embedded_gateway


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text().split())


async def open_connection(base_url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(base_url)
    return await asyncio.open_connection(address.hostname, address.port)


async def is_listening(base_url: str) -> bool:
    try:
        _, writer = await open_connection(base_url)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@contextlib.asynccontextmanager
async def process(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def announced(child: asyncio.subprocess.Process) -> dict[str, str]:
    assert child.stdout is not None
    return dict(json.loads(await child.stdout.readline()))


async def ended(child: asyncio.subprocess.Process) -> tuple[int, bytes, bytes]:
    stdout, stderr = await child.communicate()
    assert child.returncode is not None
    return child.returncode, stdout, stderr


async def test_it_announces_itself_in_one_json_line_listens_and_ends_when_its_stdin_closes() -> None:
    async with process("-m", "console.simulator") as child:
        line = await announced(child)
        assert set(line) == {"schema", "base_url", "token"}
        assert line["schema"] == "gateway-console/simulate/v1"
        assert line["base_url"].startswith("http://127.0.0.1:")
        assert len(line["token"]) >= 32
        assert await is_listening(line["base_url"])
        assert child.stdin is not None
        child.stdin.close()
        assert await ended(child) == (0, b"", b"")
        assert not await is_listening(line["base_url"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_it_ends_in_good_order_on_a_signal(number: signal.Signals) -> None:
    async with process("-m", "console.simulator") as child:
        await announced(child)
        child.send_signal(number)
        assert await ended(child) == (0, b"", b"")


async def test_an_open_stream_does_not_hold_up_its_end() -> None:
    async with process("-m", "console.simulator") as child:
        line = await announced(child)
        reader, writer = await open_connection(line["base_url"])
        body = json.dumps({"model": "gpt-route-placeholder", "input": "x", "stream": True}).encode()
        head = f"POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {line['token']}\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        child.send_signal(signal.SIGTERM)
        code, _, stderr = await ended(child)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        assert (code, stderr) == (0, b"")


async def test_the_embedded_gateway_runs_beside_its_block_and_leaves_no_process() -> None:
    """No process is killed here: its end is waited for without a bound."""
    before = children()
    async with embedded_gateway(HANG_S, end_timeout_s=math.inf) as gateway:
        assert len(children() - before) == 1
        assert await is_listening(gateway.base_url)
        assert isinstance(gateway.token, Secret)
        assert "sim-" not in repr(gateway)
    assert children() == before
    assert not await is_listening(gateway.base_url)


async def test_a_process_that_does_not_end_by_itself_is_killed() -> None:
    before = children()
    async with embedded_gateway(HANG_S, end_timeout_s=0.01):
        (pid,) = children() - before
        os.kill(int(pid), signal.SIGSTOP)
    assert children() == before


async def test_the_embedded_gateway_ends_when_its_block_raises() -> None:
    before = children()
    with pytest.raises(ZeroDivisionError):
        async with embedded_gateway(HANG_S):
            raise ZeroDivisionError
    assert children() == before


async def test_a_start_that_takes_too_long_is_given_up_and_leaves_no_process() -> None:
    before = children()
    with pytest.raises(SimulatorError, match=r"did not start within 0\.001 s"):
        async with embedded_gateway(0.001):
            pass
    assert children() == before


async def test_a_cancelled_start_leaves_no_process() -> None:
    before = children()

    async def start() -> None:
        async with embedded_gateway(HANG_S):
            await asyncio.Event().wait()

    starting = asyncio.create_task(start())
    while children() == before:
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert children() == before


async def test_the_process_gets_no_token_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_GATEWAY_TOKEN", "tk-value-of-the-environment")
    before = children()
    async with embedded_gateway(HANG_S):
        (pid,) = children() - before
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"tk-value-of-the-environment" not in environment


async def test_it_does_not_outlive_a_parent_that_is_killed() -> None:
    code = (
        "import asyncio\n"
        "from console.simulator.embedded import embedded_gateway\n"
        "async def main():\n"
        f"    async with embedded_gateway({HANG_S}) as gateway:\n"
        "        print(gateway.base_url, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    async with process("-c", code) as parent:
        assert parent.stdout is not None
        base_url = (await parent.stdout.readline()).decode().strip()
        reader, writer = await open_connection(base_url)
        parent.kill()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_a_module_in_the_working_folder_does_not_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "aiohttp.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    async with embedded_gateway(HANG_S) as gateway:
        assert await is_listening(gateway.base_url)
    assert Path.cwd() == tmp_path

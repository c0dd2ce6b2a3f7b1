"""What the transport opens and asks for: a connection a call, a name's addresses once, stamps while it is open."""

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from support.gateway.servers import answer_with, raw_server, whole
from support.probes.smoking import TOKEN, patient

from console.domain.routes.family import EndpointFamily
from console.domain.tokens.secret import Secret
from console.services.gateway.call import read_whole
from console.services.gateway.client import Gateway

C = EndpointFamily.CHAT_COMPLETIONS
pytestmark = pytest.mark.usefixtures("no_trust_store")


async def test_many_calls_have_a_connection_each_and_look_their_host_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, asked = asyncio.get_running_loop(), []

    async def counted(host: Any, *given: Any, **more: Any) -> Any:
        asked.append(host)
        return await getaddrinfo(host, *given, **more)

    getaddrinfo = loop.getaddrinfo
    monkeypatch.setattr(loop, "getaddrinfo", counted)
    async with raw_server(answer_with(whole(200, {"ok": True}))) as server:
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        async with Gateway(base_url, Secret(TOKEN), patient(base_url=base_url)) as gateway:
            calls = (read_whole(gateway.call("/v1/x", C, b"{}"), limit=100) for _ in range(20))
            replies = await asyncio.gather(*calls)
            replies.append(await read_whole(gateway.call("/v1/x", C, b"{}"), limit=100))
    assert [reply.body for reply in replies] == [b'{"ok": true}'] * 21
    assert (server.connections, asked.count("localhost")) == (21, 1)


async def test_an_open_client_keeps_the_kernel_stamping_between_its_calls() -> None:
    """Linux stops after the last socket that wants stamps is closed, and is late again for the next one."""
    before = wanting_stamps()
    async with raw_server(answer_with(whole(200, {}))) as server:
        async with Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url)) as gateway:
            assert wanting_stamps() == before
            await read_whole(gateway.call("/v1/x", C, b"{}"), limit=100)
            while wanting_stamps() > before + 1:
                await asyncio.sleep(0)  # the call's own socket is closed in a later turn of the loop
            assert wanting_stamps() == before + 1
        assert wanting_stamps() == before


def wanting_stamps() -> int:
    """Count this process's sockets for which the kernel stamps what comes in."""
    open_files = [int(each.name) for each in Path("/proc/self/fd").iterdir() if each.is_socket()]
    wanting = 0
    for number in open_files:
        with socket.socket(fileno=os.dup(number)) as each:
            wanting += bool(each.getsockopt(socket.SOL_SOCKET, 35))
    return wanting

"""A listening socket that a confined program's first step opens in the program's own network, and hands to us."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable


@contextlib.asynccontextmanager
async def handover(listen_on: Callable[[socket.socket], Awaitable[None]]) -> AsyncIterator[int]:
    """Yield the descriptor that a confined program inherits, so that we listen in its own network while the block runs.

    Args:
        listen_on: Listens on the socket, once it has come; not called if the program has no network of its own.

    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        taking = asyncio.create_task(_take(ours, listen_on))
        try:
            yield theirs.fileno()
        finally:
            taking.cancel()
            await asyncio.wait({taking})


async def _take(channel: socket.socket, listen_on: Callable[[socket.socket], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(channel, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(channel)
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    for descriptor in descriptors:
        listening = socket.socket(fileno=descriptor)
        listening.setblocking(False)
        await listen_on(listening)

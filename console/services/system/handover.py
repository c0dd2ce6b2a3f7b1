"""A listening socket that a confined program's first step opens in the program's own network, and hands to us."""

import asyncio
import socket


async def take_listener(channel: socket.socket) -> socket.socket:
    """Wait for the listening socket, and return it.

    Args:
        channel: Our end of the socket pair whose other end the program inherits.

    Raises:
        OSError: The other end is gone, and no socket came.

    """
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(channel, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(channel)
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    if not descriptors:
        raise OSError("the program ended before it had a network of its own")
    listening = socket.socket(fileno=descriptors[0])
    listening.setblocking(False)
    return listening

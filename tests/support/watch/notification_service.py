"""A desktop's notification service on a session bus of its own: it keeps what it is asked to show."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from jeepney import MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, open_dbus_connection


@dataclass
class Desktop:
    """A session with a bus, and what was shown in it."""

    address: str
    shown: list[tuple[str, str, int]] = field(default_factory=list)
    """Title, text and urgency of each notification."""


@contextlib.asynccontextmanager
async def session_bus() -> AsyncIterator[str]:
    """Run a bus on which no program shows notifications, while the block runs; yield its address."""
    child = await asyncio.create_subprocess_exec(
        "dbus-daemon", "--session", "--nofork", "--print-address=1", stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        yield (await child.stdout.readline()).decode().strip()
    finally:
        child.terminate()
        await child.communicate()


@contextlib.asynccontextmanager
async def desktop() -> AsyncIterator[Desktop]:
    """Run a bus and a notification service on it while the block runs."""
    async with session_bus() as address, await open_dbus_connection(bus=address) as connection:
        found = Desktop(address)
        await connection.send(message_bus.RequestName("org.freedesktop.Notifications"))
        while (await connection.receive()).header.message_type is not MessageType.method_return:
            pass
        serving = asyncio.ensure_future(_serve(connection, found))
        try:
            yield found
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _serve(connection: DBusConnection, found: Desktop) -> None:
    while True:
        message = await connection.receive()
        if message.header.message_type is MessageType.method_call:
            _, _, _, summary, text, _, hints, _ = message.body
            found.shown.append((summary, text, hints["urgency"][1]))
            await connection.send(new_method_return(message, "u", (1,)))

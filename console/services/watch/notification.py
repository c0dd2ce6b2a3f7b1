"""Desktop notifications over the session's D-Bus: short, in our own words, and never in the way of a round."""

import html
import sys
from collections.abc import Mapping
from pathlib import Path

from console.services.system.thread import OverdueError, Worker

DEADLINE_S = 3.0
"""How long each step of showing a notification may take, in seconds."""
_NORMAL, _CRITICAL = 1, 2


class Notifier:
    """Shows notifications, one after the other, in a thread of its own: no bus that hangs delays a round."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Prepare; nothing is connected.

        Args:
            environment: The environment variables of this process, which name the session's bus.

        """
        self._address = _bus(environment)
        self._worker = Worker("notifications", 2 * DEADLINE_S)

    async def show(self, summary: str, body: str, *, is_urgent: bool) -> str:
        """Show a notification; return why it cannot be shown, or nothing if it was.

        Args:
            summary: Its title.
            body: Its text; what looks like markup in it is shown as it is written.
            is_urgent: Whether it stays until it is closed.

        """
        if sys.platform != "linux":
            return "this system has no D-Bus"
        if not self._address:
            return "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set, as without a desktop"
        address = self._address
        try:
            return await self._worker.run(lambda: _show(summary, body, address, is_urgent=is_urgent))
        except (OverdueError, TimeoutError):
            return f"the session bus did not answer within {DEADLINE_S:g} s"
        except (OSError, ValueError, RuntimeError, EOFError):  # what jeepney raises of a bus that is away or odd
            return "the session bus cannot be reached"

    def close(self) -> None:
        """Show no more."""
        self._worker.close()


def _bus(environment: Mapping[str, str]) -> str:
    if given := environment.get("DBUS_SESSION_BUS_ADDRESS", ""):
        return given
    socket = Path(environment.get("XDG_RUNTIME_DIR", "") or "/nonexistent") / "bus"
    try:
        return f"unix:path={socket}" if socket.is_socket() else ""
    except OSError:
        return ""


def _show(summary: str, body: str, address: str, *, is_urgent: bool) -> str:
    from jeepney import DBusAddress, MessageType, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    service = DBusAddress(
        "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "org.freedesktop.Notifications"
    )
    hints = {"urgency": ("y", _CRITICAL if is_urgent else _NORMAL), "desktop-entry": ("s", "gateway-console")}
    shown: tuple[object, ...] = (
        "gateway-console",
        0,
        "",
        summary[:120],
        html.escape(body[:400], quote=False),
        [],
        hints,
        -1,
    )
    call = new_method_call(service, "Notify", "susssasa{sv}i", shown)
    connection = open_dbus_connection(bus=address, auth_timeout=DEADLINE_S)
    try:
        reply = connection.send_and_get_reply(call, timeout=DEADLINE_S)
    finally:
        connection.close()
    return "no program shows notifications in this session" if reply.header.message_type is MessageType.error else ""

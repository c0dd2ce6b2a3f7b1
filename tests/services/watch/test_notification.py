"""Desktop notifications, on a real bus: shown as they are written, or a reason why they cannot be."""

import asyncio
import shutil
from pathlib import Path

import pytest
from support.referees.not_tested import not_tested
from support.watch.notification_service import desktop, session_bus

from console.services.watch.notification import Notifier


@pytest.fixture(autouse=True)
def _has_a_bus() -> None:
    if shutil.which("dbus-daemon") is None:
        not_tested("desktop notifications", "dbus-daemon missing; apt-get install -y --no-install-recommends dbus")


async def test_a_notification_is_shown_and_what_looks_like_markup_in_it_is_text() -> None:
    async with desktop() as found:
        notifier = Notifier({"DBUS_SESSION_BUS_ADDRESS": found.address})
        assert await notifier.show("p writer", "<b>a</b> & <img src='x'>", is_urgent=True) == ""
        assert await notifier.show("p writer", "recovered", is_urgent=False) == ""
        notifier.close()
    assert found.shown == [
        ("p writer", "&lt;b&gt;a&lt;/b&gt; &amp; &lt;img src='x'&gt;", 2),
        ("p writer", "recovered", 1),
    ]


async def test_a_session_without_a_bus_or_a_service_gives_a_reason_and_no_exception(tmp_path: Path) -> None:
    async def reason(**environment: str) -> str:
        notifier = Notifier(environment)
        try:
            return await notifier.show("p", "x", is_urgent=True)
        finally:
            notifier.close()

    assert "no session bus" in await reason()
    assert "cannot be reached" in await reason(DBUS_SESSION_BUS_ADDRESS=f"unix:path={tmp_path}/gone")
    assert "cannot be reached" in await reason(DBUS_SESSION_BUS_ADDRESS="nonsense")
    closed = await asyncio.start_unix_server(lambda _, writer: writer.close(), tmp_path / "odd")
    async with closed:
        assert "cannot be reached" in await reason(DBUS_SESSION_BUS_ADDRESS=f"unix:path={tmp_path}/odd")
    async with session_bus() as address:
        assert "no program shows" in await reason(DBUS_SESSION_BUS_ADDRESS=address)

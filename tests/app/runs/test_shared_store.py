"""A screen on a store that machines share: it hears of others, and stays through a cut without losing anything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.postgres.databases import Postgres
from support.run.desks import Office, config_text, say, step
from support.run.gateway import run_gateway
from support.trust_store import empty_trust_store

from console.app.runs.in_view import RunsInView
from console.app.session import Session
from console.services.run.opening import operator_of
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.view.run_view import RunView


@dataclass
class SharedOffice(Office):
    """An office of one machine, whose own config names a database."""

    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "STORE_URL": self.url}

    def share(self, url: str) -> None:
        self.url = url
        own = self.home / ".config" / "gateway-console" / "config.toml"
        own.parent.mkdir(parents=True)
        own.write_text(config_text() + '\n[store]\nurl_ref = "env:STORE_URL"\n')

    def sits(self) -> AbstractAsyncContextManager[RunContext]:
        return self.desk(operator_of(self.profile()))


class Screen:
    """What a screen sees of the runs, without the screen."""

    def __init__(self, office: Office) -> None:
        self._changed = asyncio.Event()
        self.session = Session(office.profile(), self._changed.set, is_read_only=False)
        self.runs = RunsInView(self.session, office.environment, clock=lambda: "14:03")

    @property
    def view(self) -> RunView:
        return self.session.state.run or RunView()

    async def until(self, is_so: Callable[[RunView], bool]) -> None:
        while not is_so(self.view):
            self._changed.clear()
            await self._changed.wait()

    @property
    def head(self) -> str:
        return "" if self.view.state is None else self.view.state.head


@contextlib.asynccontextmanager
async def watching(office: Office) -> AsyncIterator[Screen]:
    screen = Screen(office)
    following = asyncio.create_task(screen.runs.keep_open())
    try:
        yield screen
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


@pytest.fixture
async def office(tmp_path: Path, team_database: Postgres) -> AsyncIterator[SharedOffice]:
    with empty_trust_store(tmp_path):
        async with run_gateway() as gateway:
            office = SharedOffice(tmp_path, gateway.base_url, gateway.token)
            office.furnish()
            office.share(team_database.url)
            yield office


@pytest.mark.long
async def test_a_screen_hears_of_another_machine_and_stays_through_a_cut(
    office: SharedOffice, team_database: Postgres
) -> None:
    async with office.sits() as desk:
        log = await office.begin(desk)
        await step(desk, log)
    async with watching(office) as screen:
        await screen.until(lambda view: view.state is not None)
        assert screen.view.store.startswith("postgresql://127.0.0.1:")
        async with office.sits() as desk:
            other = await RunLog.open(desk.ledger, log.state.run_id)
            await say(desk, other)
        await screen.until(lambda _: screen.head == other.state.head)

        team_database.server.stop()
        await screen.until(lambda view: bool(view.failure))
        assert screen.view.failure == "the store cannot be reached since 14:03; trying again"
        assert [row.run_id for row in screen.view.runs] == [other.state.run_id]
        assert screen.head == other.state.head
        team_database.server.start()
        async with office.sits() as desk:
            await step(desk, other := await RunLog.open(desk.ledger, other.state.run_id))
        await screen.until(lambda view: not view.failure and screen.head == other.state.head)

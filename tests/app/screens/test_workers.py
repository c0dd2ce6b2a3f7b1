"""W shows a team's workers: what each does and passed over, and what is due; through a cut it keeps what it knew."""

import asyncio
from pathlib import Path

import pytest
from support.app import hands
from support.git.repositories import Repository
from support.postgres.databases import Postgres
from support.run.desks import FILES
from support.run.gateway import run_gateway
from support.run.screen_desk import Desk, config, sitting
from support.team.worker_process import IMPATIENT, TeamOffice, impatient, worker_of

from console.app.screens.routes_screen import RoutesScreen
from console.app.screens.workers_screen import WorkersScreen
from console.services.worker.means import Clone
from console.view.worker.workers_view import WorkersView

pytestmark = pytest.mark.usefixtures("state_home")


def view(desk: Desk) -> WorkersView:
    return hands.state_of(desk.app).workers or WorkersView()


def drawn(desk: Desk) -> str:
    return " ".join(desk.drawn("workers").split())


async def open_workers(desk: Desk) -> None:
    await desk.press("W")
    await desk.until_screen(WorkersScreen)


async def test_without_a_store_it_says_that_workers_need_one_and_where_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    async with sitting(config(tmp_path), (80, 24)) as desk:
        await open_workers(desk)
        await desk.until(lambda: bool(view(desk).failure))
        assert "workers need a store that a team shares" in drawn(desk)
        assert "[store]" in drawn(desk)
        await desk.press("escape")
        await desk.until_screen(RoutesScreen)


@pytest.mark.long
async def test_it_shows_who_passed_which_run_over_and_keeps_that_while_the_store_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, team_database: Postgres
) -> None:
    async with run_gateway() as gateway:
        office = TeamOffice(tmp_path, gateway.base_url, gateway.token, store_url=team_database.url)
        office.furnish()
        monkeypatch.setenv("XDG_CONFIG_HOME", str(office.home / ".config"))
        monkeypatch.setenv("STORE_URL", team_database.url)
        other = Clone(Repository(tmp_path / "other", FILES).root)
        screen = tmp_path / "screen"
        screen.mkdir()
        async with office.desk() as context, sitting(config(screen), (80, 24)) as desk:
            await open_workers(desk)
            await desk.until(lambda: bool(view(desk).store))
            assert "no worker has been seen" in drawn(desk)

            async with impatient(team_database.url) as database, asyncio.TaskGroup() as group:
                lacking = worker_of(
                    office, context, "lacking", tell=lambda _: None, plan=IMPATIENT, clones=(other,), database=database
                )
                group.create_task(lacking.run())
                log = await office.begin(context)
                await desk.until(lambda: any(each.said.passed for each in view(desk).workers))
                for width, height in ((80, 24), (120, 40)):
                    await hands.resize(desk.app, width, height)
                    words = drawn(desk)
                    assert f"run {log.state.run_id}: it has no clone of repository" in words
                    assert "lacking 0." in words

                team_database.server.stop()
                await desk.until(lambda: bool(view(desk).failure))
                assert "what was read before is shown" in drawn(desk)
                assert "lacking" in drawn(desk)
                team_database.server.start()
                await desk.until(lambda: not view(desk).failure)
                lacking.stop.set()
            await office.begin(context)
            await desk.until(lambda: any(each.waiting for each in view(desk).queues))
            # A job that was cut off with the server counts as running until a worker finds its heartbeat stale.
            assert "looks at runs 1 " in drawn(desk)

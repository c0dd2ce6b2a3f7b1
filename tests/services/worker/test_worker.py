"""Workers on a real PostgreSQL: what is due is stepped once, whatever dies, and what cannot be taken says why."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.postgres.databases import Postgres
from support.run.desks import Office
from support.run.gateway import RunGateway, run_gateway
from support.team.jobs_store import prepare
from support.team.worker_process import PLAN, worker_of

from console.domain.run.state import Phase
from console.services.ledger.postgres.database import Database
from console.services.run.run_context import RunContext
from console.services.worker.bell import Bell
from console.services.worker.presence import read_queues
from console.services.worker.worker import Told


@pytest.fixture
async def gateway() -> AsyncIterator[RunGateway]:
    async with run_gateway() as running:
        yield running


@pytest.fixture
async def office(tmp_path: Path, gateway: RunGateway) -> Office:
    office = Office(tmp_path, gateway.base_url, gateway.token)
    office.furnish()
    return office


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[RunContext]:
    async with office.desk() as context:
        yield context


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    prepare(postgres)
    async with await Database.open(postgres.secret) as opened:
        yield opened


async def test_a_run_that_is_rung_for_is_stepped_to_its_end_if_no_gate_needs_a_person(
    office: Office, desk: RunContext, database: Database
) -> None:
    log = await office.begin(desk)
    await Bell(database).ring([log.state.run_id])
    told: list[Told] = []
    await worker_of(office, desk, database, "ann", told.append, replace(PLAN, is_once=True)).run()
    assert (await log.refresh()).phase is Phase.OVER
    assert [each.words for each in told] == [f"run {log.state.run_id}: stepped"]
    assert [(each.task, each.waiting, each.failed) for each in await read_queues(database)] in (
        [],
        [("look_at_all", 1, 0)],
    )

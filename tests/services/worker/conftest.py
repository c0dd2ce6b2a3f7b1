"""An office whose runs are in a team's store, and a desk in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.postgres.databases import Postgres
from support.run.gateway import RunGateway, run_gateway
from support.team.worker_process import TeamOffice

from console.services.run.run_context import RunContext


@pytest.fixture
async def gateway() -> AsyncIterator[RunGateway]:
    async with run_gateway() as running:
        yield running


@pytest.fixture
async def office(tmp_path: Path, gateway: RunGateway, team_database: Postgres) -> TeamOffice:
    url = team_database.role("worker", "gateway_console_worker").reveal()  # no more rights than a worker has
    office = TeamOffice(tmp_path, gateway.base_url, gateway.token, store_url=url)
    office.furnish()
    return office


@pytest.fixture
async def desk(office: TeamOffice) -> AsyncIterator[RunContext]:
    async with office.desk() as context:
        yield context

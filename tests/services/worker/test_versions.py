"""A worker of another version than the store, or than who wrote into it, says so, takes nothing and loses nothing."""

import asyncio

import pytest
from support.postgres.databases import Postgres
from support.run.gateway import RunGateway
from support.team.worker_process import Lines, TeamOffice, worker_of

from console.domain.ledger.line import NewLine
from console.domain.problem import ProblemKind
from console.domain.run.state import Phase
from console.services.ledger.ledger import LedgerError
from console.services.run.run_context import RunContext
from console.services.worker.bell import Bell

NEWER_STORE = "INSERT INTO gateway_console.migration SELECT 99, name, sha256, at FROM gateway_console.migration LIMIT 1"
NEWER_JOBS = "UPDATE gateway_console.jobs_version SET newest = '99.01.00_01_of_another_time.sql'"
OLDER_JOBS = "UPDATE gateway_console.jobs_version SET newest = '03.02.00_01_pre_batch_defer_jobs.sql'"


@pytest.mark.parametrize(
    "trouble",
    [
        (NEWER_STORE, "was set up by a newer gateway-console (its step 99 is not known here); use that version"),
        (NEWER_JOBS, "are of a newer procrastinate (99.01.00_01_of_another_time.sql) than the one installed here"),
        (OLDER_JOBS, "are older than procrastinate here; run: gateway-console store migrate"),
    ],
)
async def test_a_worker_of_another_version_than_the_store_takes_nothing(
    office: TeamOffice, desk: RunContext, gateway: RunGateway, team_database: Postgres, trouble: tuple[str, str]
) -> None:
    change, words = trouble
    log = await office.begin(desk)
    team_database.execute(change)
    with pytest.raises(LedgerError) as refused:
        await worker_of(office, desk, "ann", tell=Lines().add).run()
    assert refused.value.kind is ProblemKind.CONFIG
    assert words in str(refused.value)
    assert (await log.refresh()).phase is Phase.DUE
    assert gateway.generations == []


async def test_a_worker_ends_once_a_newer_version_takes_the_store_over_and_what_is_at_hand_is_finished_first(
    office: TeamOffice, desk: RunContext, gateway: RunGateway, team_database: Postgres
) -> None:
    asked, answers = asyncio.Event(), asyncio.Event()

    async def hold(*_: object) -> None:
        asked.set()
        await answers.wait()

    gateway.hold = hold
    log = await office.begin(desk)
    worker = worker_of(office, desk, "ann", tell=Lines().add)
    working = asyncio.create_task(worker.run())
    await asked.wait()
    team_database.execute(NEWER_STORE)
    await worker.stop.wait()
    answers.set()
    with pytest.raises(LedgerError, match="by a newer gateway-console"):
        await working
    state = await log.refresh()
    assert (state.phase, len(gateway.generations)) == (Phase.WAITING, 1)


async def test_a_run_with_an_event_of_a_newer_version_is_left_to_others_as_it_is(
    office: TeamOffice, desk: RunContext, gateway: RunGateway
) -> None:
    database = desk.store.database
    assert database is not None
    log = await office.begin(desk)
    before = await desk.ledger.read(log.state.run_id)
    (summary,) = await desk.ledger.runs(1)
    await desk.ledger.append(
        log.state.run_id,
        [NewLine("OfAnotherTime", None, 1, b"{}")],
        expected_head=before[-1].sha256,
        actor=desk.operator,
        summary=summary,
    )
    await Bell(database).ring([log.state.run_id])
    told = Lines()
    worker = worker_of(office, desk, "ann", tell=told.add)
    working = asyncio.create_task(worker.run())
    line = await told.until("is left to others")
    worker.stop.set()
    await working
    assert line.endswith("it has events that this version does not know; update this worker")
    assert (await desk.ledger.read(log.state.run_id))[:-1] == before
    assert gateway.generations == []

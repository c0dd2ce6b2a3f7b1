"""Workers on a real PostgreSQL: what is due is stepped once, whatever dies, and what cannot be taken says why."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from support.git.repositories import Repository
from support.postgres.databases import Postgres
from support.run.desks import FILES
from support.run.gateway import Generation, RunGateway
from support.team.worker_process import IMPATIENT, PLAN, Lines, TeamOffice, impatient, worker_of
from support.team.worker_soak import SoakPlan, soak_workers

from console.domain.run.command import machine_verdict
from console.domain.run.gate import Gate
from console.domain.run.state import Phase
from console.services.run.run_context import RunContext
from console.services.worker.bell import Bell
from console.services.worker.means import Clone
from console.services.worker.presence import read_queues, read_workers
from console.services.worker.worker import Told

ONCE = replace(PLAN, is_once=True)


async def test_a_run_that_begins_rings_and_is_stepped_to_its_end_if_no_gate_needs_a_person(
    office: TeamOffice, desk: RunContext
) -> None:
    log = await office.begin(desk)
    told: list[Told] = []
    await worker_of(office, desk, "ann", tell=told.append, plan=ONCE).run()
    assert (await log.refresh()).phase is Phase.OVER
    assert f"run {log.state.run_id}: stepped" in [each.words for each in told]
    assert desk.store.database is not None
    assert not any(each.running or each.failed for each in await read_queues(desk.store.database))


async def test_a_job_makes_no_round_of_a_profile_that_the_worker_does_not_watch(
    office: TeamOffice, desk: RunContext, team_database: Postgres
) -> None:
    team_database.execute(
        "SET search_path TO gateway_console_jobs;"
        " INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
        """ VALUES ('runs', 'watch_profile', '{"timestamp": 1, "profile": "costly"}')"""
    )
    told: list[Told] = []
    await worker_of(office, desk, "ann", tell=told.append, plan=ONCE).run()
    assert [each.words for each in told if "costly" in each.words] == [
        "a job asks for a round of costly, which is not watched here"
    ]


async def test_a_worker_ends_though_a_driver_lost_a_cancellation(desk: RunContext, office: TeamOffice) -> None:
    lost: list[float] = []

    async def sleep(seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            if lost:
                raise
            lost.append(seconds)

    await replace(worker_of(office, desk, "ann", tell=Lines().add, plan=ONCE), sleep=sleep).run()
    assert lost


async def test_a_worker_does_a_gates_work_and_leaves_the_decision_to_an_operator(
    office: TeamOffice, desk: RunContext
) -> None:
    log = await office.begin(desk)
    careful = replace(ONCE, is_auto=False)
    for gate in (Gate.INSTRUCTION, Gate.PLANNER, Gate.WRITER):
        await worker_of(office, desk, gate.value, tell=Lines().add, plan=careful).run()
        state = await log.refresh()
        assert (state.phase, state.gate) == (Phase.WAITING, gate)
        assert state.opened is not None
        assert not state.opened.needs_human
        await log.command(desk.operator, machine_verdict(state, state.opened))


@pytest.mark.long
async def test_workers_that_are_killed_in_calls_leave_each_gate_one_decision_and_repeat_nothing(
    team_database: Postgres, tmp_path: Path
) -> None:
    soaked = await soak_workers(tmp_path, team_database, SoakPlan(workers=2, runs=2, kills=2))
    assert (soaked.wrong, soaked.killed) == ([], 2)
    calls = 2 * 4
    assert calls <= soaked.generations <= calls + soaked.lost_calls  # what was lost was repeated once


async def test_a_worker_without_the_repository_passes_the_run_over_and_hands_it_to_one_that_has_it(
    office: TeamOffice, desk: RunContext, tmp_path: Path
) -> None:
    database = desk.store.database
    assert database is not None
    log = await office.begin(desk)
    other = Repository(tmp_path / "other", FILES)
    told = Lines()
    lacking = worker_of(office, desk, "lacking", tell=told.add, clones=(Clone(other.root),))
    having = worker_of(office, desk, "having", tell=told.add)
    async with asyncio.TaskGroup() as group:
        group.create_task(lacking.run())
        await told.until("is left to others")
        (seen,) = await read_workers(database)
        assert (seen.name, seen.is_alive) == ("lacking", True)
        assert seen.said.passed == {log.state.run_id: "it has no clone of repository; name one with --repositories"}
        assert (await log.refresh()).phase is Phase.DUE
        group.create_task(having.run())
        await told.until("stepped")
        lacking.stop.set()
        having.stop.set()
    assert (await log.refresh()).phase is Phase.OVER


@pytest.mark.long
async def test_a_worker_of_which_the_store_goes_away_says_so_and_goes_on_once_it_is_back(
    office: TeamOffice, desk: RunContext, team_database: Postgres
) -> None:
    told = Lines()
    async with impatient(office.store_url) as database, asyncio.TaskGroup() as group:
        worker = worker_of(office, desk, "ann", tell=told.add, plan=IMPATIENT, database=database)
        group.create_task(worker.run())
        await told.until("takes jobs")
        team_database.server.stop()
        await told.until("nothing is lost")
        team_database.server.start()
        await told.until("which is back")
        log = await office.begin(desk)
        await told.until(f"run {log.state.run_id}: stepped")
        worker.stop.set()
    assert (await log.refresh()).phase is Phase.OVER


async def test_a_second_signal_ends_a_call_under_way_and_the_next_look_tells_it_as_lost(
    office: TeamOffice, desk: RunContext, gateway: RunGateway
) -> None:
    asked = asyncio.Event()

    async def hold(_: Generation, __: str) -> None:
        asked.set()
        await asyncio.Event().wait()

    gateway.hold = hold
    log = await office.begin(desk)
    worker = worker_of(office, desk, "ann", tell=Lines().add)
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        await asked.wait()
        worker.stop.set()
        worker.hurry.set()
    assert (await log.refresh()).phase is Phase.CALLING
    assert desk.store.database is not None
    await Bell(desk.store.database).ring([log.state.run_id])
    await worker_of(office, desk, "ben", tell=Lines().add, plan=ONCE).run()
    assert (await log.refresh()).phase is Phase.LOST

"""A job that fails: everyone sees which one and why, until one like it ends well."""

import asyncio
from dataclasses import replace

from support.postgres.databases import Postgres
from support.team.worker_process import PLAN, Lines, TeamOffice, worker_of

from console.domain.problem import Problem
from console.domain.tokens.secret import Secret
from console.services.run.run_context import RunContext
from console.services.system.leak_guard import LEAK_GUARD, quiet_logs
from console.services.worker.jobs import Watched, queue_of
from console.services.worker.presence import read_workers
from console.view.worker.words import worker_lines

DUE = (
    "SET search_path TO gateway_console_jobs; INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)"
    f""" VALUES ('{queue_of("acme")}', 'watch_profile', 'profile acme', '{{"timestamp": 1, "profile": "acme"}}')"""
)


async def test_why_a_job_failed_is_seen_until_one_of_it_ends_well(
    office: TeamOffice, desk: RunContext, team_database: Postgres
) -> None:
    database = desk.store.database
    assert database is not None
    canary = Secret("canary-of-acme-0123456789abcdef")
    LEAK_GUARD.add(canary)
    told, is_mended, ended_well = Lines(), asyncio.Event(), asyncio.Event()

    async def watch(_: str) -> None:  # the clock may ask for a round of its own
        if not is_mended.is_set():
            raise Problem(f"the token of acme is absent: \x1bset {canary.reveal()}")
        ended_well.set()

    worker = worker_of(office, desk, "ann", tell=told.add, plan=replace(PLAN, watched=(Watched("acme", 86_400),)))
    worker.watch = watch
    quiet_logs()  # as whatever opens a gateway does
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        await told.until("takes jobs")
        team_database.execute(DUE)
        await told.until("profile acme: the token of acme is absent")
        await worker.presence.keep()
        said = list(worker_lines(await read_workers(database)))
        assert said[-1] == "    the last job of profile acme failed: the token of acme is absent: ␛set •••"
        is_mended.set()
        team_database.execute(DUE)
        await ended_well.wait()
        worker.stop.set()
    assert worker.presence.said.failed == {}

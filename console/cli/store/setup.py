"""`store url`, `store migrate` and `store grants`: they set the database up."""

import argparse
import asyncio
import os

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.token.input import confirm, read_token
from console.domain.problem import Problem, ProblemKind
from console.services.store.url import keep_url, require_team
from console.services.system.leak_guard import LEAK_GUARD
from console.services.tokens.entry import check_entry

_JOBS = "the tables of procrastinate, for workers,"


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    match arguments.kind:
        case "url":
            return _keep_url(arguments)
        case "migrate":
            return asyncio.run(_migrate(arguments))
        case _:
            return asyncio.run(_grant(arguments))


def _keep_url(arguments: argparse.Namespace) -> ExitCode:
    from console.services.store.admin import require_named

    if (reason := check_entry(current().environment)) is not None:
        raise Problem(f"no URL is accepted while {reason}", ProblemKind.REFUSED)
    settings = require_named(current().environment)
    url = read_token("gateway-console store url", "URL of the database (it is not shown)")
    LEAK_GUARD.add(url)
    asyncio.run(keep_url(settings, url, current().environment))
    if arguments.json:
        from console.cli.reports.documents.store.setup import StoreUrlDocument

        output.write_document(StoreUrlDocument(reference=str(settings.url_ref)))
    else:
        output.write_line(f"stored under {settings.url_ref}, for the store alone: no gateway gets it")
        output.note("next: gateway-console store migrate")
    return ExitCode.OK


async def _migrate(arguments: argparse.Namespace) -> ExitCode:
    require_team()
    from console.services.ledger.postgres import jobs_schema
    from console.services.store.admin import migrate_now, open_admin, schema_of

    async with open_admin(current().environment) as database:
        schema = await schema_of(database)
        jobs = await database.run(jobs_schema.pending)
        steps = tuple(f"{step.number:04} {step.name}" for step in schema.pending)
        steps = (*steps, f"{_JOBS} to {jobs}") if jobs else steps
        if not arguments.json:
            _show_steps(database.where, steps)
        is_done = bool(steps) and not arguments.dry_run
        if is_done:
            confirm(
                f"Apply {len(steps)} step(s) to {database.where}?",
                is_sure=arguments.yes,
                command="gateway-console store migrate",
            )
        done: tuple[str, ...] = ()
        if not arguments.dry_run:
            done = await migrate_now(database, _now_ms, os.urandom)
            done = (*done, f"{_JOBS} to {jobs}") if jobs else done
        where = database.where
    if arguments.json:
        from console.cli.reports.documents.store.setup import StoreMigrateDocument

        output.write_document(StoreMigrateDocument(where=where, pending=steps, applied=done))
    elif done:
        output.write_line(f"applied {len(done)} step(s)")
        output.note("next: gateway-console store grants --apply, then gateway-console store check")
    return ExitCode.OK


def _show_steps(where: str, steps: tuple[str, ...]) -> None:
    if not steps:
        output.write_line(f"{where} has this version's schema; nothing to do")
        return
    output.write_line(f"{where} lacks these steps of the schema:")
    for step in steps:
        output.write_line(f"  {step}")


async def _grant(arguments: argparse.Namespace) -> ExitCode:
    require_team()
    from console.services.ledger.postgres.grants import grants_sql

    where = ""
    if arguments.apply:
        from console.services.store.admin import grant_now, open_admin

        async with open_admin(current().environment) as database:
            await grant_now(database)
            where = database.where
    if arguments.json:
        from console.cli.reports.documents.store.setup import StoreGrantsDocument

        output.write_document(StoreGrantsDocument(sql=grants_sql(), where=where or None, is_applied=arguments.apply))
    elif arguments.apply:
        output.write_line(f"{where}: gateway_console_operator and gateway_console_worker have their rights")
        output.note("next, for each person: CREATE ROLE mia LOGIN PASSWORD '…' IN ROLE gateway_console_operator")
    else:
        output.write_exact(grants_sql())
    return ExitCode.OK


def _now_ms() -> int:
    return int(current().now().timestamp() * 1000)

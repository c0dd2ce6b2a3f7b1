"""`store status` and `store check`: they change nothing that stays."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_problem
from console.domain.ledger.checkpoint import moment
from console.domain.problem import Problem, ProblemKind
from console.services.config.own_store import own_store
from console.services.store.check import RowHealth, StoreRow
from console.services.store.door import open_files, own_file
from console.services.store.status import StoreStatus, status_of_database, status_of_files
from console.services.store.url import require_team

if TYPE_CHECKING:
    from console.services.ledger.postgres.database import Database

_SIGNS = {
    RowHealth.OK: "✓ ok",
    RowHealth.NOTE: "· note",
    RowHealth.WARN: "~ warn",
    RowHealth.FAIL: "× fail",
}
_CODE_OF_ID = {"store.rights": ExitCode.REFUSED, "store.schema": ExitCode.CONFIG}


async def look(arguments: argparse.Namespace) -> ExitCode:
    """Run one of the two kinds. Raises any kind of `Problem`."""
    return await (_check(arguments) if arguments.kind == "check" else _status(arguments))


async def _status(arguments: argparse.Namespace) -> ExitCode:
    status = await _found()
    if arguments.json:
        from console.cli.reports.documents.store.look import StoreStatusDocument

        output.write_document(StoreStatusDocument.of(status))
        return ExitCode.OK
    rows = _rows_of(status)
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, (widths[0], 0)))
    if status.pending:
        output.note("the schema is not complete; run: gateway-console store migrate")
    return ExitCode.OK


async def _found() -> StoreStatus:
    environment = current().environment
    if own_store(environment) is not None:
        require_team()
        from console.services.store.admin import open_admin

        async with open_admin(environment) as database:
            return await status_of_database(database, _now_ms)
    file = own_file(environment)
    if not file.exists():
        raise Problem(f"no runs yet on this machine: {file} is made by the first one", ProblemKind.BLOCKED)
    async with open_files(file.parent, is_looking=True) as store:
        return await status_of_files(store.ledger, file.parent)


def _rows_of(status: StoreStatus) -> list[tuple[str, str]]:
    rows = [("where", status.where)]
    if status.kind == "postgresql":
        side = "ahead of" if status.skew_ms >= 0 else "behind"
        done, steps = len(status.applied), len(status.applied) + len(status.pending)
        rows += [
            ("server", f"PostgreSQL {status.server_version}"),
            ("clock", f"this machine is {abs(status.skew_ms) / 1000:.1f} s {side} the server"),
            ("schema", f"{done} of {steps} steps" + (f": {status.applied[-1]}" if status.applied else "")),
        ]
    rows.append(("size", _size(status.size_bytes)))
    if status.counts is not None:
        counts = status.counts
        rows += [
            ("runs", f"{counts.runs}, and {counts.tombstones} pruned"),
            ("lines", str(counts.lines)),
            ("checkpoints", str(counts.checkpoints)),
            ("artifacts", f"{counts.artifacts}, {_size(counts.artifact_bytes)}"),
            ("log", status.log_id + (f", and {status.logs - 1} copied in" if status.logs > 1 else "")),
        ]
    rows += [
        (
            "connected",
            f"{each.name or 'without a name'} as {each.user}, {each.connections}x"
            + (" (this command)" if each.is_own else ""),
        )
        for each in status.clients
    ]
    return rows


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{size / 1024:.1f} kB"


async def _check(arguments: argparse.Namespace) -> ExitCode:
    require_team()
    from console.services.ledger.postgres import jobs_schema
    from console.services.store.admin import open_admin, require_named
    from console.services.store.check import check_store

    require_named(current().environment)
    rows: list[StoreRow] = []
    code = ExitCode.OK
    try:
        async with open_admin(current().environment) as database:
            rows += await check_store(database, _now_ms)
            if rows[-1].health is not RowHealth.FAIL:
                rows.append(_of_jobs(await database.run(jobs_schema.pending)))
                rows.append(await _of_operators(database))
    except Problem as problem:
        rows.append(StoreRow("store.use" if rows else "store.reached", RowHealth.FAIL, str(problem)))
        code = code_of_problem(problem)
    failed = [each for each in rows if each.health is RowHealth.FAIL]
    if failed and code is ExitCode.OK:
        code = _CODE_OF_ID.get(failed[0].id, ExitCode.FAILED)
    if arguments.json:
        from console.cli.reports.documents.store.look import StoreCheckDocument

        output.write_document(StoreCheckDocument.of(rows, moment(_now_ms()), code))
        return code
    widths = output.column_widths([(_SIGNS[each.health], each.id) for each in rows])
    for each in rows:
        output.write_line(output.table_line((_SIGNS[each.health], each.id, each.found), (*widths, 0)))
        if each.todo:
            output.write_line(f"{' ' * (sum(widths) + 4)}{each.todo}")
    return code


def _of_jobs(pending: str | None) -> StoreRow:
    if pending is None:
        return StoreRow("store.jobs", RowHealth.OK, "the tables of procrastinate are there, for workers")
    words = f"the tables of procrastinate are missing, or older than {pending}"
    return StoreRow("store.jobs", RowHealth.WARN, words, "run: gateway-console store migrate")


async def _of_operators(database: "Database") -> StoreRow:
    from console.services.team.operators import read_operators

    found = await read_operators(database)
    if not found.is_enforced:
        words = "no operator is registered, so the database does not know who decides"
        return StoreRow("store.operators", RowHealth.NOTE, words, "register each: gateway-console operator add")
    return StoreRow("store.operators", RowHealth.OK, f"who decides is enforced, for: {', '.join(found.names)}")


def _now_ms() -> int:
    return int(current().now().timestamp() * 1000)

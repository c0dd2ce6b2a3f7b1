"""The kinds of `run` that ask no gateway: list, show, candidate and apply."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.outputs.outputs import Outputs
from console.cli.run.ledger import run_id_of, store_to_read
from console.cli.run.list import show_runs
from console.cli.run.pruned import show_pruned
from console.cli.run.report import show_standing
from console.domain.problem import Problem
from console.domain.record.projection import record_of
from console.domain.run.state import RunState
from console.services.config.settings import Profile
from console.services.run.run_log import RunLog
from console.view.record.document import readable, record_yaml

if TYPE_CHECKING:
    from console.cli.reports.documents.runs import RecordDocument
    from console.services.team.database import TeamDatabase
    from console.view.report.report import Report


async def look(arguments: argparse.Namespace, profile: Profile, outputs: Outputs) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    async with store_to_read() as store:
        ledger, artifacts = store.ledger, store.artifacts
        if arguments.kind == "list":
            return await show_runs(store, arguments, profile)
        if arguments.kind == "inbox":
            from console.cli.run.inbox import show_inbox

            return await show_inbox(store, arguments, profile)
        run_id = await run_id_of(ledger, arguments.run_id)
        if arguments.kind == "show" and (tombstone := await ledger.tombstone(run_id)) is not None:
            if outputs.is_wanted:
                raise Problem(f"run {run_id} was pruned: its record is gone, and nothing can be written of it")
            return show_pruned(tombstone, is_json=arguments.json)
        log = await RunLog.open(ledger, run_id)
        if arguments.kind == "show" and arguments.artifact is arguments.gate is None:
            code = _show(log.state, arguments, outputs)
            if store.database is not None and not arguments.json:
                await _note_others(store.database, run_id)
            return code
        if arguments.kind == "show":
            from console.cli.run.subject import show_subject

            return await show_subject(artifacts, log, arguments)
        from console.cli.run.candidate import apply, take_out

        if arguments.kind == "apply":
            return await apply(artifacts, log, arguments)
        return await take_out(ledger, artifacts, log, arguments)


async def _note_others(database: "TeamDatabase", run_id: str) -> None:
    """Say who looks at a run now at a screen of the team, and who steps it."""
    from console.domain.text.safe import safe
    from console.services.team.presence import who_looks, who_steps

    for each in await who_looks(database, run_id):
        output.note(f"    {safe(each.name, limit=64)} looks at it now")
    if (name := await who_steps(database, run_id)) is not None:
        output.note(f"    {safe(name, limit=64)} steps it now")


def _show(state: RunState, arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    record = record_of(state)

    def document() -> "RecordDocument":
        from console.cli.reports.documents.runs import RecordDocument, fields_of

        return RecordDocument(schema="gateway-console/run-show/v1", **fields_of(record))

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_run import report_of_run

        return report_of_run("run show", record, code, document())

    if arguments.json:
        output.write_document(readable(document()))
    else:
        for text in record_yaml(record).splitlines():
            output.write_line(text)
        show_standing(state)
    return outputs.end(ExitCode.OK, report)

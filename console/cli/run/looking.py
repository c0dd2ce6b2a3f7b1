"""The kinds of `run` that ask no gateway: list, show, candidate and apply."""

import argparse

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import artifacts_to_read, ledger_to_read, run_id_of
from console.cli.run.list import show_runs
from console.cli.run.pruned import show_pruned
from console.cli.run.report import show_standing
from console.domain.record.projection import record_of
from console.domain.run.state import RunState
from console.services.config.settings import Profile
from console.services.run.run_log import RunLog
from console.view.record.document import readable, record_yaml


async def look(arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    async with ledger_to_read() as ledger:
        if arguments.kind == "list":
            return await show_runs(ledger, arguments, profile)
        run_id = await run_id_of(ledger, arguments.run_id)
        if arguments.kind == "show" and (tombstone := await ledger.tombstone(run_id)) is not None:
            return show_pruned(tombstone, is_json=arguments.json)
        log = await RunLog.open(ledger, run_id)
        if arguments.kind == "show" and arguments.artifact is arguments.gate is None:
            return _show(log.state, arguments)
        with artifacts_to_read() as artifacts:
            if arguments.kind == "show":
                from console.cli.run.subject import show_subject

                return await show_subject(artifacts, log, arguments)
            from console.cli.run.candidate import apply, take_out

            if arguments.kind == "apply":
                return await apply(artifacts, log, arguments)
            return await take_out(ledger, artifacts, log, arguments)


def _show(state: RunState, arguments: argparse.Namespace) -> ExitCode:
    record = record_of(state)
    if arguments.json:
        from console.cli.reports.documents.runs import RecordDocument, fields_of

        output.write_document(readable(RecordDocument(schema="gateway-console/run-show/v1", **fields_of(record))))
        return ExitCode.OK
    for text in record_yaml(record).splitlines():
        output.write_line(text)
    show_standing(state)
    return ExitCode.OK

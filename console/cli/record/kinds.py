"""The kinds of `record`."""

import argparse

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import run_id_of, store_to_read
from console.cli.run.list import show_runs
from console.cli.run.pruned import show_pruned
from console.domain.record.projection import record_of
from console.services.config.settings import Profile
from console.services.ledger.ledger import Ledger
from console.services.run.run_log import RunLog
from console.view.record.document import record_document, record_yaml


async def look(arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    if arguments.kind == "checkpoint":
        from console.cli.record.checkpoint import make_checkpoint

        return await make_checkpoint(profile, arguments)
    if arguments.kind == "verify" and arguments.evidence is not None:
        from console.cli.record.verify import verify_file

        return await verify_file(profile, arguments)
    async with store_to_read() as store:
        ledger = store.ledger
        match arguments.kind:
            case "list":
                return await show_runs(store, arguments, profile)
            case "show":
                return await _show(ledger, arguments)
            case "export":
                from console.cli.record.export import export

                return await export(ledger, profile, arguments)
            case "evidence":
                from console.cli.record.evidence import write_evidence

                return await write_evidence(ledger, arguments)
            case "diff":
                from console.cli.record.diff import show_diff

                return await show_diff(ledger, arguments)
            case _:
                from console.cli.record.verify import verify

                return await verify(ledger, profile, arguments)


async def _show(ledger: Ledger, arguments: argparse.Namespace) -> ExitCode:
    run_id = await run_id_of(ledger, arguments.run_id)
    if (tombstone := await ledger.tombstone(run_id)) is not None:
        return show_pruned(tombstone, is_json=arguments.json)
    record = record_of((await RunLog.open(ledger, run_id)).state)
    if arguments.json:
        output.write_document(record_document(record))
        return ExitCode.OK
    if arguments.summary:
        from console.view.record.summary import summary_lines

        lines = summary_lines(record)
    else:
        lines = iter(record_yaml(record).splitlines())
    for text in lines:
        output.write_line(text)
    if record.is_simulated:
        output.note("the embedded gateway answered: this record is not evidence of a real gateway")
    return ExitCode.OK

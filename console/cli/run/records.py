"""The kinds of `record`."""

import argparse

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.reports.record import readable, record_yaml
from console.cli.run.ledger import ledger_to_read, run_id_of
from console.cli.run.list import show_runs
from console.domain.run.record import record_of
from console.services.config.settings import Profile
from console.services.ledger.ledger import Ledger
from console.services.run.run_log import RunLog
from console.services.run.signing import read_signers, signers_of
from console.services.run.verify_chain import verify_run


async def look(arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    async with ledger_to_read() as ledger:
        match arguments.kind:
            case "list":
                return await show_runs(ledger, limit=100_000, status=None, as_json=arguments.json)
            case "show":
                return await _show(ledger, arguments)
            case _:
                return await _verify(ledger, profile, arguments)


async def _show(ledger: Ledger, arguments: argparse.Namespace) -> ExitCode:
    log = await RunLog.open(ledger, await run_id_of(ledger, arguments.run_id))
    record = record_of(log.state)
    if arguments.json:
        from console.cli.reports.documents.runs import RecordDocument, fields_of

        output.write_document(readable(RecordDocument(schema="gateway-console/record/v1", **fields_of(record))))
        return ExitCode.OK
    for text in record_yaml(record).splitlines():
        output.write_line(text)
    if record.is_simulated:
        output.note("the embedded gateway answered: this record is not evidence of a real gateway")
    return ExitCode.OK


async def _verify(ledger: Ledger, profile: Profile, arguments: argparse.Namespace) -> ExitCode:
    """Check the chain of each run, and say what a chain alone cannot show."""
    names = [each.run_id for each in await ledger.runs(1_000_000)] if arguments.all else arguments.run_ids
    signers = arguments.signers or signers_of(profile.policy)
    if signers is not None:
        read_signers(signers)  # an unreadable list says nothing about a record, so it fails first
    environment = current().environment
    results = [await verify_run(ledger, await run_id_of(ledger, name), signers, environment) for name in names]
    holds = all(result.holds for result in results)
    code = ExitCode.OK if holds else ExitCode.RECORD
    if arguments.json:
        from console.cli.reports.documents.runs import RecordVerifyDocument, VerifiedDocument

        output.write_document(RecordVerifyDocument(records=tuple(map(VerifiedDocument.of, results)), exit_code=code))
        return code
    for result in results:
        sign = "✓ holds" if result.holds else "× broken"
        signed = f", {result.signatures} signature(s) hold" if result.signatures else ""
        output.write_line(f"{sign}  {result.run_id}  {result.lines} lines, head {result.head}{signed}")
        for fault in result.faults:
            output.note(f"    line {fault.seq}: {fault.words}")
        if result.unverified:
            output.note(f"    ! {result.unverified} signature(s) not verified: name the allowed signers with --signers")
    if results:
        output.note(
            "The chain cannot show a truncated or rewritten ledger. Compare the head with a copy you saved elsewhere."
        )
    return code

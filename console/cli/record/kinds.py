"""The kinds of `record`."""

import argparse
import contextlib
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import ledger_to_read, run_id_of
from console.cli.run.list import show_runs
from console.cli.run.pruned import show_pruned
from console.domain.record.projection import record_of
from console.services.config.settings import Profile
from console.services.ledger.ledger import Ledger
from console.services.record.signing import Signers, read_signers, revoked_of, signers_of
from console.services.record.verify_chain import Against, Verified, verify_runs
from console.services.run.run_log import RunLog
from console.view.record.document import record_document, record_yaml

if TYPE_CHECKING:
    from console.cli.reports.documents.runs import VerifiedDocument


async def look(arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    async with ledger_to_read() as ledger:
        match arguments.kind:
            case "list":
                return await show_runs(ledger, arguments, profile)
            case "show":
                return await _show(ledger, arguments)
            case "export":
                from console.cli.record.export import export

                return await export(ledger, profile, arguments)
            case "diff":
                from console.cli.record.diff import show_diff

                return await show_diff(ledger, arguments)
            case _:
                return await _verify(ledger, profile, arguments)


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


async def _verify(ledger: Ledger, profile: Profile, arguments: argparse.Namespace) -> ExitCode:
    """Check the chain of each run, and say what a chain alone cannot show."""
    run_ids = await ledger.run_ids() if arguments.all else [await run_id_of(ledger, each) for each in arguments.run_ids]
    signers = arguments.signers or signers_of(profile.policy)
    if signers is not None:
        read_signers(signers)  # an unreadable list says nothing about a record, so it fails first
    lists = None if signers is None else Signers(signers, revoked_of(profile.policy))
    results = verify_runs(ledger, run_ids, Against(lists, current().environment))
    holds = True
    documents: list[VerifiedDocument] = []
    progress = output.Progress("verified", len(run_ids), is_silent=not arguments.json)
    try:
        async with contextlib.aclosing(results):
            async for result in results:
                holds = holds and result.holds
                if arguments.json:
                    documents.append(_document(result))
                else:
                    _say(result)
                progress.advance()
    finally:
        progress.end()
    code = ExitCode.OK if holds else ExitCode.RECORD
    if arguments.json:
        from console.cli.reports.documents.runs import RecordVerifyDocument

        output.write_document(RecordVerifyDocument(records=tuple(documents), exit_code=code))
    elif run_ids:
        output.note(
            "The chain cannot show a truncated or rewritten ledger. Compare the head with a copy you saved elsewhere."
        )
    return code


def _document(result: Verified) -> "VerifiedDocument":
    from console.cli.reports.documents.runs import VerifiedDocument

    return VerifiedDocument.of(result)


def _say(result: Verified) -> None:
    if result.unread:
        output.write_line(f"× not read  {result.run_id}")
        output.note(f"    {result.unread}")
        return
    sign = "✓ holds" if result.holds else "× broken"
    signed = f", {result.signatures} signature(s) hold" if result.signatures else ""
    output.write_line(f"{sign}  {result.run_id}  {result.lines} lines, head {result.head}{signed}")
    for fault in result.faults:
        output.note(f"    line {fault.seq}: {fault.words}")
    if result.unverified:
        output.note(f"    ! {result.unverified} signature(s) not verified: name the allowed signers with --signers")

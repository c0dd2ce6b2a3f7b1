"""`record`: the safe records of runs: list, show, verify."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_profile

if TYPE_CHECKING:
    from console.services.run.run_context import RunContext

_KINDS = {
    "list": "list the records, the newest first",
    "show": "show a run's safe record, in the article's shape",
    "verify": "prove that what a run's ledger says is what was written, line by line",
}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb and its kinds to the command line."""
    parser = verbs.add_parser("record", help="the safe records of runs: list, show, verify", allow_abbrev=False)
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    each = {kind: kinds.add_parser(kind, help=words, allow_abbrev=False) for kind, words in _KINDS.items()}
    for child in each.values():
        child.set_defaults(run=run)
    each["show"].add_argument("run_id", metavar="RUN", help="a run's id, a part of it that no other has, or: last")
    each["verify"].add_argument("run_ids", metavar="RUN", nargs="*", help="ids as for show")
    each["verify"].add_argument("--all", action="store_true", help="every run of this machine")
    each["verify"].add_argument(
        "--signers", type=Path, metavar="F", help="whose signatures count; by default the policy's allowed_signers"
    )
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do what a kind of the verb says."""
    import asyncio

    from console.cli.errors import reporting
    from console.services.config.toml_text import ConfigError

    if arguments.kind == "verify" and not arguments.run_ids and not arguments.all:
        output.complain("name a run, or say --all; gateway-console record list shows them")
        return ExitCode.USAGE
    try:
        profile = chosen_profile(arguments)
    except ConfigError as error:
        output.complain(str(error))
        return ExitCode.CONFIG

    async def look() -> ExitCode:
        from console.cli.run.context import open_desk_of

        async with open_desk_of(profile, is_looking=True) as desk:
            match arguments.kind:
                case "list":
                    from console.cli.run.list import show_runs

                    return await show_runs(desk.ledger, limit=100_000, status=None, as_json=arguments.json)
                case "show":
                    return await _show(desk, arguments)
                case _:
                    return await _verify(desk, arguments)

    with reporting() as reported:
        reported.code = asyncio.run(look())
    return reported.code


async def _show(desk: "RunContext", arguments: argparse.Namespace) -> ExitCode:
    from console.cli.reports.record import record_document, record_yaml
    from console.cli.run.context import run_id_of
    from console.domain.run.record import record_of
    from console.services.run.run_log import RunLog

    log = await RunLog.open(desk.ledger, await run_id_of(desk.ledger, arguments.run_id))
    record = record_of(log.state)
    if arguments.json:
        output.write_document({"schema": "gateway-console/record/v1", **record_document(record)})
        return ExitCode.OK
    for text in record_yaml(record).splitlines():
        output.write_line(text)
    if record.is_simulated:
        output.note("the embedded gateway answered: this record is not evidence of a real gateway")
    return ExitCode.OK


async def _verify(desk: "RunContext", arguments: argparse.Namespace) -> ExitCode:
    """Check the chain of each run; what a chain alone cannot show is said."""
    from console.cli.run.context import run_id_of
    from console.services.run.signing import SigningError, read_signers, signers_of
    from console.services.run.verify_chain import verify_run

    names = [each.run_id for each in await desk.ledger.runs(1_000_000)] if arguments.all else arguments.run_ids
    signers = arguments.signers or signers_of(desk.profile.policy)
    if signers is not None:
        try:
            read_signers(signers)  # a list that cannot be read is not a record that does not hold, nor one that does
        except SigningError as error:
            output.complain(str(error))
            return ExitCode.USAGE
    results = [
        await verify_run(desk.ledger, await run_id_of(desk.ledger, name), signers, desk.environment) for name in names
    ]
    holds = all(result.holds for result in results)
    code = ExitCode.OK if holds else ExitCode.RECORD
    if arguments.json:
        documents = [
            {
                "run_id": result.run_id,
                "holds": result.holds,
                "lines": result.lines,
                "head": result.head,
                "signatures": result.signatures,
                "signatures_not_verified": result.unverified,
                "faults": [{"line": fault.seq, "words": fault.words} for fault in result.faults],
            }
            for result in results
        ]
        output.write_document(
            {"schema": "gateway-console/record-verify/v1", "records": documents, "exit_code": int(code)}
        )
        return code
    for result in results:
        sign = "✓ holds" if result.holds else "× broken"
        signed = f", {result.signatures} signature(s) hold" if result.signatures else ""
        output.write_line(f"{sign}  {result.run_id}  {result.lines} lines, head {result.head}{signed}")
        for fault in result.faults:
            output.note(f"    line {fault.seq}: {fault.words}")
        if result.unverified:
            output.note(f"    ! {result.unverified} signature(s) are not verified: name who may sign with --signers")
    if results:
        output.note(
            "chain only: lines missing at the end, or a ledger written again, show by a head that you kept elsewhere"
        )
    return code

"""The list of runs, for `run list` and `record list`."""

import argparse

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind
from console.services.config.settings import Profile
from console.services.ledger.ledger import EVERY_RUN, Ledger, Summary, Wanted
from console.view.record.document import moment


async def show_runs(ledger: Ledger, arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Write the runs that the options want, newest first.

    Args:
        ledger: The ledger.
        arguments: The command line, with the options of `add_list_arguments`.
        profile: The profile whose operator asks, for runs whose own profile is not on this machine.

    Raises:
        LedgerError: The runs cannot be read.
        Problem: Two options exclude each other.

    """
    wanted = Wanted(arguments.status, arguments.repository, arguments.since)
    if not arguments.waiting_for_me:
        runs = await ledger.runs(arguments.limit, wanted)
    elif wanted.status in (None, "waiting"):
        runs = await _waiting_for_me(ledger, wanted, arguments.limit, profile)
    else:
        raise Problem(f"--waiting-for-me and --status {wanted.status} exclude each other", ProblemKind.USAGE)
    if arguments.json:
        from console.cli.reports.documents.runs import ListedRunDocument, RunListDocument

        output.write_document(RunListDocument(runs=tuple(map(ListedRunDocument.of, runs))))
        return ExitCode.OK
    if not runs:
        is_every = wanted == EVERY_RUN and not arguments.waiting_for_me
        output.note(
            "no runs; start one with gateway-console run start --task-file F"
            if is_every
            else "no run matches; gateway-console run list shows all"
        )
        return ExitCode.OK
    cells = [
        (each.run_id, each.status, each.gate, each.repository, moment(each.started_at_ms)[:19] + "Z") for each in runs
    ]
    widths = output.column_widths(cells)
    for row in cells:
        output.write_line(output.table_line(row, widths))
    return ExitCode.OK


async def _waiting_for_me(ledger: Ledger, wanted: Wanted, limit: int, profile: Profile) -> tuple[Summary, ...]:
    """Return the waiting runs that this operator may take further. Only as many are read as are shown."""
    from console.domain.run.decide import waits_for
    from console.services.ledger.artifacts import Artifacts
    from console.services.run.opening import Operators
    from console.services.run.run_log import RunLog
    from console.services.system.directories import state_directory

    waiting = Wanted("waiting", wanted.repository, wanted.since_ms)
    artifacts = Artifacts(state_directory(current().environment))
    operators = Operators(artifacts, profile, current().environment)
    found: list[Summary] = []
    try:
        for each in await ledger.runs(100_000, waiting):
            log = await RunLog.open(ledger, each.run_id)
            if waits_for(log.state, await operators.of(log.state)):
                found.append(each)
            if len(found) == limit:
                break
    finally:
        artifacts.close()
    return tuple(found)

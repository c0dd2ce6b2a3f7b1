"""The list of runs, for `run list` and `record list`."""

import argparse
from collections.abc import Sequence

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.run.inbox import read_inbox
from console.cli.run.pruned import pruned_words
from console.domain.ledger.checkpoint import moment
from console.domain.problem import Problem, ProblemKind
from console.services.config.settings import Profile
from console.services.ledger.ledger import EVERY_RUN, Ledger, Summary, Wanted
from console.services.store.door import Store


async def show_runs(store: Store, arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Write the runs that the options want, newest first.

    Args:
        store: Where the runs are.
        arguments: The command line, with the options of `add_list_arguments`.
        profile: The profile whose operator asks, for runs whose own profile is not on this machine.

    Raises:
        LedgerError: The runs cannot be read.
        Problem: Two options exclude each other.

    """
    ledger = store.ledger
    wanted = Wanted(
        arguments.status,
        arguments.repository,
        arguments.since,
        verdict=arguments.verdict,
        category=arguments.category,
        operator=arguments.operator,
        until_ms=arguments.until,
        is_signed=arguments.is_signed,
    )
    await _complete(ledger, wanted)
    if not arguments.waiting_for_me:
        runs = await ledger.runs(arguments.limit, wanted)
    elif wanted.status in (None, "waiting"):
        found = await read_inbox(store, wanted, profile)
        runs = tuple(sorted((row.run for row in found), key=lambda run: run.run_id, reverse=True))[: arguments.limit]
    else:
        raise Problem(f"--waiting-for-me and --status {wanted.status} exclude each other", ProblemKind.USAGE)
    pruned = await ledger.tombstones() if arguments.pruned else ()
    if arguments.json:
        from console.cli.reports.documents.runs import ListedRunDocument, PrunedRunDocument, RunListDocument

        listed = tuple(map(ListedRunDocument.of, runs))
        output.write_document(RunListDocument(runs=listed, pruned=tuple(map(PrunedRunDocument.of, pruned))))
        return ExitCode.OK
    _show(runs)
    for tombstone in pruned:
        output.write_line(f"{tombstone.run_id}  {pruned_words(tombstone)}")
    if not (runs or pruned):
        is_every = wanted == EVERY_RUN and not arguments.waiting_for_me
        output.note(
            "no runs; start one with gateway-console run start --task-file F"
            if is_every
            else "no run matches; gateway-console run list shows all"
        )
    return ExitCode.OK


def _show(runs: Sequence[Summary]) -> None:
    cells = [
        (
            each.run_id,
            each.status,
            each.gate,
            each.verdict or each.category or "-",
            "signed" if each.is_signed else "-",
            each.repository,
            moment(each.started_at_ms)[:19] + "Z",
        )
        for each in runs
    ]
    widths = output.column_widths(cells)
    for row in cells:
        output.write_line(output.table_line(row, widths))


async def _complete(ledger: Ledger, wanted: Wanted) -> None:
    """Summarise the runs again if a filter needs what the entry of an older version lacks."""
    if wanted.verdict is wanted.category is wanted.operator is None:
        return
    run_ids = await ledger.unsummarised()
    if not run_ids:
        return
    from console.services.run.run_log import complete_list

    output.note(f"an older version listed {len(run_ids)} run(s): reading each once to complete the list")
    progress = output.Progress("read", len(run_ids), is_silent=False)
    problems = []
    async for problem in complete_list(ledger, run_ids):
        problems += [problem] if problem else []
        progress.advance()
    progress.end()
    if problems:
        output.note(f"{len(problems)} run(s) cannot be read, and may be missing below: {problems[0]}")

"""`record prune`: whole runs that are over and old are deleted, after a person has seen which."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import store_to_read, store_to_write
from console.cli.token.input import confirm
from console.domain.ledger.checkpoint import moment
from console.services.config.settings import Profile
from console.services.ledger.ledger import LedgerError, Summary
from console.services.record.checkpoints import Checkpoints
from console.services.record.prune import Prune, Pruned, old_runs
from console.services.store.door import Store
from console.services.verification_marks import user_name

if TYPE_CHECKING:
    from console.cli.reports.documents.runs import PrunableRunDocument, PruneOutcome


_DAY_MS = 86_400_000


async def prune(arguments: argparse.Namespace, profile: Profile) -> ExitCode:
    """Delete the runs that are over and older than the retention.

    Raises:
        InputError: The person said no, or there is none to ask.
        SigningError: The policy's key cannot sign a tombstone; nothing was deleted.
        LedgerError: The ledger cannot be used.

    """
    days: int = arguments.older_than or profile.policy.retention_days
    before_ms = _now_ms() - days * _DAY_MS
    async with store_to_read() if arguments.dry_run else store_to_write() as store:
        runs = await old_runs(store.ledger, before_ms)
        if not arguments.json:
            _list(runs, days, is_shown=arguments.dry_run or not arguments.yes)
        if arguments.dry_run or not runs:
            return _end(arguments, before_ms, [_listed(each, "would_be_pruned") for each in runs], 0, "")
        confirm(
            f"Delete {len(runs)} run(s) and what their models wrote?",
            is_sure=arguments.yes,
            command="gateway-console record prune",
        )
        return await _prune(store, profile, arguments, runs, before_ms)


async def _prune(
    store: Store, profile: Profile, arguments: argparse.Namespace, runs: Sequence[Summary], before_ms: int
) -> ExitCode:
    checkpoints = Checkpoints(store.ledger, profile.policy, current().environment, _now_ms)
    documents: list[PrunableRunDocument] = []
    count, problem = 0, ""
    work = Prune(store.ledger, store.artifacts, checkpoints, user_name())
    progress = output.Progress("tombstones made", len(runs), is_silent=False)
    async for each in work.delete(runs, before_ms, progress.advance):
        progress.end()
        if not arguments.json:
            _say(each)
        documents.append(_listed(each.run, "skipped" if each.why_not else "pruned", each.why_not))
    try:
        count = await work.delete_artifacts()
    except LedgerError as error:
        problem = f"not all that their models wrote could be deleted: {error}"
    if not arguments.json and not checkpoints.has_key:
        output.note("the tombstones are not signed: the policy names no operator_key")
    return _end(arguments, before_ms, documents, count, problem)


def _now_ms() -> int:
    return int(current().now().timestamp() * 1000)


def _list(runs: Sequence[Summary], days: int, *, is_shown: bool) -> None:
    if not runs:
        output.note(f"nothing to prune: no run is over and older than {days} day(s)")
        return
    if not is_shown:
        return
    cells = [(each.run_id, each.status, each.repository, moment(each.updated_at_ms)[:10]) for each in runs]
    widths = output.column_widths(cells)
    for row in cells:
        output.write_line(output.table_line(row, widths))
    output.note(f"{len(runs)} run(s) are over and had their last line more than {days} day(s) ago")


def _say(each: Pruned) -> None:
    if each.why_not:
        output.note(f"skipped {each.run.run_id}: {each.why_not}")
    else:
        output.write_line(f"pruned  {each.run.run_id}")


def _listed(run: Summary, outcome: "PruneOutcome", reason: str = "") -> "PrunableRunDocument":
    from console.cli.reports.documents.runs import PrunableRunDocument

    return PrunableRunDocument(
        run_id=run.run_id,
        repository=run.repository,
        updated_at=moment(run.updated_at_ms),
        outcome=outcome,
        reason=reason,
    )


def _end(
    arguments: argparse.Namespace,
    before_ms: int,
    documents: "Sequence[PrunableRunDocument]",
    count: int,
    problem: str,
) -> ExitCode:
    """Write the document or the last words; a run that was skipped, or a text that is left, is a failure."""
    is_whole = not problem and all(each.outcome != "skipped" for each in documents)
    code = ExitCode.OK if is_whole else ExitCode.FAILED
    if arguments.json:
        from console.cli.reports.documents.runs import RecordPruneDocument

        document = RecordPruneDocument(
            before=moment(before_ms), runs=tuple(documents), artifacts_deleted=count, exit_code=code
        )
        output.write_document(document)
    elif count:
        output.note(f"{count} stored text(s) that no other run names were deleted with them")
    if problem:
        output.note(problem)
    return code

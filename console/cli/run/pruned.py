"""A run that was pruned: all that can be said of it."""

from console.cli import output
from console.cli.exit_code import ExitCode
from console.domain.ledger.checkpoint import Checkpoint, moment


def pruned_words(tombstone: Checkpoint) -> str:
    """Return what is left of a run, in one line."""
    signed = "signed" if tombstone.signature is not None else "not signed"
    return f"pruned on {moment(tombstone.at_ms)[:10]}, {tombstone.count} lines, head {tombstone.head}, {signed}"


def show_pruned(tombstone: Checkpoint, *, is_json: bool) -> ExitCode:
    """Write what is left of a run."""
    if is_json:
        from console.cli.reports.documents.runs import PrunedDocument, PrunedRunDocument

        output.write_document(PrunedDocument(pruned=PrunedRunDocument.of(tombstone)))
        return ExitCode.OK
    output.write_line(f"run {tombstone.run_id}: {pruned_words(tombstone)}")
    output.note(
        f"    its record was deleted because it was old; next: gateway-console record verify {tombstone.run_id}"
    )
    return ExitCode.OK

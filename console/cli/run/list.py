"""The list of runs, for `run list` and `record list`."""

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.reports.record import moment
from console.services.ledger.ledger import Ledger


async def show_runs(ledger: Ledger, *, limit: int, status: str | None, as_json: bool) -> ExitCode:
    """Write the runs, newest first. Raises `LedgerError`."""
    runs = await ledger.runs(limit, status)
    if as_json:
        from console.cli.reports.documents.runs import ListedRunDocument, RunListDocument

        output.write_document(RunListDocument(runs=tuple(map(ListedRunDocument.of, runs))))
        return ExitCode.OK
    if not runs:
        output.note("no runs; start one with gateway-console run start --task-file F")
        return ExitCode.OK
    cells = [
        (each.run_id, each.status, each.gate, each.repository, moment(each.started_at_ms)[:19] + "Z") for each in runs
    ]
    widths = output.column_widths(cells)
    for row in cells:
        output.write_line(output.table_line(row, widths))
    return ExitCode.OK

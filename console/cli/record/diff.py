"""`record diff`: in what two runs differ, field by field."""

import argparse
import re
from collections.abc import Sequence

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.run.ledger import run_id_of
from console.domain.ledger.checkpoint import moment
from console.domain.record.diff import Row, diff
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.services.ledger.ledger import Ledger
from console.services.run.run_log import RunLog

_ABSENT = "-"
_HASH = re.compile("[0-9a-f]{64}")
_SHOWN_HASH = 12
"""How much of a hash fits; the document of --json has all of it."""


async def show_diff(ledger: Ledger, arguments: argparse.Namespace) -> ExitCode:
    """Write the fields in which two records differ. Raises what opening a run does."""
    a, b = [await _record(ledger, each) for each in arguments.run_ids]
    rows = diff(a, b)
    code = ExitCode.FAILED if any(each.counts for each in rows) else ExitCode.OK
    shown = rows if arguments.all else tuple(each for each in rows if not each.is_equal)
    if arguments.json:
        _write_document(a, b, shown, code)
        return code
    cells = [("field", f"A {a.run_id}", f"B {b.run_id}"), ("begun", moment(a.started_at_ms), moment(b.started_at_ms))]
    cells += [(each.field, _cell(each.a), _cell(each.b)) for each in shown]
    widths = output.column_widths(cells)
    for row in cells if shown else ():
        output.write_line(output.table_line(row, widths))
    output.note(_words(rows))
    return code


async def _record(ledger: Ledger, name: str) -> Record:
    return record_of((await RunLog.open(ledger, await run_id_of(ledger, name))).state)


def _cell(value: str | None) -> str:
    if value is None:
        return _ABSENT
    return value[:_SHOWN_HASH] if _HASH.fullmatch(value) else value


def _words(rows: Sequence[Row]) -> str:
    number = sum(each.counts for each in rows)
    if number:
        return f"{number} of {len(rows)} field(s) differ; measured times are not counted"
    took = "" if all(each.is_equal for each in rows) else ", but for measured times"
    return f"no difference{took}: all {len(rows)} fields were compared"


def _write_document(a: Record, b: Record, rows: Sequence[Row], code: ExitCode) -> None:
    from console.cli.reports.documents.runs import DiffRowDocument, RecordDiffDocument

    document = RecordDiffDocument(
        a=a.run_id,
        b=b.run_id,
        differs=code is not ExitCode.OK,
        rows=tuple(DiffRowDocument(field=each.field, a=each.a, b=each.b, counts=each.counts) for each in rows),
        exit_code=code,
    )
    output.write_document(document)

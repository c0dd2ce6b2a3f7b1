"""The record under the cursor: what verifying it found, how it is signed, and its summary."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.panes.run_record_pane import fact_lines
from console.app.widgets.line import BLANK, Line, Span, dim, line, wrap
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.record.proof import claim_fact, proof_facts
from console.view.record.summary import summary_of
from console.view.sign import Tone


class RecordDetailPane(LinePane):
    """The detail on the records screen."""

    SHOWS_STREAMS = False

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the facts."""
        return tuple(detail_lines(state, size.width))


def detail_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the record under the cursor, what is wrong with it first."""
    view = state.records
    row = None if view is None else view.row
    if view is None or row is None:
        yield line(dim("no record in view"))
        return
    proven = view.proofs.get(row.run_id)
    if proven is not None:
        for fact in proof_facts(proven):
            yield from fact_lines(fact, width)
        yield BLANK
    shown = view.shown
    if shown is None or shown.run_id != row.run_id:
        yield line(dim("reading …"))
        return
    if shown.problem and (proven is None or proven.holds):
        yield from (line(Span(piece, Tone.WARN)) for piece in wrap(shown.problem, width))
    if shown.claim is not None and (proven is None or not proven.signers):
        yield from fact_lines(claim_fact(shown.claim), width)
    for fact in () if shown.record is None else summary_of(shown.record):
        yield from fact_lines(fact, width)

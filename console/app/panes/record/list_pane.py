"""The list of records: the newest first, each with how far it is proven."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from textual.geometry import Size
from textual.message import Message

from console.app.panes.stepper_bar import short_id
from console.app.widgets.line import Line, Span, cell, dim, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.run.gate import GateVerdict
from console.view.console_state import ConsoleState
from console.view.record.proof import proof_sign
from console.view.record.records_view import RecordRow, RecordsView
from console.view.run_sign import gate_sign, status_sign
from console.view.sign import Sign, Tone

_HEADER_LINES = 1
_PROOF, _RUN, _VERDICT, _STATUS = 14, 8, 10, 11
_WIDE = 100
"""From this width on the year is shown."""
_NONE = Sign("·", "none", Tone.DIM)
_VERDICTS = {each.value: gate_sign(each) for each in GateVerdict}


class RecordListPane(LinePane):
    """The list on the records screen."""

    SHOWS_STREAMS = False

    class RecordPicked(Message):
        """A record was clicked."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return a line per record."""
        return tuple(record_list_lines(state, size.width))

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state, with the cursor's line visible."""
        super().show(state, cursor)
        place = _HEADER_LINES + (0 if state.records is None else state.records.cursor)
        height = self.scrollable_content_region.height
        if height and not self.scroll_offset.y <= place < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, place - height // 2), animate=False)

    def on_click(self, event: object) -> None:
        """Put the record under the mouse in view."""
        place = getattr(event, "y", 0) - self.gutter.top + self.scroll_offset.y - _HEADER_LINES
        if self._state.records is not None and 0 <= place < len(self._state.records.rows):
            self.post_message(self.RecordPicked(place))


def record_list_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the list, or why there is none."""
    view = state.records
    if view is None or not view.is_read:
        yield line(dim("reading …"))
        return
    trouble = view.failure or view.problem
    yield from (line(Span(piece, Tone.WARN)) for piece in (wrap(trouble, width) if trouble else ()))
    rows = view.rows
    if not rows:
        if not trouble:
            yield line(dim("no record yet on this machine"))
        return
    started = 18 if width >= _WIDE else 13
    name_width = max(0, width - 2 - _PROOF - _RUN - _VERDICT - _STATUS - started)
    yield line(
        dim("  "),
        *(cell(*each, Tone.DIM) for each in (("proof", _PROOF), ("run", _RUN), ("verdict", _VERDICT))),
        cell("status", _STATUS, Tone.DIM),
        cell("repository", name_width, Tone.DIM),
        cell("started", started, Tone.DIM, right=True),
    )
    for place, each in enumerate(rows):
        yield _row_line(view, each, (name_width, started), is_cursor=place == view.cursor)


def _row_line(view: RecordsView, row: RecordRow, widths: tuple[int, int], *, is_cursor: bool) -> Line:
    name_width, started_width = widths
    proof = proof_sign(view.proofs.get(row.run_id), is_signed=row.is_signed)
    verdict = _VERDICTS.get(row.verdict, _NONE)
    mark = Span("▌ " if is_cursor else "  ", Tone.STRONG)
    run = cell(short_id(row.run_id), _RUN, Tone.STRONG if is_cursor else Tone.TEXT)
    if row.started_at_ms is None:
        words = cell("not in the list of runs", _VERDICT + _STATUS + name_width + started_width, Tone.WARN)
        return line(mark, cell(str(proof), _PROOF, proof.tone), run, words, is_cursor=is_cursor)
    status = status_sign(row.status)
    name = f"sim: {row.repository}" if row.is_simulated else row.repository
    started = datetime.fromtimestamp(row.started_at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    started = started[-(started_width - 2) :]
    return line(
        mark,
        cell(str(proof), _PROOF, proof.tone),
        run,
        cell(str(verdict), _VERDICT, verdict.tone),
        cell(str(status), _STATUS, status.tone),
        cell(name, name_width),
        cell(started, started_width, Tone.DIM, right=True),
        is_cursor=is_cursor,
    )


def progress_words(view: RecordsView) -> str:
    """Return how far the verification is, or how the last one ended; empty if there was none."""
    now = view.verifying
    if now is None:
        return ""
    failed = f" · {now.failed} not whole" if now.failed else ""
    if now.is_live:
        return f"verifying {now.done} of {now.total}{failed} · x stops" if now.total else "verifying …"
    if now.is_cancelled:
        return f"stopped: {now.done} of {now.total} verified{failed}"
    return f"{now.done} verified{failed or ' · all hold' if now.done else ''}"

"""The difference between two records, field by field."""

from collections.abc import Iterator

from console.app.panes.text_pane import TextPane
from console.app.widgets.line import BLANK, Line, cell, dim, labelled, line
from console.domain.record.diff import diff
from console.domain.record.record import Record
from console.view.console_state import ConsoleState
from console.view.sign import Tone


class DiffPane(TextPane):
    """What two records do not say alike."""

    def __init__(self, state: ConsoleState, a: Record, b: Record) -> None:
        super().__init__(state)
        self._a, self._b = a, b

    def laid_out(self, width: int) -> Iterator[Line]:
        """Yield all lines."""
        return diff_lines(self._a, self._b, width)


def diff_lines(a: Record, b: Record, width: int) -> Iterator[Line]:
    """Yield the fields in which two records differ, the first record's value over the second's."""
    yield from labelled("A", a.run_id, width)
    yield from labelled("B", b.run_id, width)
    rows = diff(a, b)
    number = sum(each.counts for each in rows)
    yield from labelled("", f"{number} of {len(rows)} field(s) differ; measured times are not counted", width)
    for each in rows:
        if each.is_equal:
            continue
        yield BLANK
        yield line(cell(each.field, width, Tone.STRONG if each.counts else Tone.DIM))
        for name, value in (("A", each.a), ("B", each.b)):
            if value is None:
                yield line(cell(name, 11, Tone.DIM), dim("none"))
            else:
                yield from labelled(name, value, width)

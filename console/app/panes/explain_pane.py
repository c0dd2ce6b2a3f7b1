"""The explain pane: why a call was refused, and what to do."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import BLANK, Line, Span, dim, labelled, line
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.explanation import category_rows, reading_lines
from console.view.sign import Tone


class ExplainPane(LinePane):
    """Why the call of the route under the cursor was refused, and what to do."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the explanation."""
        return tuple(explain_lines(state, cursor, size.width))


def explain_lines(state: ConsoleState, cursor: int, width: int) -> Iterator[Line]:
    """Yield the category of a route's newest refusal and its meaning, the evidence for this refusal, and the rule."""
    smoke = state.routes[cursor].smoke
    found = None if smoke.result is None else smoke.result.classification
    if found is None:
        return
    yield line(Span(found.category, Tone.STRONG), dim(f"   {found.confidence}"))
    yield BLANK
    for words in reading_lines(found, is_embedded=state.is_embedded):
        yield from labelled("here" if words == found.evidence else "", words, width, label_width=8)
    if smoke.said:
        yield from labelled("it said", f'"{smoke.said}"', width, tone=Tone.DIM, label_width=8)
    if found.rule:
        yield from labelled("rule", f"{found.rule}  {found.source}".strip(), width, tone=Tone.DIM, label_width=8)
    yield BLANK
    for label, words in category_rows(found.category):
        yield from labelled(label, words, width, label_width=8)
    yield from labelled("tell", "E on the screen shows what support needs to know of it", width, label_width=8)

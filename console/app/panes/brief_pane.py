"""The brief pane: a call word for word, before and after it is paid for."""

from collections.abc import Iterator

from console.app.panes.text_pane import TextPane
from console.app.widgets.line import BLANK, Line, Span, dim, labelled, line, wrap
from console.view.console_state import ConsoleState
from console.view.run_view import CallShown
from console.view.sign import Tone


class BriefPane(TextPane):
    """A call as it is sent: whom it asks, what it can cost, and every word of it."""

    def __init__(self, state: ConsoleState, call: CallShown, *, is_sent: bool) -> None:
        super().__init__(state)
        self._call = call
        self._is_sent = is_sent

    def laid_out(self, width: int) -> Iterator[Line]:
        """Yield the facts, the instructions and the prompt."""
        call = self._call
        head = "this was sent" if self._is_sent else "this will be sent; nothing was sent so far"
        yield line(Span(head, Tone.STRONG))
        yield from labelled("to", f"{call.role}: {call.model}", width)
        yield from labelled("by", f"POST {call.endpoint_path}   {call.endpoint_family}", width)
        yield from labelled(
            "takes", f"{call.cost or 'calls of its own, within the budgets'}; {call.body_size:,} bytes go out", width
        )
        note = "the ids around its blocks are new in every call; the token goes in a header and is not shown"
        yield from (line(dim(piece)) for piece in wrap(note, width))
        for title, text in (("instructions", call.instructions), ("prompt", call.prompt)):
            yield BLANK
            yield line(Span(title, Tone.ACCENT))
            yield from (line(piece) for piece in wrap(text.expandtabs(4), width))

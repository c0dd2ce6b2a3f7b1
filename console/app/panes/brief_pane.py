"""The brief pane: a call word for word, before and after it is paid for."""

from collections.abc import Iterator

from console.app.panes.text_pane import TextPane
from console.app.widgets.line import BLANK, Line, Span, dim, labelled, line, wrap
from console.view.console_state import ConsoleState
from console.view.run.event import CallShown
from console.view.run_words import agent_words
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
        yield line(Span(_head(call, is_sent=self._is_sent), Tone.STRONG))
        if call.agent:
            yield from labelled("to", f"{agent_words(call.agent)}, on its standard input", width)
            yield from labelled(
                "calls", f"{call.model} alone, POST {call.endpoint_path}   {call.endpoint_family}", width
            )
            yield from labelled("takes", "calls of its own, each set aside from the budgets before it is sent", width)
            note = (
                "the ids around its blocks are new in every turn; the agent gets no token, and no key but the relay's"
            )
        else:
            yield from labelled("to", f"{call.role}: {call.model}", width)
            yield from labelled("by", f"POST {call.endpoint_path}   {call.endpoint_family}", width)
            yield from labelled("takes", f"{call.cost}; {call.body_size:,} bytes go out", width)
            note = "the ids around its blocks are new in every call; the token goes in a header and is not shown"
        yield from (line(dim(piece)) for piece in wrap(note, width))
        for title, text in (("instructions", call.instructions), ("prompt", call.prompt)):
            yield BLANK
            yield line(Span(title, Tone.ACCENT))
            yield from (line(piece) for piece in wrap(text.expandtabs(4), width))


def _head(call: CallShown, *, is_sent: bool) -> str:
    if call.agent:
        return "the agent was given this" if is_sent else "the agent will be given this; nothing was started so far"
    return "this was sent" if is_sent else "this will be sent; nothing was sent so far"

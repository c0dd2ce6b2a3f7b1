"""The output pane: what a call streams while it runs, stored nowhere; and what happened in the run."""

import itertools
from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.panes.agent_calls import relayed_lines
from console.app.panes.slow_link import SLOW_LINK, last_line
from console.app.widgets.line import BLANK, Line, Span, Tail, dim, fit, line, wrap
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.live_call import CallPhase
from console.view.run_view import RunView
from console.view.sign import Tone

_PHASES = {
    CallPhase.IDLE: "",
    CallPhase.QUEUED: "› queued",
    CallPhase.CONNECTING: "› connecting",
    CallPhase.WAITING: "› sent, waiting for the first token",
    CallPhase.STREAMING: "› streaming",
    CallPhase.DONE: "· ended",
}


class RunOutputPane(LinePane):
    """Pane 3 of the run screen."""

    def __init__(self, state: ConsoleState, *, is_slow_link: bool, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(state, id=id)
        self._is_slow_link = is_slow_link
        self._tail = Tail()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the stream's end, or what happened."""
        return tuple(output_lines(state, *size, is_slow_link=self._is_slow_link, tail=self._tail))

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state, and scroll to the end if something new happened."""
        before = None if self._state.run is None else (self._state.run.state, len(self._state.run.words))
        super().show(state, cursor)
        if state.run is not None and before != (state.run.state, len(state.run.words)):
            self.call_after_refresh(self.scroll_end, animate=False)


def output_lines(
    state: ConsoleState, width: int, height: int, *, is_slow_link: bool = False, tail: Tail | None = None
) -> Iterator[Line]:
    """Yield the stream while a call runs, below the newest events; `tail` knows how it was broken into lines before."""
    view = state.run
    if view is None or view.state is None:
        yield line(dim("no run in view"))
        return
    stream = list(_stream(view, width, height, tail or Tail(), is_slow_link=is_slow_link))
    stream = stream or list(_of_agent(view, width, height, is_slow_link=is_slow_link))
    room = max(3, height // 3) if stream else height
    words = [piece for each in view.words for piece in _wrapped(each, width)]
    if stream:
        words = words[-room:]
    yield from words
    if not stream:
        if not words:
            yield line(dim("nothing happened in it yet"))
        return
    yield BLANK
    head, rest = stream[0], stream[1:]
    yield head
    left = max(2, height - len(words) - 2)
    if len(rest) > left:
        rest = rest[-left:]
        rest[0] = line(Span(fit(f"… {rest[0]}", width)))
    yield from rest


def _of_agent(view: RunView, width: int, height: int, *, is_slow_link: bool) -> Iterator[Line]:
    """Yield the newest calls of the agent that writes, or wrote in this console's last step."""
    return itertools.islice(relayed_lines(view.relayed, width, is_slow_link=is_slow_link), max(3, height // 2))


def _wrapped(words: str, width: int) -> Iterator[Line]:
    for place, piece in enumerate(wrap(words, width - 2)):
        yield line(dim("· " if place == 0 else "  "), dim(piece))


def _stream(view: RunView, width: int, height: int, tail: Tail, *, is_slow_link: bool) -> Iterator[Line]:
    """Yield the end of this console's call in progress; nothing once it ended: the stored result is shown elsewhere."""
    live = view.live
    if not view.is_stepping_this or live.phase is CallPhase.IDLE:
        return
    told = _PHASES[live.phase] if live.ttft_ms is None else f"{_PHASES[live.phase]}, first token {live.ttft_ms:.0f} ms"
    who = "" if view.call is None else f"   {view.call.role}"
    yield line(Span(told, Tone.LIVE if live.is_live else Tone.DIM), dim(fit(who, max(0, width - len(told)))))
    if is_slow_link and live.is_live and live.output:
        yield line(last_line(live.output, width - 1), Span("▌", Tone.LIVE))
        yield line(dim(fit(SLOW_LINK, width)))
        return
    pieces, _ = tail.lines(live.output or live.said, width, max(3, height))
    yield from (line(piece) for piece in pieces[:-1])
    if pieces:
        yield line(fit(pieces[-1], width - 1), Span("▌" if live.is_live else "", Tone.LIVE))

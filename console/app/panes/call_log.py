"""The call log: what was really sent, newest first; no content, no token."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from textual.geometry import Size

from console.app.widgets.line import Line, Span, cell, dim, line
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.request_log import Call
from console.view.sign import Tone


class CallLogPane(LinePane):
    """Pane 4, on wide screens."""

    SHOWS_STREAMS = False

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return a line per call."""
        return tuple(call_lines(state.requests.calls, size.width))


def call_lines(calls: Sequence[Call], width: int) -> Iterator[Line]:
    """Yield a line per call, newest first."""
    if not calls:
        yield line(dim("no request sent yet"))
        return
    model_width = max(8, width - 56)
    for call in reversed(calls):
        clock = datetime.fromtimestamp(call.at).strftime("%H:%M:%S")  # the operator's own clock
        status, tone = _status(call)
        total = "" if call.total_ms is None else f"{call.total_ms:.0f} ms"
        yield line(
            cell(clock, 10, Tone.DIM),
            cell("POST", 5),
            cell(call.path, 22),
            cell(f"{call.agent} · {call.model}" if call.agent else call.model, model_width, Tone.DIM),
            Span("  "),
            cell(status, 8, tone),
            cell(total, 9, right=True),
        )


def _status(call: Call) -> tuple[str, Tone]:
    if call.http_status is None and call.is_live:
        return "live", Tone.LIVE
    if not call.is_live and call.total_ms is None:
        return ("stopped", Tone.WARN) if call.is_sent else ("not sent", Tone.DIM)
    if call.http_status is None:
        return "no reply", Tone.WARN
    return str(call.http_status), Tone.OK if call.http_status < 300 else Tone.WARN

"""The calls of agents as lines: the same for the relay of the screen and for a run whose writer is an agent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.geometry import Size

from console.app.widgets.line import BLANK, Line, Span, cell, dim, fit, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.finding import Severity
from console.view.call_sign import ttft_figure
from console.view.console_state import ConsoleState
from console.view.finding_sign import severity_sign
from console.view.relay.calls import RelayedCall, RelayedCalls
from console.view.relay.words import UNPRICED_SHORT, cost_text, reason_of, relayed_sign
from console.view.sign import Tone

_ROUTE, _STATE, _TTFT, _PACE, _COST = 10, 10, 8, 6, 11
"""The widths of columns in cells."""
_CLIENT_MOST = 15
_PACE_FROM, _COST_FROM, _MODEL_FROM = 50, 60, 74
"""The width of a pane from which each column is shown."""


class AgentCallsPane(LinePane):
    """One agent's newest calls, with every finding in full."""

    SHOWS_STREAMS = False

    def __init__(self, state: ConsoleState, client: str) -> None:
        super().__init__(state, id="agent-calls")
        self._client = client

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the calls and what was found."""
        return tuple(whole_calls_lines(state.relay.calls.of(self._client), size.width))


def relayed_lines(calls: RelayedCalls, width: int, *, is_slow_link: bool = False) -> Iterator[Line]:
    """Yield a line for each call, newest first, below their header; nothing if there is none.

    Args:
        calls: The calls.
        width: The width in cells.
        is_slow_link: Draw nothing that grows while an answer streams.

    """
    if not calls.calls:
        return
    columns = _Columns.of(calls.calls, width)
    yield columns.header()
    for call in reversed(calls.calls):
        yield columns.call(call, is_still=is_slow_link)


def whole_calls_lines(calls: Sequence[RelayedCall], width: int) -> Iterator[Line]:
    """Yield each call of some, newest first, with its refusal or its findings in full."""
    columns = _Columns.of(calls, width)
    for call in reversed(calls):
        yield columns.call(call, is_still=True)
        yield from _told(call, width)
        yield BLANK


def _told(call: RelayedCall, width: int) -> Iterator[Line]:
    if call.refused is not None:
        yield from (line(Span(f"  {piece}", Tone.WARN)) for piece in wrap(call.refused.message, width - 2))
    result = call.result
    if result is None:
        return
    status = "no answer" if result.http_status is None else f"status {result.http_status}"
    tokens = "" if result.tokens is None else f"   {result.input_tokens} tokens in {result.output_tokens} out"
    yield line(dim(fit(f"  {result.endpoint_path}   {status}{tokens}", width)))
    if result.classification is not None:
        about = f"{result.classification.evidence}. {result.classification.action}"
        yield from (line(Span(f"  {piece}", Tone.WARN)) for piece in wrap(about, width - 2))
    for finding in result.findings:
        if finding.severity is not Severity.INFO:
            sign = severity_sign(finding.severity)
            for place, piece in enumerate(wrap(f"{finding.id}  {finding.message}", width - 4)):
                yield line(Span(f"  {sign.sign if place == 0 else ' '} ", sign.tone), Span(piece))


@dataclass(frozen=True, slots=True)
class _Cells:
    """What is shown of a call beside who made it and how it goes."""

    route: str
    model: str
    ttft: str
    pace: str
    cost: str
    reason: str


_HEADER = _Cells("route", "model", "ttft ms", "tok/s", "cost", "findings")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns that fit into a width, for some calls."""

    width: int
    client: int

    @classmethod
    def of(cls, calls: Sequence[RelayedCall], width: int) -> "_Columns":
        """Return the columns for some calls."""
        longest = max((len(call.client) for call in calls), default=0)
        return cls(width, min(_CLIENT_MOST, max(longest, len("unknown")) + 3))

    def call(self, call: RelayedCall, *, is_still: bool) -> Line:
        """Return a call as a row; a still one shows nothing that grows with every delta."""
        sign, result, ttft_ms = relayed_sign(call), call.result, call.live.ttft_ms
        lead = self._lead(call.client or "unknown", Span(str(sign), sign.tone), Tone.TEXT)
        if call.refused is not None:
            return line(*lead, cell(reason_of(call), self.width - self.client - _STATE, sign.tone))
        pace = None if result is None else result.output_tokens_per_s
        is_told = call.live.is_live and call.live.pieces and not is_still
        cells = _Cells(
            call.key,
            call.model,
            "" if ttft_ms is None else ttft_figure(result, ttft_ms),
            "" if pace is None else f"{pace:.0f}",
            "" if call.ended is None else cost_text(call.ended, UNPRICED_SHORT),
            f"{call.live.pieces} pieces" if is_told else reason_of(call),
        )
        return line(*lead, *self._rest(cells, Tone.TEXT, sign.tone))

    def header(self) -> Line:
        """Return the columns' names."""
        return line(*self._lead("agent", dim("state"), Tone.DIM), *self._rest(_HEADER, Tone.DIM, Tone.DIM))

    def _lead(self, client: str, state: Span, tone: Tone) -> tuple[Span, ...]:
        return Span("  "), cell(client, self.client - 2, tone), cell(state.text, _STATE, state.tone)

    def _rest(self, cells: _Cells, tone: Tone, reason_tone: Tone) -> Iterator[Span]:
        figures = [cell(cells.ttft, _TTFT, tone, right=True)]
        if self.width >= _PACE_FROM:
            figures.append(cell(cells.pace, _PACE, tone, right=True))
        if self.width >= _COST_FROM:
            figures.append(cell(cells.cost, _COST, tone, right=True))
        used = self.client + _ROUTE + _STATE + sum(len(each.text) for each in figures) + 2
        room = max(0, self.width - used)
        yield cell(cells.route, _ROUTE, tone)
        if self.width >= _MODEL_FROM:
            model = min(32, room // 2)
            room -= model
            yield cell(cells.model, model, Tone.DIM)
        yield from figures
        yield Span("  ")
        yield cell(cells.reason, room, reason_tone)

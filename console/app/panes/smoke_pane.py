"""The smoke pane: all routes' live tests in brief, and the one under the cursor in full."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.disabled_reason import why_no_call
from console.app.panes.slow_link import SLOW_LINK, last_line
from console.app.widgets.line import BLANK, Line, Span, Tail, cell, dim, fit, labelled, line, rows, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.finding import Severity
from console.domain.probes.served_as import SWAP_IDS, ServedAs
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.view.call_sign import call_sign, ttft_figure
from console.view.console_state import ConsoleState, RouteView
from console.view.explanation import reading_lines
from console.view.finding_sign import severity_sign
from console.view.live_call import LiveCall
from console.view.sign import Tone

_ROOMY = 18
"""The height in lines from which all tests are listed; below it, the route table above already shows them."""


class SmokePane(LinePane):
    """Pane 3."""

    def __init__(self, state: ConsoleState, *, is_slow_link: bool, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(state, id=id)
        self._is_slow_link = is_slow_link
        self._tail = Tail()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the tests in brief, then the one under the cursor."""
        width, height = size
        return tuple(smoke_lines(state, cursor, width, height, is_slow_link=self._is_slow_link, tail=self._tail))


def smoke_lines(
    state: ConsoleState,
    cursor: int,
    width: int,
    height: int,
    *,
    is_slow_link: bool = False,
    tail: Tail | None = None,
) -> Iterator[Line]:
    """Yield the pane's lines; streamed text gets the remaining room and shows its end, on a slow link its last line.

    Args:
        state: What to draw.
        cursor: The route under the row cursor.
        width: The pane's width in cells.
        height: The pane's height in lines.
        is_slow_link: Draw little while a call streams.
        tail: How the streamed text was broken into lines before.

    """
    if not state.routes:
        return
    shown = list(enumerate(state.routes)) if height >= _ROOMY else [(cursor, state.routes[cursor])]
    head = [_short(route, width, is_cursor=position == cursor) for position, route in shown]
    if not any(route.smoke.is_live or route.smoke.result for route in state.routes):
        hint = why_no_call(state, cursor) or "s smokes this route, S all"
        head += [BLANK, *(line(dim(piece)) for piece in wrap(f"nothing sent yet: {hint}", width))]
    yield from head
    route = state.routes[min(cursor, len(state.routes) - 1)]
    about = list(about_lines(route, width, is_embedded=state.is_embedded))
    if height < _ROOMY:
        about = about[1:]  # role and model are in the route table just above
    foot = list(_totals(state, width))
    room = max(2, height - len(head) - len(about) - len(foot) - (2 if height >= _ROOMY else 1))
    output = list(_output(route.smoke, width, room, tail or Tail(), is_slow_link=is_slow_link))
    if (about or output) and height >= _ROOMY:
        yield BLANK
    yield from about
    yield from output
    yield BLANK
    yield from foot


def _short(state: RouteView, width: int, *, is_cursor: bool) -> Line:
    sign = call_sign(state.smoke)
    name = cell(state.check.route.role, 9, Tone.STRONG if is_cursor else Tone.TEXT)
    lead = [Span(f"{sign.sign} ", sign.tone), name]
    result = state.smoke.result if not state.smoke.is_live else None
    if result is not None and result.classification is not None:
        category = result.classification.category
        status = "" if result.http_status is None else f"{result.http_status} · "
        note = f"{status}not retried" if result.requests_sent else "nothing sent"
        return line(*lead, Span(f"{category} ", sign.tone), cell(note, max(0, width - 12 - len(category)), Tone.DIM))
    ttft_ms = state.smoke.ttft_ms if result is None else result.ttft_ms
    pace = None if result is None else result.output_tokens_per_s
    word = sign.word if result is None else (result.finish or sign.word)
    return line(
        *lead,
        cell("" if ttft_ms is None else f"{ttft_figure(result, ttft_ms)} ms", 8, right=True),
        cell("" if pace is None else f"{pace:.0f} tok/s", 10, right=True),
        Span("  "),
        cell(word, max(0, width - 31), sign.tone),
    )


def about_lines(state: RouteView, width: int, *, is_embedded: bool) -> Iterator[Line]:
    """Yield what is known about one route's newest smoke test, without its output."""
    smoke, route = state.smoke, state.check.route
    result = smoke.result if not smoke.is_live else None
    if not smoke.is_live and result is None:
        return
    yield line(Span(f"{route.key}  ", Tone.STRONG), cell(route.model, width - len(route.key) - 2, Tone.DIM))
    if result is not None and result.model_reported is not None:
        answered = result.model_reported if result.service is None else result.service.model or result.model_reported
        is_alias = result.service is not None and result.service.served_as is ServedAs.ALIAS
        served = "itself" if answered == route.model else answered
        tone = Tone.TEXT if is_alias or served == "itself" else Tone.WARN
        yield from labelled("served as", served or "", width, tone=tone)
    if result is None:
        return
    yield from _figures(result, width)
    if result.classification is not None:
        for words in reading_lines(result.classification, is_embedded=is_embedded):
            tone = Tone.ACCENT if words == result.classification.action else Tone.TEXT
            yield from (line(Span(piece, tone)) for piece in wrap(words, width))
    evidence = "" if result.classification is None else result.classification.evidence
    for finding in result.findings:
        if finding.severity is not Severity.INFO and not evidence.startswith(finding.id):
            sign = severity_sign(finding.severity)
            told = f"{finding.message} {finding.evidence}" if finding.id in SWAP_IDS else finding.message
            for position, piece in enumerate(wrap(told, width - 2)):
                yield line(Span(f"{sign.sign} " if position == 0 else "  ", sign.tone), dim(piece))


def _figures(result: SmokeResult, width: int) -> Iterator[Line]:
    times = [
        ("connect", _whole(result.request_written_ms)),
        ("headers", _whole(result.first_byte_ms)),
        ("first token", None if result.ttft_ms is None else ttft_figure(result, result.ttft_ms)),
        ("total", _whole(result.total_ms)),
    ]
    parts = [line(dim(f"{label} "), f"{value} ms") for label, value in times if value is not None]
    if result.output_tokens is not None:
        given = "?" if result.input_tokens is None else result.input_tokens
        parts.append(line(dim("tokens "), f"{given} in {result.output_tokens} out"))
    yield from rows(parts, width)
    if result.request_id is not None:
        yield from labelled("request", result.request_id, width)
    if result.status is SmokeStatus.UNKNOWN:
        sent = "sent, so it may be billed" if result.requests_sent else "not sent"
        yield line(Span(f"stopped; {sent}; the outcome is unknown"[:width], Tone.WARN))


def _whole(ms: float | None) -> str | None:
    return None if ms is None else f"{ms:.0f}"


def _output(smoke: LiveCall, width: int, room: int, tail: Tail, *, is_slow_link: bool) -> Iterator[Line]:
    if not smoke.output:
        if smoke.said and not smoke.is_live:
            yield from (line(dim(piece)) for piece in wrap(f'it said, not stored: "{smoke.said}"', width))
        return
    if is_slow_link and smoke.is_live:
        yield line(last_line(smoke.output, width - 1), Span("▌", Tone.LIVE))
        yield line(dim(fit(SLOW_LINK, width)))
        return
    pieces, is_cut = tail.lines(smoke.output, width, room - 1)
    if is_cut:
        pieces[0] = fit(f"… {pieces[0]}", width)
    yield from (line(piece) for piece in pieces[:-1])
    yield line(pieces[-1], Span("▌" if smoke.is_live else "", Tone.LIVE))
    yield line(dim("not stored · safe to watch"))


def _totals(state: ConsoleState, width: int) -> Iterator[Line]:
    sent = sum(call.is_sent for call in state.requests.calls)
    parts = [line(dim("calls sent "), f"{sent}"), line(dim("tokens "), f"{state.requests.tokens_counted}")]
    if state.loop_lag_p99_ms is not None:
        parts.append(line(dim("loop lag p99 "), f"{state.loop_lag_p99_ms:.1f} ms"))
    return rows(parts, width)

"""The record pane: the safe facts of a run, computed from the ledger; none of them was typed in but the reasons."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import BLANK, Line, Span, cell, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.record.projection import record_of
from console.domain.record.record import Record
from console.view.console_state import ConsoleState
from console.view.record.proof import claim_fact, problem_fact
from console.view.record.summary import Fact, summary_of
from console.view.sign import Tone

_LABEL = 13


class RunRecordPane(LinePane):
    """Pane 4 of the run screen."""

    SHOWS_STREAMS = False

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the facts."""
        return tuple(record_lines(state, size.width))


def record_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the record of the run in view so far: its summary, each decision, each route's model."""
    if state.run is None or state.run.state is None:
        yield line(dim("no run in view"))
        return
    record = record_of(state.run.state)
    for fact in summary_of(record):
        yield from fact_lines(fact, width)
    if state.run.claim is not None:
        yield from fact_lines(claim_fact(state.run.claim), width)
    if state.run.why_unsigned:
        yield from fact_lines(problem_fact(state.run.why_unsigned), width)
    yield BLANK
    yield from _decisions(record, width)
    yield line(dim("models"))
    keys = {key.partition(".")[0]: key for key in record.chosen_routes}
    for route in record.routes:
        yield from labelled(keys.get(route.role, route.role), route.model, width, label_width=_LABEL)
    yield BLANK
    yield from (line(dim(piece)) for piece in wrap("safe fields only: no prompt, no answer, no secret", width))


def fact_lines(fact: Fact, width: int) -> Iterator[Line]:
    """Yield a fact: its sign and word in its tone, its words wrapped beside them."""
    sign = "" if fact.sign is None else f"{fact.sign} "
    tone = Tone.TEXT if fact.sign is None else fact.sign.tone
    words = " ".join(fact.words.split())
    for place, piece in enumerate(wrap(f"{sign}{words}", width - _LABEL)):
        label = cell(fact.label if place == 0 else "", _LABEL, Tone.DIM)
        head = sign if place == 0 and piece.startswith(sign) else ""
        yield line(label, Span(head, tone), Span(piece[len(head) :]))


def _decisions(record: Record, width: int) -> Iterator[Line]:
    decided = [each for each in record.gates if each.decided is not None]
    if decided:
        yield line(dim("decided"))
    for each in decided:
        over = ", against the computed verdict" if each.is_override else ""
        why = f": {each.reason}" if each.reason else ""
        gate = each.gate.words.removesuffix(" source")
        words = f"{each.decided} by {each.decided_by}{over}{why}"
        yield from labelled(gate, words, width, label_width=_LABEL)
    if decided:
        yield BLANK

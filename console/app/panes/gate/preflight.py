"""What a preflight found: how far each route got, and which tokens roles can reach."""

from collections.abc import Iterator
from itertools import groupby

from console.app.panes.gate.label import LABEL
from console.app.widgets.line import Line, Span, cell, dim, labelled, line
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.run.reach import Reach
from console.domain.run.subject import PreflightNotes, RungNote
from console.view.rung_sign import status_sign
from console.view.sign import Tone


def preflight_lines(notes: PreflightNotes, width: int, *, is_whole: bool) -> Iterator[Line]:
    """Yield each route with its rungs; the words of those that hold only if all is wanted."""
    if not notes.rungs:
        yield from labelled("rungs", "none is stored", width, tone=Tone.DIM, label_width=LABEL)
    names = max((len(each.route) + 1 for each in notes.rungs), default=0)
    for route, of_route in groupby(notes.rungs, key=lambda each: each.route):
        rungs = list(of_route)
        signs = [Span(f"{status_sign(each.status).sign}{each.rung} ", status_sign(each.status).tone) for each in rungs]
        yield line(cell(route, max(LABEL, names), Tone.DIM), *signs, dim(_top(rungs)))
        for each in rungs:
            if is_whole or each.status != RungStatus.PASSED:
                yield from _rung(each, width)
    yield from _reach(notes.reach, width)


def _top(rungs: list[RungNote]) -> str:
    last = rungs[-1]
    return f"up to {Rung(last.rung).title}" if all(each.status == RungStatus.PASSED for each in rungs) else ""


def _rung(note: RungNote, width: int) -> Iterator[Line]:
    sign = status_sign(note.status)
    words = f": {note.words}" if note.words else ""
    told = f"{sign} rung {note.rung}, {Rung(note.rung).title}{words}"
    yield from labelled("", told, width, tone=sign.tone, label_width=LABEL)


def _reach(reach: Reach | None, width: int) -> Iterator[Line]:
    if reach is None:
        yield from labelled("tokens", "which ones roles can reach is not stored", width, label_width=LABEL)
        return
    if not reach.tokens:
        yield from labelled("tokens", "none in reach of roles", width, tone=Tone.OK, label_width=LABEL)
    for number, each in enumerate(reach.tokens):
        told = f"~ {each.name} is in reach of roles: {each.kind}"
        yield from labelled("" if number else "tokens", told, width, tone=Tone.WARN, label_width=LABEL)
    yield from labelled("CI token", reach.ci_token_permissions, width, label_width=LABEL)

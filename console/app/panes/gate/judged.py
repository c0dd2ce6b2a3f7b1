"""What the judges say: a reviewer's scores with their evidence, and the points of a reviewer or a critic."""

from collections.abc import Iterator, Sequence

from console.app.panes.gate.label import LABEL
from console.app.widgets.line import Line, Span, cell, dim, labelled, line, wrap
from console.domain.answers.role_answer import SCORE_LIMIT, CriterionScore, Critique, FindingSeverity, JudgeFinding
from console.domain.run.rubric import MUST_SCORE
from console.domain.run.subject import ReviewShown
from console.view.sign import Tone

_BAR = 8
_NAME = 20


def review_lines(shown: ReviewShown, width: int) -> Iterator[Line]:
    """Yield each score with the words of the draft that it rests on, and the reviewer's points."""
    for each in shown.review.criteria:
        yield from _score_lines(each, is_must=each.id in shown.must, width=width)
    yield from _point_lines(shown.review.findings, "the reviewer names no point", width)


def critique_lines(critique: Critique, width: int) -> Iterator[Line]:
    """Yield the critic's own points."""
    yield from _point_lines(critique.findings, "the critic found nothing", width)


def _score_lines(scored: CriterionScore, *, is_must: bool, width: int) -> Iterator[Line]:
    shown = max(0, min(scored.score, SCORE_LIMIT))
    filled = _BAR * shown // SCORE_LIMIT
    tone = Tone.OK if scored.score >= MUST_SCORE else Tone.WARN
    name = cell(scored.id.replace("_", " "), _NAME)
    lead = _NAME + 5 + _BAR + 1
    evidence = " ".join(scored.evidence.split())
    said = f'"{evidence}"' if evidence else "no evidence"
    must = f"must be at least {MUST_SCORE}; " if is_must and scored.score < MUST_SCORE else ""
    first, *more = wrap(f"{must}{said}", max(12, width - lead))
    bar = (Span("█" * filled, tone), dim("░" * (_BAR - filled)), Span(" "))
    yield line(name, Span(f"{scored.score}/{SCORE_LIMIT}  ", tone), *bar, dim(first))
    yield from (line(Span(" " * lead), dim(piece)) for piece in more)


def _point_lines(points: Sequence[JudgeFinding], nothing: str, width: int) -> Iterator[Line]:
    if not points:
        yield from labelled("points", nothing, width, tone=Tone.DIM, label_width=LABEL)
    for each in points:
        tone = Tone.DIM if each.severity is FindingSeverity.MINOR else Tone.WARN
        area = "" if each.area is None else f"{each.area.replace('_', ' ')}: "
        for place, piece in enumerate(wrap(f"{area}{each.note}", width - LABEL)):
            yield line(cell(each.severity if place == 0 else "", LABEL, tone), piece)
        if each.quote:
            yield from labelled("", f'at "{" ".join(each.quote.split())}"', width, tone=Tone.DIM, label_width=LABEL)

"""The result of a gate: the verdict, who decided what, the findings, what they are about, and the checks."""

from collections.abc import Iterator, Sequence

from console.app.panes.gate.label import LABEL
from console.app.panes.gate.subject import subject_lines
from console.app.widgets.line import Line, Span, dim, fit, labelled, line, rows, wrap
from console.domain.answers.role_answer import Critique
from console.domain.finding import Finding, Severity
from console.domain.run.event import CommandRun, GateOpened
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.domain.run.subject import PreflightNotes, ReviewShown, Subject
from console.view.finding_sign import severity_sign
from console.view.run.event import GateNotes
from console.view.run_sign import gate_sign, opening_sign
from console.view.run_view import RunView
from console.view.sign import Tone


def result_lines(view: RunView, shown: GateNotes, width: int, *, is_whole: bool = False) -> Iterator[Line]:
    """Yield the result of a gate.

    Args:
        view: The run in view.
        shown: The gate's result.
        width: The width in cells.
        is_whole: Whether a long draft is shown to its end, and all rungs of a preflight with their words.

    """
    opened = shown.opened
    findings = shown.findings
    if opened is None and isinstance(shown.subject, PreflightNotes):
        findings = shown.subject.findings
    is_clear = not findings and not _has_points(shown.subject) and not shown.problem
    yield from _head(view, shown, width, is_clear=is_clear)
    if view.state is not None and opened is not None:
        yield from _decision_lines(view.state, opened, width)
        yield from _review_lines(view.state, opened, width)
    # a preflight warns of much that stops nothing: its routes and tokens are between what is broken and that
    first = findings if not isinstance(shown.subject, PreflightNotes) else _broken(findings)
    yield from _findings_lines(first, width, is_whole=is_whole)
    yield from _check_lines(view, shown, width)
    if shown.problem:
        yield from labelled("not shown", shown.problem, width, tone=Tone.WARN, label_width=LABEL)
    if shown.subject is not None:
        yield from subject_lines(shown.subject, width, is_whole=is_whole)
    yield from _findings_lines([each for each in findings if each not in first], width, is_whole=is_whole)


def _broken(findings: Sequence[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is Severity.FAIL]


_SHOWN_OF_AN_ID = 3
"""The most findings with the same id that are all shown in the pane."""
_GRAVEST_FIRST = (Severity.FAIL, Severity.WARN, Severity.INFO)


def _findings_lines(findings: Sequence[Finding], width: int, *, is_whole: bool) -> Iterator[Line]:
    """Yield findings, the gravest first; many with the same id only if all are wanted, else how many there are."""
    by_id: dict[str, list[Finding]] = {}
    for each in sorted(dict.fromkeys(findings), key=lambda each: _GRAVEST_FIRST.index(each.severity)):
        by_id.setdefault(each.id, []).append(each)
    for finding_id, same in by_id.items():
        shown = same if is_whole or len(same) <= _SHOWN_OF_AN_ID else same[:1]
        for each in shown:
            yield from _finding_lines(each, width)
        if len(shown) < len(same):
            yield line(dim(fit(f"  {finding_id}  and {len(same) - len(shown)} more: d shows all", width)))


def _finding_lines(finding: Finding, width: int) -> Iterator[Line]:
    """Yield a finding: its id whole, its words and its evidence wrapped."""
    mark = severity_sign(finding.severity)
    words = f"{finding.message} [{finding.evidence}]" if finding.evidence else finding.message
    told = f"{finding.id}  {words or '(its text is not stored)'}"
    for place, piece in enumerate(wrap(told, width - 2)):
        yield line(Span(f"{mark.sign} " if place == 0 else "  ", mark.tone), piece)


def _has_points(subject: Subject | None) -> bool:
    """Return whether a judge found something, which our own findings do not name."""
    match subject:
        case ReviewShown(review):
            return bool(review.findings)
        case Critique(_, found):
            return bool(found)
        case _:
            return False


def heading_of(shown: GateNotes) -> str:
    """Return which gate it is, and which attempt where there may be several."""
    is_once = shown.gate in (Gate.INSTRUCTION, Gate.PREFLIGHT)
    return shown.gate.words if is_once else f"{shown.gate.words} · attempt {shown.attempt}"


def _head(view: RunView, shown: GateNotes, width: int, *, is_clear: bool) -> Iterator[Line]:
    opened = shown.opened
    clear = "; no findings" if is_clear else ""
    parts = [line(Span(heading_of(shown), Tone.STRONG))]
    if opened is None:
        yield from parts
        is_passed = view.state is not None and view.state.preflight is not None
        decided = ", needed no decision" if is_passed else ""
        yield line(dim(fit(f"checked before anything is generated{decided}{clear}", width)))
        return
    sign = opening_sign(opened)
    yield from rows([*parts, line(Span(f"{sign}", sign.tone)), *_total(view, opened)], width)
    yield from (line(dim(piece)) for piece in wrap(_computed(opened, clear), width))


def _total(view: RunView, opened: GateOpened) -> list[Line]:
    if opened.total is None or view.state is None or view.state.created is None:
        return []
    threshold = view.state.created.policy.threshold
    tone = Tone.OK if opened.total >= threshold else Tone.WARN
    return [line(Span(f"{opened.total}", tone), dim(f" of 100, threshold {threshold}"))]


def _computed(opened: GateOpened, clear: str) -> str:
    if opened.failure is not None:
        return f"there is nothing to judge: {opened.failure}; this does not count as a failed draft"
    words = "computed here from the scores, not claimed by the model" if opened.scores else "computed here"
    if opened.own is not None:
        lowered = "" if opened.own is opened.verdict else f": {opened.own}, lowered by what our code found"
        words = f"computed here from the critic's own points{lowered}"
    human = "; it needs a person's decision" if opened.needs_human else ""
    final = "; it cannot be overridden" if opened.is_final else ""
    return f"{words}{clear}{human}{final}"


def _decision_lines(run: RunState, opened: GateOpened, width: int) -> Iterator[Line]:
    for each in run.decisions:
        if (each.decided.gate, each.decided.attempt) != (opened.gate, opened.attempt):
            continue
        sign = gate_sign(each.decided.verdict)
        by = "the machine's verdict" if each.decided.is_machine else each.actor.id
        over = ", against the computed verdict" if each.decided.is_override else ""
        why = f": {each.decided.reason}" if each.decided.reason else ""
        yield from labelled("decided", f"{sign} by {by}{over}{why}", width, tone=sign.tone, label_width=LABEL)


def _review_lines(run: RunState, opened: GateOpened, width: int) -> Iterator[Line]:
    """Yield, at the critic's gate, the review's verdict and what was decided on it, which the critic did not know."""
    if opened.gate is not Gate.CRITIC:
        return
    reviews = (each for each in reversed(run.openings) if (each.gate, each.attempt) == (Gate.REVIEWER, opened.attempt))
    review = next(reviews, None)
    if review is None:
        return
    decided = next(
        (d for d in reversed(run.decisions) if (d.decided.gate, d.decided.attempt) == (review.gate, review.attempt)),
        None,
    )
    sign = gate_sign(review.verdict)
    total = "" if review.total is None else f", {review.total} of 100"
    said = "" if decided is None else f", decided {decided.decided.verdict}"
    yield from labelled("the review", f"{sign}{total}{said}", width, tone=sign.tone, label_width=LABEL)


# --- The policy's checks ---------------------------------------------------------------------------------------------


def _check_lines(view: RunView, shown: GateNotes, width: int) -> Iterator[Line]:
    """Yield how each check of the policy ended, and the last lines of those that failed."""
    tails = dict(view.tails_at(shown))
    for each in () if shown.opened is None else shown.opened.commands:
        word = "✓ passed" if each.is_passed else f"× {_how_failed(shown.opened, each)}"
        told = f"{word}   {each.duration_ms} ms{_BASE_TESTS if each.with_base_tests else ''}"
        yield from labelled(each.name, told, width, tone=Tone.OK if each.is_passed else Tone.FAIL, label_width=LABEL)
        if each.name in tails:
            yield from labelled("", tails.pop(each.name).rstrip("\n"), width, tone=Tone.DIM, label_width=LABEL)
    for name, tail in tails.items():
        yield from labelled(name, tail.rstrip("\n"), width, tone=Tone.DIM, label_width=LABEL)


_BASE_TESTS = "   with the tests as they are in the repository"
_STOPPED = {
    "CHK-06": "timed out and was killed",
    "CHK-07": "wrote too much and was killed",
    "CHK-08": "cannot be started",
    "CHK-10": "cannot be read",
}
"""How a command without an exit code ended, by the finding that says so."""


def _how_failed(opened: GateOpened | None, check: CommandRun) -> str:
    if check.exit_code is None:
        found = () if opened is None else opened.findings
        return " or ".join(_STOPPED[each.id] for each in found if each.id in _STOPPED) or "stopped"
    if check.exit_code < 0:
        return f"killed by signal {-check.exit_code}"
    return f"exit {check.exit_code}"

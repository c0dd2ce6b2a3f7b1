"""The gate pane: what our code computed at a gate, from which scores and findings, and the evidence behind it."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import BLANK, Line, Span, cell, dim, labelled, line, rows, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.answers.role_answer import SCORE_LIMIT
from console.domain.money import Spent, usd_text
from console.domain.run.event import CommandRun, GateOpened
from console.domain.run.independence import LEVEL_WORDS
from console.domain.run.rubric import MUST_SCORE
from console.domain.run.state import Phase, RunState
from console.view.console_state import ConsoleState
from console.view.finding_sign import severity_sign
from console.view.run_sign import gate_sign
from console.view.run_view import GateNotes, JudgeNote, RunView
from console.view.run_words import standing
from console.view.sign import Tone

_LABEL = 14
_BAR = 12


class GatePane(LinePane):
    """Pane 2 of the run screen."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the newest gate, or the earlier one on display."""
        return tuple(gate_lines(state, size.width))


def gate_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the gate: verdict, scores, findings, independence and budget."""
    view = state.run
    if view is None or view.state is None:
        said = "" if view is None else view.said
        yield from (line(dim(piece)) for piece in wrap(said or "no run in view", width))
        return
    run = view.state
    if view.back == 0:
        head = list(_head_lines(view, run, width))
        yield from head
        if head:
            yield BLANK
    if view.shown is not None:
        yield from _opening_lines(view, view.shown, width)
        yield BLANK
    yield from independence_lines(view, width)
    yield from budget_lines(run, width)


def _head_lines(view: RunView, run: RunState, width: int) -> Iterator[Line]:
    """Yield where the run is, unless it waits: then the opening below and the strip above show it."""
    if run.phase is not Phase.WAITING:
        yield from (line(Span(piece, Tone.STRONG)) for piece in wrap(standing(run), width))
    yield from _stop_lines(run, width)
    if view.said:
        yield from labelled("not now", view.said, width, tone=Tone.WARN, label_width=_LABEL)
    if view.problem and not run.is_over:
        for number, each in enumerate(view.problem.split("\n")):
            label = "" if number else "read-only"
            yield from labelled(label, each, width, tone=Tone.WARN, label_width=_LABEL)


def _stop_lines(run: RunState, width: int) -> Iterator[Line]:
    if run.stopped is not None:
        category = run.stopped.category
        named = run.stopped.cause if category is None else f"{run.stopped.cause} · {category}"
        yield from labelled("stopped by", named, width, tone=Tone.WARN, label_width=_LABEL)
        if run.stopped.reason:
            yield from labelled("why", run.stopped.reason, width, label_width=_LABEL)
        yield from labelled("", "this does not count as a failed draft", width, tone=Tone.DIM, label_width=_LABEL)
    if run.blocked is not None and run.blocked.attempts_used_up:
        yield from labelled("why", "the attempts are used up", width, tone=Tone.WARN, label_width=_LABEL)
    if run.sealed is not None:
        yield from labelled("candidate", run.sealed.artifact_sha256, width, tone=Tone.OK, label_width=_LABEL)
        yield from labelled("", "not published by this tool; press d to view", width, tone=Tone.DIM, label_width=_LABEL)


def _opening_lines(view: RunView, shown: GateNotes, width: int) -> Iterator[Line]:
    opened = shown.opened
    sign = gate_sign(opened.verdict)
    head = f"{opened.gate.words} · attempt {opened.attempt}"
    yield from rows([line(Span(head, Tone.STRONG)), line(Span(f"{sign}", sign.tone)), *_total(view, opened)], width)
    yield from (line(dim(piece)) for piece in wrap(_computed(opened), width))
    if view.state is not None:
        yield from _decision_lines(view.state, opened, width)
    scores = _evidence(shown.judged)
    for criterion, score in opened.scores:
        yield _score_line(criterion, score, scores.get(criterion, ""), width)
    for finding in shown.findings:
        mark = severity_sign(finding.severity)
        words = f"{finding.id}  {finding.message}" if finding.message else f"{finding.id}  (its text is not stored)"
        for place, piece in enumerate(wrap(words, width - 2)):
            yield line(Span(f"{mark.sign} " if place == 0 else "  ", mark.tone), piece)
    for note in shown.judged:
        if note.text:
            yield from _note_lines(note, width)
    yield from _check_lines(view, opened, width)
    if not shown.findings and not opened.scores:
        yield line(dim("findings      none"))


def _check_lines(view: RunView, opened: GateOpened, width: int) -> Iterator[Line]:
    """Yield how each check of the policy ended, and the last lines of those that failed."""
    tails = dict(view.tails_at(opened))
    for each in opened.commands:
        word = "✓ passed" if each.is_passed else f"× {_how_failed(opened, each)}"
        told = f"{word}   {each.duration_ms} ms"
        yield from labelled(each.name, told, width, tone=Tone.OK if each.is_passed else Tone.FAIL, label_width=_LABEL)
        if each.name in tails:
            yield from labelled("", tails.pop(each.name).rstrip("\n"), width, tone=Tone.DIM, label_width=_LABEL)
    for name, tail in tails.items():
        yield from labelled(name, tail.rstrip("\n"), width, tone=Tone.DIM, label_width=_LABEL)


_STOPPED = {
    "CHK-06": "timed out and was killed",
    "CHK-07": "wrote too much and was killed",
    "CHK-08": "cannot be started",
    "CHK-10": "cannot be read",
}
"""How a command without an exit code ended, by the finding that says so."""


def _how_failed(opened: GateOpened, check: CommandRun) -> str:
    if check.exit_code is None:
        return " or ".join(_STOPPED[each.id] for each in opened.findings if each.id in _STOPPED) or "stopped"
    if check.exit_code < 0:
        return f"killed by signal {-check.exit_code}"
    return f"exit {check.exit_code}"


def _decision_lines(run: RunState, opened: GateOpened, width: int) -> Iterator[Line]:
    for each in run.decisions:
        if (each.decided.gate, each.decided.attempt) != (opened.gate, opened.attempt):
            continue
        sign = gate_sign(each.decided.verdict)
        by = "the machine's verdict" if each.decided.is_machine else each.actor.id
        over = ", against the computed verdict" if each.decided.is_override else ""
        why = f": {each.decided.reason}" if each.decided.reason else ""
        yield from labelled("decided", f"{sign} by {by}{over}{why}", width, tone=sign.tone, label_width=_LABEL)


def _total(view: RunView, opened: GateOpened) -> list[Line]:
    if opened.total is None or view.state is None or view.state.created is None:
        return []
    threshold = view.state.created.policy.threshold
    tone = Tone.OK if opened.total >= threshold else Tone.WARN
    return [line(Span(f"{opened.total}", tone), dim(f" of 100, threshold {threshold}"))]


def _computed(opened: GateOpened) -> str:
    if opened.failure is not None:
        return f"the call gave nothing to judge: {opened.failure}; this does not count as a failed draft"
    words = "computed here from the scores, not claimed by the model" if opened.scores else "computed here"
    human = "; it needs a person's decision" if opened.needs_human else ""
    final = "; it cannot be overridden" if opened.is_final else ""
    return f"{words}{human}{final}"


def _evidence(notes: Sequence[JudgeNote]) -> dict[str, str]:
    return {note.label: note.quote for note in notes if not note.text}


def _score_line(criterion: str, score: int, evidence: str, width: int) -> Line:
    filled = _BAR * score // SCORE_LIMIT
    tone = Tone.OK if score >= MUST_SCORE else Tone.WARN
    name = cell(criterion.replace("_", " "), _LABEL + 4)
    room = width - (_LABEL + 4) - 5 - _BAR - 1
    return line(
        name,
        Span(f"{score}/{SCORE_LIMIT}  ", tone),
        Span("█" * filled, tone),
        dim("░" * (_BAR - filled)),
        Span(" "),
        cell(" ".join(evidence.split()), max(0, room), Tone.DIM),
    )


def _note_lines(note: JudgeNote, width: int) -> Iterator[Line]:
    tone = Tone.DIM if note.label == "minor" else Tone.WARN
    for place, piece in enumerate(wrap(note.text, width - _LABEL)):
        yield line(cell(note.label if place == 0 else "", _LABEL, tone), piece)
    if note.quote:
        quoted = " ".join(note.quote.split())
        yield from labelled("", f'at "{quoted}"', width, tone=Tone.DIM, label_width=_LABEL)


def independence_lines(view: RunView, width: int) -> Iterator[Line]:
    """Yield how independent the judges are of the models they judge."""
    policy = None if view.state is None or view.state.created is None else view.state.created.policy
    least = 0 if policy is None else policy.min_independence
    for place, (pair, reached) in enumerate(view.independence):
        tone = Tone.OK if reached >= least else Tone.FAIL
        label = cell("independence" if place == 0 else "", _LABEL, Tone.DIM)
        told = f"{reached} of 3  {LEVEL_WORDS[reached]}" + ("" if reached >= least else f"; the policy needs {least}")
        name = pair.replace("_vs_", " / ")
        first, *more = wrap(told, max(12, width - _LABEL - 22))
        tone_of_words = Tone.TEXT if reached >= least else Tone.FAIL
        bar = (Span("■" * reached, tone), dim("·" * (3 - reached)))
        yield line(label, cell(name, 18), *bar, Span(f" {first}", tone_of_words))
        yield from (line(Span(f"{'':{_LABEL + 22}}{words}", tone_of_words)) for words in more)


def budget_lines(run: RunState, width: int) -> Iterator[Line]:
    """Yield what the run and its attempt have used, their limits, and what a call in progress may use."""
    policy = None if run.created is None else run.created.policy
    limits: tuple[int | None, ...] = (None, None, None, None)
    if policy is not None:
        limits = (policy.run_tokens, policy.run_microusd, policy.attempt_tokens, policy.attempt_microusd)
    most = "" if policy is None else f" of {policy.max_attempts}"
    yield from labelled("spent", _spent(run.spent, limits[0], limits[1]), width, label_width=_LABEL)
    here = f"{_spent(run.spent_in_attempt, limits[2], limits[3])}   attempt {run.attempt}{most}"
    yield from labelled("this attempt", here, width, label_width=_LABEL)
    if run.phase in (Phase.CALLING, Phase.LOST) and run.intended is not None:
        money = run.intended.max_microusd
        cost = "price unknown" if money is None else f"at most {usd_text(money)}"
        what = "in progress" if run.phase is Phase.CALLING else "set aside"
        told = f"at most {run.intended.max_tokens:,} tokens, {cost}"
        yield from labelled(what, told, width, tone=Tone.LIVE, label_width=_LABEL)


def _spent(spent: Spent, tokens: int | None, microusd: int | None) -> str:
    of_tokens = f" of {tokens:,}" if tokens is not None else ""
    of_usd = f" of {usd_text(microusd)}" if microusd is not None else ""
    known = "" if spent.is_exact else ", estimated"
    return f"{spent.tokens:,}{of_tokens} tokens   {usd_text(spent.microusd)}{of_usd}{known}"

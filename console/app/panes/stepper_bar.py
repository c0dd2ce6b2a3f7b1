"""The gate strip: where the run in view is, on one line that is always visible."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.geometry import Size

from console.app.widgets.line import Line, Span, dim, fit, line
from console.app.widgets.line_pane import LinePane
from console.domain.run.gate import Gate
from console.view.console_state import ConsoleState
from console.view.sign import Tone

if TYPE_CHECKING:
    from console.domain.run.state import RunState
    from console.view.run_sign import GateMark

_SHORT = {Gate.INSTRUCTION: "instr", Gate.PREFLIGHT: "pre", Gate.SOURCE_CHECK: "sources"}
_USUAL = {Gate.INSTRUCTION: "instruction", Gate.SOURCE_CHECK: "source check"}
_ID_SHOWN = 6
"""How much of a run's id is shown: its end, which the command line also accepts as a name."""


class StepperBar(LinePane):
    """The strip above the panes."""

    SHOWS_STREAMS = False

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state, id="gates", can_focus=False)

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the one line."""
        return (strip_line(state, size.width),)

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state; the frame says which run it is and what it waits for."""
        super().show(state, cursor)
        self.name_frame(title_of(state), waiting_for(state))


def short_id(run_id: str) -> str:
    """Return the part of a run's id that distinguishes it from the others."""
    return run_id[-_ID_SHOWN:]


def title_of(state: ConsoleState) -> str:
    """Return the strip's title, in our own words."""
    run = None if state.run is None else state.run.state
    if run is None:
        return "run"
    kind = "" if run.created is None else f" · {run.created.kind}"
    simulated = " · simulated" if run.created is not None and run.created.is_simulated else ""
    by = "" if run.writer is None else f" · by {_agent(run)}"
    by = by if run.outside is None else " · draft from outside"
    auto = " · AUTO" if state.run is not None and state.run.is_auto else ""
    others = () if state.run is None else state.run.others_here
    here = "" if not others else f" · {_and(others)} {'is' if len(others) == 1 else 'are'} here too"
    return f"run {short_id(run.run_id)}{kind}{by}{simulated}{auto}{here}"


def _and(names: Sequence[str]) -> str:
    """Return names as text, the first two of them in full."""
    if len(names) > 2:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " and ".join(names)


def waiting_for(state: ConsoleState) -> str:
    """Say in a few words what the run waits for."""
    run = None if state.run is None else state.run.state
    if run is None or state.run is None:
        return ""
    where = "instruction" if run.gate is Gate.INSTRUCTION else run.gate.words
    if state.run.is_stepping_this:
        return f"{where}: {_agent(run)} at work" if run.phase == "writing" else f"{where}: live"
    if run.is_over:
        return "candidate sealed" if run.status == "closed" else f"{run.status} at {where}"
    match run.phase:
        case "waiting" if run.opened is not None:
            from console.view.run_sign import opening_sign

            return f"{where} waits for you · computed {opening_sign(run.opened).word}"
        case "lost" if run.is_agents_turn:
            return f"{where}: an agent was cut off; its calls may have been billed"
        case "lost":
            return f"{where}: a call was cut off; it may have been billed"
        case "calling":
            return f"{where}: a call is in progress elsewhere, or was cut off"
        case "writing":
            return f"{where}: an agent is at work elsewhere, or was cut off"
        case _:
            return f"{where} is due{_what_is_due(run)}"


def _agent(run: "RunState") -> str:
    from console.view.run_words import agent_words

    return "" if run.writer is None else agent_words(run.writer.agent)


def _what_is_due(run: "RunState") -> str:
    """Say what the gate's work is, if it costs or needs a person's file."""
    if run.awaits_draft:
        return " · the next draft"
    if not run.is_call_due:
        return ""
    return " · an agent's turn" if run.is_agents_turn else " · a paid call"


def strip_line(state: ConsoleState, width: int) -> Line:
    """Return the gates of the run in view, with as many words as fit into a width."""
    view = state.run
    if view is None or not view.is_read:
        return line(dim(fit("reading the runs …", width)))
    if view.failure and view.state is None:
        return line(Span("! ", Tone.WARN), Span(fit(view.failure, width - 2), Tone.WARN))
    if view.state is None:
        hint = "r shows the runs" if view.runs else ("read-only" if state.is_read_only else "n begins one")
        return line(dim(fit(f"· no run yet: {hint}" if not view.runs else f"· no run in view: {hint}", width)))
    from console.view.run_sign import gate_marks

    marks = gate_marks(view.state, is_stepping=view.is_stepping_this)
    threshold = 0 if view.state.created is None else view.state.created.policy.threshold
    spans: list[Span] = []
    for names, words, gap in _FORMS:
        spans = list(_spans(marks, names, words, gap, threshold))
        if sum(cell_len(span.text) for span in spans) <= width:
            break
    return Line(tuple(spans))


class _Words(IntEnum):
    """How many words are shown beside the gates' names."""

    NONE = 0
    NOTES = 1
    CURRENT = 2
    ALL = 3


_FORMS = (
    (_USUAL, _Words.ALL, " ─── "),
    (_USUAL, _Words.ALL, " ─ "),
    (_USUAL, _Words.CURRENT, " ─ "),
    (_USUAL, _Words.CURRENT, "─"),
    (_USUAL, _Words.NOTES, "─"),
    (_SHORT, _Words.NOTES, "─"),
    (_SHORT, _Words.NONE, "─"),
)
"""The strip's forms, from the widest to the narrowest: names, words, and the separator between two gates."""


def _spans(
    marks: Sequence["GateMark"], names: dict[Gate, str], words: _Words, gap: str, threshold: int
) -> Iterator[Span]:
    for place, mark in enumerate(marks):
        if place:
            yield dim(gap)
        yield Span(f"{mark.sign.sign} ", mark.sign.tone)
        yield Span(names.get(mark.gate, mark.gate.words), Tone.STRONG if mark.is_current else mark.sign.tone)
        if words is _Words.ALL or (words is _Words.CURRENT and mark.is_current):
            yield Span(f" {mark.sign.word}", mark.sign.tone)
        if mark.note and words is not _Words.NONE:
            is_score = words is _Words.ALL and mark.gate is Gate.REVIEWER
            yield dim(f" {mark.note}, needs {threshold}" if is_score else f" {mark.note}")

"""The gate pane: what is decided on at a gate, what our code computed of it, and what was decided."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.panes.gate.label import LABEL
from console.app.panes.gate.result import result_lines
from console.app.panes.gate.standing import budget_lines, independence_lines
from console.app.widgets.line import BLANK, Line, Span, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.record.projection import record_of
from console.domain.run.gate import Gate
from console.domain.run.state import Phase, RunState
from console.domain.run.turn import turns_of
from console.services.system.leak_guard import LEAK_GUARD
from console.view.console_state import ConsoleState
from console.view.record.summary import advice_on
from console.view.run_view import RunView
from console.view.run_words import handover_words, standing
from console.view.sign import Tone
from console.view.subject_words import how_to_take, turn_lines


class GatePane(LinePane):
    """Pane 2 of the run screen."""

    _drawn: tuple[object, ...] | None = None
    """What it drew last."""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the newest result, or the earlier one on display."""
        return tuple(gate_lines(state, size.width))

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state; from its top if it shows another result. What only streams is not laid out again."""
        before, after = self._state.run, state.run
        drawn = None if after is None else (_drawn(after), self.scrollable_content_region.size, LEAK_GUARD.count)
        if drawn is not None and drawn == self._drawn:
            return
        self._drawn = drawn
        super().show(state, cursor)
        if before is not None and after is not None and _place(before) != _place(after):
            self.scroll_home(animate=False)


def _drawn(view: RunView) -> tuple[object, ...]:
    """Return all that the pane draws of runs, but a call's stream."""
    return (
        view.state, view.notes, view.back, view.outputs, view.said, view.problem, view.independence, view.rungs,
        view.stepping, view.auto, view.saved,
    )  # fmt: skip


def _place(view: RunView) -> tuple[object, ...]:
    shown = view.shown
    return None if view.state is None else view.state.run_id, None if shown is None else (shown.gate, shown.attempt)


def gate_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield a gate's result: verdict, findings, what they are about, independence and budget."""
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
        yield from result_lines(view, view.shown, width)
        yield BLANK
    yield from independence_lines(view, width)
    yield from budget_lines(run, width)


def _head_lines(view: RunView, run: RunState, width: int) -> Iterator[Line]:
    """Yield where the run is, unless it waits: then the result below and the strip above show it."""
    if run.phase is not Phase.WAITING:
        is_at_work = view.is_stepping_this and run.phase is Phase.DUE
        where = f"at {run.gate.words}: in progress" if is_at_work else standing(run)
        yield from (line(Span(piece, Tone.STRONG)) for piece in wrap(where, width))
    if run.phase is Phase.WRITING or (run.phase is Phase.LOST and run.is_agents_turn):
        for told in turn_lines(turns_of(run)[-1]):
            yield from labelled(told.label, told.text, width, tone=Tone.LIVE, label_width=LABEL)
    if (left := run.handover) is not None:
        yield from labelled(*handover_words(left), width, tone=Tone.ACCENT, label_width=LABEL)
    yield from _stop_lines(run, width)
    yield from _sealed_lines(view, run, width)
    if view.said:
        yield from labelled("not now", view.said, width, tone=Tone.WARN, label_width=LABEL)
    if view.problem and not run.is_over:
        for number, each in enumerate(view.problem.split("\n")):
            label = "" if number else "read-only"
            yield from labelled(label, each, width, tone=Tone.WARN, label_width=LABEL)
    if view.is_stepping_this and run.gate is Gate.PREFLIGHT:
        yield from _preflight_lines(view, width)


def _preflight_lines(view: RunView, width: int) -> Iterator[Line]:
    """Yield what the preflight in progress does; its results are shown when it ends."""
    yield from labelled("checking", "roles, tokens in reach, workflows, every route", width, label_width=LABEL)
    for each in view.rungs:
        told = f"{each.key}: rung {int(each.rung)}, {each.rung.title}: {each.price_before}"
        yield from labelled("paid call", told, width, tone=Tone.LIVE, label_width=LABEL)


def _stop_lines(run: RunState, width: int) -> Iterator[Line]:
    if run.stopped is not None:
        category = run.stopped.category
        named = run.stopped.cause if category is None else f"{run.stopped.cause} · {category}"
        yield from labelled("stopped by", named, width, tone=Tone.WARN, label_width=LABEL)
        if run.stopped.reason:
            yield from labelled("why", run.stopped.reason, width, label_width=LABEL)
        stop = record_of(run).stop
        if advice := "" if stop is None else advice_on(stop):
            yield from labelled("next", advice, width, tone=Tone.ACCENT, label_width=LABEL)
        yield from labelled("", "this does not count as a failed draft", width, tone=Tone.DIM, label_width=LABEL)
    if run.blocked is not None and run.blocked.attempts_used_up:
        yield from labelled("why", "the attempts are used up", width, tone=Tone.WARN, label_width=LABEL)


def _sealed_lines(view: RunView, run: RunState, width: int) -> Iterator[Line]:
    if run.sealed is None or run.created is None:
        return
    yield from labelled("candidate", run.sealed.artifact_sha256, width, tone=Tone.OK, label_width=LABEL)
    for number, path in enumerate(view.saved_to):
        yield from labelled("" if number else "saved to", path, width, tone=Tone.OK, label_width=LABEL)
    yield from labelled("take it", "w saves it to a file", width, tone=Tone.ACCENT, label_width=LABEL)
    yield from labelled("", how_to_take(run.run_id, run.created.kind), width, label_width=LABEL)
    yield from labelled("", "not published by this tool", width, tone=Tone.DIM, label_width=LABEL)

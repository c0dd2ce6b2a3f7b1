"""The run screen: the list of runs, the gate strip, and one run in view, stepped and decided by keyboard."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.getters import query_one

from console.app.actions import Place, action_named, bindings
from console.app.controller import Controller
from console.app.dialogs.asks import (
    auto_ask,
    bring_ask,
    end_ask,
    fallback_ask,
    handover_ask,
    repeat_ask,
    save_ask,
    verdict_ask,
)
from console.app.dialogs.dialogs import Dialog
from console.app.dialogs.run_dialogs import Ask, AskDialog, ConfirmDialog, SendDialog, brief_dialog
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.gate.gate_pane import GatePane
from console.app.panes.gate.result import heading_of
from console.app.panes.gate.whole import WholePane, whole_of
from console.app.panes.next_pane import NextPane
from console.app.panes.run.titles import count_of, title_of
from console.app.panes.run_list_pane import RunListPane
from console.app.panes.run_output_pane import RunOutputPane
from console.app.panes.run_record_pane import RunRecordPane
from console.app.panes.stepper_bar import StepperBar, short_id
from console.app.runs.bridge import RunBridge
from console.app.screens.place_screen import PlaceScreen
from console.app.widgets.line_pane import LinePane
from console.domain.run.gate import GateVerdict
from console.domain.run.state import RunState
from console.view.console_state import ConsoleState
from console.view.run.event import CursorMoved, InboxToggled, LookedBack
from console.view.run_view import RunView

_DECISIONS = ("run.ready", "run.revise", "run.block")


class RunScreen(PlaceScreen[None]):
    """Draws the session's view of runs; holds only which pane is shown on a narrow screen."""

    PLACE = Place.RUN
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUN)]
    FIRST_PANE = "#runs"
    AUTO_FOCUS: ClassVar[str | None] = None

    _runs = query_one("#runs", RunListPane)
    _gate = query_one("#gate", GatePane)
    _output = query_one("#output", RunOutputPane)
    _record = query_one("#record", RunRecordPane)

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, and the work that continues when this screen is left.

        """
        super().__init__(controller)
        self._bridge = controller.bridge
        self._tab = "runs"
        self._was_live = False
        self._told = ""
        self._commands |= {
            "run.step": self._step,
            "run.preview": self._preview,
            "run.ready": partial(self._ask_verdict, GateVerdict.READY),
            "run.revise": partial(self._ask_verdict, GateVerdict.REVISE),
            "run.block": partial(self._ask_verdict, GateVerdict.BLOCK),
            "run.draft": self._show_whole,
            "run.save": partial(self._ask_about, save_ask),
            "run.auto": self._auto,
            "run.cut": self._cut,
            "run.inbox": self._toggle_inbox,
            "run.handover": partial(self._ask_about, handover_ask),
            "run.bring": self._bring,
            "run.close": self._close,
            "run.new": lambda: self._controller.open_new_run(lambda: self.show_tab("gate")),
            "run.repeat": partial(self._ask_about, repeat_ask),
            "run.fallback": partial(self._ask_about, fallback_ask),
            "run.end": partial(self._ask_about, end_ask),
            "run.escalate": self._controller.escalate_run,
            "run.older": lambda: self._session.dispatch(LookedBack(1)),
            "run.newer": lambda: self._session.dispatch(LookedBack(-1)),
            "run.down": lambda: self._move(1),
            "run.up": lambda: self._move(-1),
            "run.first": lambda: self._move_to_end(is_first=True),
            "run.last": lambda: self._move_to_end(is_first=False),
            "run.next_pane": lambda: self._focus_by(1),
            "run.previous_pane": lambda: self._focus_by(-1),
            "run.list": lambda: self.show_tab("runs"),
            "run.gate": lambda: self.show_tab("gate"),
            "run.output": lambda: self.show_tab("output"),
            "run.record": lambda: self.show_tab("record"),
            "records.open": self._open_records,
        }

    def compose(self) -> ComposeResult:
        """Lay out the panes; the style sheet moves them with the screen's width."""
        state = self._session.state
        yield HeaderBar(state)
        yield StepperBar(state)
        with Container(id="run-body"):
            with Vertical(id="run-left"):
                yield RunListPane(state, id="runs")
                yield RunRecordPane(state, id="record")
            yield GatePane(state, id="gate")
            yield RunOutputPane(state, is_slow_link=self._controller.is_slow_link, id="output")
        yield NextPane(state)
        yield KeyBar(state, Place.RUN)

    def on_mount(self) -> None:
        """Draw the state, and start where the operator is needed: at the gate of a run that is not over."""
        super().on_mount()
        run = self._bridge.seen_state
        self.show_tab("runs" if run is None or run.is_over else "gate")

    def on_run_list_pane_run_picked(self, message: RunListPane.RunPicked) -> None:
        """Put a clicked run in view."""
        self._look_at(message.place)

    def action_do(self, action_id: str) -> None:
        """Perform an action, or say why it is not possible now. A decision ends a run that steps by itself."""
        view = self._session.state.run
        if view is not None and view.is_auto and action_id in _DECISIONS:
            self._end_auto()
        else:
            super().action_do(action_id)

    def show(self, state: ConsoleState) -> None:
        """Draw a state, and what came of it."""
        if self.query(self.FIRST_PANE):
            self._follow_step(state)
            self._tell_unsigned(state)
        super().show(state)

    def name_panes(self, state: ConsoleState) -> None:
        """Name the panes; on a narrow screen each names the others, which share its place."""
        view = state.run or RunView()
        is_narrow = self.has_class("-narrow")
        names = {"runs": "1 runs", "gate": "2 gate", "output": "3 output", "record": "4 record"}
        places = {
            "runs": count_of(view),
            "gate": "\\[ ] look back" if len(view.notes) > 1 else "",
        }
        for pane in self._panes():
            others = "   ".join(name for key, name in names.items() if key != pane.id)
            title = title_of(view, str(pane.id), names[str(pane.id)])
            pane.name_frame(title, others if is_narrow else places.get(str(pane.id), ""))

    def _tell_unsigned(self, state: ConsoleState) -> None:
        """Say once that a decision stands, but its checkpoint is not signed."""
        words = "" if state.run is None else state.run.why_unsigned
        if words != self._told:
            self._told = words
            if words:
                self.tell(f"what you decided is recorded; its checkpoint is not as the policy wants it: {words}")

    def show_tab(self, name: str) -> None:
        """Focus a pane, and on a narrow screen show it in the shared place."""
        self._tab = name
        for each in ("runs", "gate", "output", "record"):
            self.set_class(each == name, f"-{each}-tab")
        self._pane(name).focus()
        self.show(self._session.state)

    def _panes(self) -> tuple[LinePane, ...]:
        return self._runs, self._gate, self._output, self._record

    def _pane(self, name: str) -> LinePane:
        return next(pane for pane in self._panes() if pane.id == name)

    def _follow_step(self, state: ConsoleState) -> None:
        """On a narrow screen show the output while a call runs, and the gate once it has opened."""
        view = state.run or RunView()
        is_live = view.is_stepping_this and (view.live.is_live or bool(view.relayed.calls))
        if is_live != self._was_live:
            self._was_live = is_live
            if self.has_class("-narrow") and self._tab in ("gate", "output"):
                self.call_after_refresh(lambda: self.show_tab("output" if is_live else "gate"))

    # --- Moving --------------------------------------------------------------------------------------------------

    def _move(self, step: int) -> None:
        view = self._session.state.run
        if self._tab == "runs" and view is not None:
            self._look_at(view.cursor + step)
        else:
            self._pane(self._tab).scroll_relative(y=step, animate=False)

    def _move_to_end(self, *, is_first: bool) -> None:
        view = self._session.state.run
        if self._tab == "runs" and view is not None:
            self._look_at(0 if is_first else len(view.runs) - 1)
        elif is_first:
            self._pane(self._tab).scroll_home(animate=False)
        else:
            self._pane(self._tab).scroll_end(animate=False)

    def _look_at(self, place: int) -> None:
        self._session.dispatch(CursorMoved(place))
        view = self._session.state.run
        if view is not None and view.runs:
            look = self._bridge.runs.look_at(view.runs[view.cursor].run_id)
            self.run_worker(look, name="look at a run", group="look", exclusive=True)

    def _toggle_inbox(self) -> None:
        """Show only what waits for the operator, or all runs again; the first of them comes into view."""
        self._session.dispatch(InboxToggled())
        self.show_tab("runs")
        view = self._session.state.run
        is_gone = view is not None and view.state is not None and view.waits_since(view.state.run_id) is None
        if view is not None and view.is_inbox and is_gone:
            self._look_at(0)

    def _focus_by(self, step: int) -> None:
        order = ["runs", "gate", "output", "record"]
        self.show_tab(order[(order.index(self._tab) + step) % len(order)])

    def _open_records(self) -> None:
        from console.app.screens.records_screen import RecordsScreen

        def opened(run_id: str | None) -> None:
            if run_id is not None:
                self._controller.look_at_run(run_id)

        if not any(isinstance(each, RecordsScreen) for each in self.app.screen_stack):  # the key may have come twice
            self.app.push_screen(RecordsScreen(self._controller), opened)

    def _close(self) -> None:
        self.dismiss(None)

    # --- Stepping ------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        run = self._bridge.seen_state
        if run is None:
            return
        self._bridge.steps.claim()
        if run.is_call_due and not run.calls:
            self._controller.begin_run_work(partial(self._prepare, is_first=True), f"prepare {run.gate}")
        else:
            self._begin_step(run)
        if self._tab == "runs":
            self.show_tab("gate")

    def _begin_step(self, run: RunState, *, as_shown: bool = False) -> None:
        work = partial(self._bridge.steps.step, as_shown=as_shown)
        self._controller.begin_run_work(work, f"step {short_id(run.run_id)} at {run.gate}")

    async def _prepare(self, *, is_first: bool) -> None:
        """Build the next call and show it; before the first paid one, ask whether to send it."""
        is_built = await self._bridge.steps.prepare()
        view = self._session.state.run
        if not is_built or view is None or view.call is None or view.state is None or not self.is_attached:
            return
        state, run = self._session.state, view.state
        if not is_first:
            self.app.push_screen(brief_dialog(state, view.call, is_sent=False))
            return

        def answered(is_wanted: bool | None) -> None:
            if is_wanted:
                self._bridge.steps.claim()
                self._begin_step(run, as_shown=True)

        self.app.push_screen(SendDialog(state, view.call), answered)

    def _preview(self) -> None:
        view, run = self._session.state.run, self._bridge.seen_state
        if view is None or run is None:
            return
        if run.is_call_due and not view.is_stepping and not run.is_over:
            self._bridge.steps.claim()
            self._controller.begin_run_work(partial(self._prepare, is_first=False), f"preview {run.gate}")
        elif view.call is not None:
            self.app.push_screen(brief_dialog(self._session.state, view.call, is_sent=True))

    def _show_whole(self) -> None:
        """Show the whole of what the gate on display is about: at a judge's gate, the draft."""
        view = self._session.state.run
        about = None if view is None else whole_of(view)
        if view is not None and about is not None:
            pane = WholePane(self._session.state, view, about)
            self.app.push_screen(Dialog(pane, heading_of(about), self._session.state, 0))

    def _cut(self) -> None:
        """End the agent that is at work; without one, or if that was asked before, the step in progress."""
        if not self._bridge.steps.cut_agent_off():
            self._controller.cut_run_work()

    def _bring(self) -> None:
        """Ask for the next draft from outside, and have it judged."""
        run = self._bridge.seen_state

        def answered(is_brought: bool | None) -> None:
            now = self._bridge.seen_state
            if is_brought and now is not None and action_named("run.step").why_not(self._session.state, 0) is None:
                self._bridge.steps.claim()
                self._begin_step(now)

        if run is not None:
            self._ask(bring_ask(self._bridge, run), answered)

    # --- Deciding ------------------------------------------------------------------------------------------------

    def _ask(self, ask: Ask | None, then: Callable[[bool | None], None] | None = None) -> None:
        """Ask, with the newest result of the gate in view: what is decided on is never hidden or an older one."""
        if ask is None:
            return
        self._show_newest()
        self.app.push_screen(AskDialog(self._session.state, ask, self._gate), then)

    def _ask_about(self, ask_of: Callable[[RunBridge, RunState], Ask | None]) -> None:
        run = self._bridge.seen_state
        if run is not None:
            self._ask(ask_of(self._bridge, run))

    def _ask_verdict(self, verdict: GateVerdict) -> None:
        run = self._bridge.seen_state
        if run is not None:
            self._ask(verdict_ask(self._bridge, run, verdict))

    def _show_newest(self) -> None:
        """Show the gate where the run is, and not one further back."""
        view = self._session.state.run
        if view is not None and view.back:
            self._session.dispatch(LookedBack(-view.back))
        if self._tab != "gate":
            self.show_tab("gate")
        else:
            self.show(self._session.state)

    # --- Automatic steps -----------------------------------------------------------------------------------------

    def _auto(self) -> None:
        """Let the run step by itself, or end that."""
        view, run = self._session.state.run, self._bridge.seen_state
        if view is None or run is None:
            return
        if view.is_auto:
            self._end_auto()
            return

        def answered(is_wanted: bool | None) -> None:
            reason = action_named("run.auto").why_not(self._session.state, 0)
            if is_wanted and reason is None:
                self._bridge.steps.claim_auto()
                work = self._bridge.steps.step_by_itself
                self._controller.begin_run_work(work, f"step {short_id(run.run_id)} automatically")
            elif is_wanted and reason is not None:
                self.tell(reason)

        self._show_newest()
        self.app.push_screen(ConfirmDialog(self._session.state, auto_ask(run), self._gate), answered)

    def _end_auto(self) -> None:
        self._bridge.steps.end_auto()
        self.tell("automatic steps end with the work in progress; then you decide")

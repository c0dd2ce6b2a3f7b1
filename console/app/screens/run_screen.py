"""The run screen: the list of runs, the gate strip, and one run in view, stepped and decided by keyboard."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.getters import query_one
from textual.screen import Screen

from console.app.actions import Place, action_named, bindings
from console.app.controller import Controller
from console.app.dialogs.dialogs import Dialog
from console.app.dialogs.run_dialogs import Ask, ReasonDialog, SendDialog, brief_dialog, text_dialog
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.gate_pane import GatePane
from console.app.panes.help_pane import HelpPane
from console.app.panes.next_pane import NextPane
from console.app.panes.run_list_pane import RunListPane
from console.app.panes.run_output_pane import RunOutputPane
from console.app.panes.run_record_pane import RunRecordPane
from console.app.panes.stepper_bar import StepperBar, short_id
from console.app.terminal.drawing import keep_drawn
from console.app.widgets.line_pane import LinePane
from console.domain.routes.role import Role
from console.domain.run.command import AllowRepeat, MoveRoute, Stop, operator_verdict
from console.domain.run.event import ArtifactRole
from console.domain.run.gate import GATES_WITH_A_CALL, GateVerdict, role_at
from console.domain.run.state import Phase, RunState
from console.domain.run.terms import terms_of
from console.view.console_state import ConsoleState
from console.view.run_sign import gate_sign
from console.view.run_view import CursorMoved, LookedBack, RunView
from console.view.sign import Tone


class RunScreen(Screen[None]):
    """Draws the session's view of runs; holds only which pane is shown on a narrow screen."""

    PLACE = Place.RUN
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUN)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-ultra")]  # noqa: RUF012  # Textual's own type
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
        super().__init__()
        self._controller = controller
        self._session, self._bridge = controller.session, controller.bridge
        self._tab = "runs"
        self._was_live = False
        self._commands: dict[str, Callable[[], object]] = {
            "run.step": self._step,
            "run.preview": self._preview,
            "run.ready": partial(self._ask_verdict, GateVerdict.READY),
            "run.revise": partial(self._ask_verdict, GateVerdict.REVISE),
            "run.block": partial(self._ask_verdict, GateVerdict.BLOCK),
            "run.draft": lambda: self._controller.begin_run_work(self._show_draft, "read the draft"),
            "run.cut": self._controller.cut_run_work,
            "run.close": self._close,
            "run.new": lambda: self._controller.open_new_run(lambda: self.show_tab("gate")),
            "run.repeat": self._ask_repeat,
            "run.fallback": self._ask_fallback,
            "run.end": self._ask_end,
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
            "app.commands": self.app.action_command_palette,
            "app.help": self._open_help,
            "app.quit": self.app.exit,
            "app.suspend": self.app.action_suspend_process,
        }

    def compose(self) -> ComposeResult:
        """Lay out the panes; the style sheet moves them with the screen's width."""
        state = self._session.state
        profile = self._session.profile
        yield HeaderBar(state, is_built_in=profile.is_built_in, has_own_facts=profile.facts is not None)
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
        keep_drawn(self, LinePane)
        run = self._bridge.seen_state
        self.show_tab("runs" if run is None or run.is_over else "gate")

    def on_resize(self) -> None:
        """Rename the panes after the style sheet has moved them."""
        self.call_after_refresh(lambda: self.show(self._session.state))

    def on_screen_resume(self) -> None:
        """Draw what arrived while a dialog was open."""
        self.show(self._session.state)

    def on_run_list_pane_run_picked(self, message: RunListPane.RunPicked) -> None:
        """Put a clicked run in view."""
        self._look_at(message.place)

    def action_do(self, action_id: str) -> None:
        """Perform an action of the action table, or say why it is not possible now."""
        reason = action_named(action_id).why_not(self._session.state, 0)
        if reason is not None:
            self.notify(reason, severity="warning", markup=False)
            return
        self._commands[action_id]()

    def show(self, state: ConsoleState) -> None:
        """Draw a state."""
        if not self.query("#runs"):
            return  # not composed yet, or already leaving
        self._follow_step(state)
        for pane in self.query("LinePane").results():
            if isinstance(pane, LinePane):
                pane.show(state, 0)
        view = state.run or RunView()
        is_narrow = self.has_class("-narrow")
        names = {"runs": "1 runs", "gate": "2 gate", "output": "3 output", "record": "4 record"}
        places = {
            "runs": f"{view.cursor + 1} of {len(view.runs)}" if view.runs else "",
            "gate": "\\[ ] look back" if len(view.notes) > 1 else "",
        }
        for pane in self._panes():
            others = "   ".join(name for key, name in names.items() if key != pane.id)
            title = _title(view, str(pane.id), names[str(pane.id)])
            pane.name_frame(title, others if is_narrow else places.get(str(pane.id), ""))

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
        is_live = state.run is not None and state.run.is_stepping_this and state.run.live.is_live
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
            look = self._bridge.look_at(view.runs[view.cursor].run_id)
            self.run_worker(look, name="look at a run", group="look", exclusive=True)

    def _focus_by(self, step: int) -> None:
        order = ["runs", "gate", "output", "record"]
        self.show_tab(order[(order.index(self._tab) + step) % len(order)])

    def _open_help(self) -> None:
        state = self._session.state
        self.app.push_screen(Dialog(HelpPane(state, Place.RUN), "keys", state, 0))

    def _close(self) -> None:
        self.dismiss(None)

    # --- Stepping ------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        run = self._bridge.seen_state
        if run is None:
            return
        self._bridge.claim()
        if run.gate in GATES_WITH_A_CALL and run.phase is Phase.DUE and not run.calls:
            self._controller.begin_run_work(partial(self._prepare, is_first=True), f"prepare {run.gate}")
        else:
            self._begin_step(run)
        if self._tab == "runs":
            self.show_tab("gate")

    def _begin_step(self, run: RunState, *, as_shown: bool = False) -> None:
        work = partial(self._bridge.step, as_shown=as_shown)
        self._controller.begin_run_work(work, f"step {short_id(run.run_id)} at {run.gate}")

    async def _prepare(self, *, is_first: bool) -> None:
        """Build the next call and show it; before the first paid one, ask whether to send it."""
        is_built = await self._bridge.prepare()
        view = self._session.state.run
        if not is_built or view is None or view.call is None or view.state is None or not self.is_attached:
            return
        state, run = self._session.state, view.state
        if not is_first:
            self.app.push_screen(brief_dialog(state, view.call, is_sent=False))
            return

        def answered(is_wanted: bool | None) -> None:
            if is_wanted:
                self._bridge.claim()
                self._begin_step(run, as_shown=True)

        self.app.push_screen(SendDialog(state, view.call), answered)

    def _preview(self) -> None:
        view, run = self._session.state.run, self._bridge.seen_state
        if view is None or run is None:
            return
        if run.gate in GATES_WITH_A_CALL and run.phase is Phase.DUE and not view.is_stepping and not run.is_over:
            self._bridge.claim()
            self._controller.begin_run_work(partial(self._prepare, is_first=False), f"preview {run.gate}")
        elif view.call is not None:
            self.app.push_screen(brief_dialog(self._session.state, view.call, is_sent=True))

    async def _show_draft(self) -> None:
        from console.services.ledger.ledger import LedgerError

        run = self._bridge.seen_state
        if run is None:
            return
        role = ArtifactRole.DRAFT if run.artifact(ArtifactRole.DRAFT) is not None else ArtifactRole.PLAN
        stored = run.artifact(role)
        try:
            text = await self._bridge.read_artifact(role)
        except LedgerError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        sha256 = "" if stored is None else stored.sha256[:12]
        attempt = 1 if stored is None else stored.attempt
        title = f"{role} · attempt {attempt} · {sha256}"
        self.app.push_screen(text_dialog(self._session.state, title, text))

    # --- Deciding ------------------------------------------------------------------------------------------------

    def _ask_verdict(self, verdict: GateVerdict) -> None:
        run = self._bridge.seen_state
        terms = None if run is None else terms_of(run, verdict)
        if run is None or run.opened is None or terms is None:
            return
        computed, said = gate_sign(run.opened.verdict), gate_sign(verdict)
        total = "" if run.opened.total is None else f"   {run.opened.total} of 100"
        artifact = "none here" if run.opened.artifact_sha256 is None else run.opened.artifact_sha256[:12]
        against = "   against the computed verdict; recorded" if terms.is_override else ""
        facts = [
            ("gate", f"{run.gate.words} · attempt {run.attempt}", Tone.TEXT),
            ("computed", f"{computed}{total}", computed.tone),
            ("you say", f"{said}{against}", Tone.WARN if terms.is_override else said.tone),
            ("artifact", artifact, Tone.TEXT),
        ]
        if terms.needs_signature:
            facts.append(("signed", "with your key; the policy requires two operators", Tone.TEXT))
        facts += [
            ("before you", f"signed by {each.key_fingerprint}", Tone.DIM)
            for each in (terms.behind if terms.is_second else ())
            if each is not None
        ]

        async def carry_out(reason: str) -> str:
            return await self._bridge.command(operator_verdict(run, run.gate, verdict, reason))

        ask = Ask(f"decide · {run.gate.words}", tuple(facts), terms.needs_reason, carry_out)
        self.app.push_screen(ReasonDialog(self._session.state, ask))

    def _ask_repeat(self) -> None:
        run = self._bridge.seen_state
        if run is None or run.intended is None:
            return
        facts = (
            ("gate", f"{run.gate.words} · attempt {run.attempt}", Tone.TEXT),
            ("again", f"one more call by {run.intended.role}, on the same route", Tone.TEXT),
            ("note", "the earlier call may have been billed, and so may this one", Tone.WARN),
        )
        ask = Ask("try again", facts, True, lambda reason: self._bridge.command(AllowRepeat(reason)))
        self.app.push_screen(ReasonDialog(self._session.state, ask))

    def _ask_fallback(self) -> None:
        run = self._bridge.seen_state
        role = None if run is None else role_at(run.gate, run.attempt)
        if run is None or role is None:
            return
        now = run.route(role)
        fallback = run.route(Role.FALLBACK)
        facts = (
            ("role", role.value, Tone.TEXT),
            ("now", "" if now is None else f"{now.model} on {now.endpoint_family}", Tone.TEXT),
            ("then", "" if fallback is None else f"{fallback.model} on {fallback.endpoint_family}", Tone.ACCENT),
            ("note", "recorded; independence is computed again, and may block", Tone.WARN),
        )
        ask = Ask("move to the fallback", facts, True, lambda why: self._bridge.command(MoveRoute(role, why)))
        self.app.push_screen(ReasonDialog(self._session.state, ask))

    def _ask_end(self) -> None:
        run = self._bridge.seen_state
        if run is None:
            return
        facts = (
            ("run", short_id(run.run_id), Tone.TEXT),
            ("ends at", run.gate.words, Tone.TEXT),
            ("note", "this does not count as a failed draft; the record says that you ended it", Tone.DIM),
        )
        ask = Ask("end the run", facts, True, lambda reason: self._bridge.command(Stop(reason)))
        self.app.push_screen(ReasonDialog(self._session.state, ask))


def _title(view: RunView, pane: str, name: str) -> str:
    """Return a pane's title, in our own words."""
    if pane == "gate" and view.shown is not None:
        back = f" · {view.back} back" if view.back else ""
        return f"{name} · {view.shown.opened.gate.words}{back}"
    if pane == "output":
        return f"{name} · not stored · safe to watch" if view.is_stepping_this else f"{name} · what happened"
    return name

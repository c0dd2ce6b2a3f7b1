"""The main screen: route table, contract and smoke side by side, under one row cursor."""

import os
import subprocess
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.getters import query_one
from textual.screen import Screen
from textual.worker import Worker

from console.app.actions import Place, action_named, bindings
from console.app.dialogs.dialogs import Dialog, TokenDialog
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.call_log import CallLogPane
from console.app.panes.contract_pane import ContractPane
from console.app.panes.explain_pane import ExplainPane
from console.app.panes.help_pane import HelpPane
from console.app.panes.route_pane import RoutePane
from console.app.panes.route_table import HEADER_LINES, RouteTablePane
from console.app.panes.smoke_pane import SmokePane
from console.app.panes.stepper_bar import StepperBar
from console.app.panes.token_pane import TokenPane
from console.app.runs.bridge import RunBridge, RunForm
from console.app.session import Session, StartEmbedded, embedded_in_a_process
from console.app.widgets.line_pane import LinePane
from console.domain.probes.ladder import Rung
from console.domain.routes.contract import RouteCheck, Verdict, fix_lines
from console.domain.routes.shape import Shape
from console.services.config.settings import Profile
from console.view.console_state import ConsoleState

Work = Callable[[], Coroutine[None, None, None]]
"""A worker's work: called when the worker begins, so that one cancelled before that leaves nothing behind."""


@runtime_checkable
class Drawn(Protocol):
    """A screen over this one that draws the same state."""

    def show(self, state: ConsoleState) -> None:
        """Draw a state."""


_SMOKE_GROUP = "smoke"
_GATEWAY_GROUP = "gateway"
_RUNS_GROUP = "runs"
_STEP_GROUP = "step"


class RoutesScreen(Screen[None]):
    """Draws the session's state; the row cursor and the tab of a narrow screen are all that it holds itself.

    Its workers do all that goes on in the background, the steps of runs too.
    """

    PLACE = Place.MAIN
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.MAIN)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-ultra")]  # noqa: RUF012  # Textual's own type
    AUTO_FOCUS: ClassVar[str | None] = "#routes"

    _routes = query_one("#routes", RouteTablePane)
    _contract = query_one("#contract", ContractPane)
    _smoke = query_one("#smoke", SmokePane)
    _calls = query_one("#calls", CallLogPane)

    def __init__(
        self,
        profile: Profile,
        *,
        is_read_only: bool,
        frame_s: float,
        environment: Mapping[str, str] = os.environ,
        start_embedded: StartEmbedded = embedded_in_a_process,
    ) -> None:
        """Prepare the screen.

        Args:
            profile: A checked profile.
            is_read_only: Nothing that costs or changes anything may be done.
            frame_s: The shortest time between two repaints, in seconds.
            environment: The environment variables, which say where runs are kept.
            start_embedded: How the embedded gateway is started, where the profile runs on it.

        """
        super().__init__()
        self._is_built_in = profile.is_built_in
        self._frame_s = frame_s
        self._cursor = 0
        self._is_repaint_due = True
        self._session = Session(
            profile, self._schedule_repaint, is_read_only=is_read_only, start_embedded=start_embedded
        )
        self._bridge = RunBridge(self._session, environment)
        self._form = RunForm(repository=str(Path.cwd()))
        self._deeds: dict[str, Callable[[], object]] = {
            "route.smoke": self._smoke_this,
            "route.smoke_all": self._smoke_all,
            "route.check": lambda: self._climb([self._check_here()], self._free_top()),
            "route.check_all": lambda: self._climb([r.check for r in self._session.state.routes], self._free_top()),
            "route.shape": lambda: self._climb([self._check_here()], Rung.SHAPE),
            "route.copy_fix": self._copy_fix,
            "smoke.stop": self._stop_smoke,
            "route.open": self._open_route,
            "route.explain": self._open_explanation,
            "route.down": lambda: self._move_to(self._cursor + 1),
            "route.up": lambda: self._move_to(self._cursor - 1),
            "route.first": lambda: self._move_to(0),
            "route.last": lambda: self._move_to(len(self._session.state.routes) - 1),
            "pane.next": lambda: self._focus_by(1),
            "pane.previous": lambda: self._focus_by(-1),
            "pane.routes": lambda: self._focus_on(self._routes),
            "pane.contract": lambda: self._focus_on(self._contract),
            "pane.smoke": lambda: self._focus_on(self._smoke),
            "pane.calls": lambda: self._focus_on(self._calls),
            "run.open": self._open_runs,
            "run.new": self.open_new_run,
            "gateway.reopen": self._reopen,
            "token.show": self._open_token,
            "token.set": self._set_token,
            "app.commands": self.app.action_command_palette,
            "app.help": self._open_help,
            "app.quit": self.app.exit,
            "app.suspend": self.app.action_suspend_process,
        }

    @property
    def session(self) -> Session:
        """The session that is drawn."""
        return self._session

    @property
    def is_up_to_date(self) -> bool:
        """Whether the panes were given the state as it is now."""
        return not self._is_repaint_due

    def compose(self) -> ComposeResult:
        """Lay the panes out; the style sheet moves them with the screen's width."""
        state = self._session.state
        yield HeaderBar(state, is_built_in=self._is_built_in)
        yield StepperBar(state)
        with Container(id="body"):
            with Vertical(id="left"):
                yield RouteTablePane(state, id="routes")
                yield CallLogPane(state, id="calls")
            yield ContractPane(state, id="contract")
            yield SmokePane(state, id="smoke")
        yield KeyBar(state)

    def on_mount(self) -> None:
        """Paint what is known offline; open the gateway when that is on the screen."""
        self._repaint()
        self.call_after_refresh(self._open_gateway)
        self.call_after_refresh(self._read_runs)

    def on_route_table_pane_row_picked(self, message: RouteTablePane.RowPicked) -> None:
        """Move the cursor to a clicked row."""
        self._move_to(message.row)

    def on_resize(self) -> None:
        """Name the panes again when the style sheet has moved them."""
        self.call_after_refresh(self._repaint)

    def on_screen_resume(self) -> None:
        """Draw what came in while a dialog was open."""
        self._repaint()

    def action_do(self, action_id: str) -> None:
        """Do an action of the action table, or say why it cannot be done now."""
        reason = action_named(action_id).why_not(self._session.state, self._cursor)
        if reason is not None:
            self.notify(reason, severity="warning", markup=False)
            return
        self._deeds[action_id]()

    def _open_gateway(self) -> None:
        self._begin(self._session.keep_open, "gateway", _GATEWAY_GROUP)

    def _read_runs(self) -> None:
        self._begin(self._bridge.keep_open, "runs", _RUNS_GROUP)

    def _begin(self, work: Work, name: str, group: str) -> Worker[None]:
        return self.run_worker(work, name=name, group=group)

    def _reopen(self) -> None:
        self._cancel(_GATEWAY_GROUP)
        self._open_gateway()
        view = self._session.state.run
        if view is not None and view.failure:
            self._cancel(_RUNS_GROUP)
            self._read_runs()

    # --- Runs ----------------------------------------------------------------------------------------------------

    def begin_run_work(self, work: Work, name: str) -> None:
        """Do some work on a run in a named worker, which goes on when the run screen is left."""
        self._begin(work, name, _STEP_GROUP)

    def cut_run_work(self) -> None:
        """Stop the step under way, and note what becomes of its call."""
        self._cancel(_STEP_GROUP)
        self._begin(self._bridge.settle, "settle the run", _RUNS_GROUP)

    def open_new_run(self) -> None:
        """Ask what a new run is about; what was written before is there again."""
        from console.app.dialogs.new_run_dialog import NewRunDialog

        def left(form: RunForm | None) -> None:
            self._form = form or self._form

        checks = self._session.profile.policy.checks
        self.app.push_screen(NewRunDialog(self._session.state, self._form, self._begin_run, checks=checks), left)

    async def _begin_run(self, form: RunForm) -> str:
        refused = await self._bridge.begin(form)
        if not refused:
            self.call_later(self._open_runs)
        return refused

    def _open_runs(self) -> None:
        from console.app.screens.run_screen import RunScreen

        shown = next((each for each in self.app.screen_stack if isinstance(each, RunScreen)), None)
        if shown is not None:
            shown.show_tab("gate")
            return
        self.app.push_screen(RunScreen(self._session, self._bridge, self, is_built_in=self._is_built_in))

    def _stop_smoke(self) -> None:
        self._cancel(_SMOKE_GROUP)
        self._session.settle()

    def _smoke_this(self) -> None:
        self._smoke_routes([self._session.state.routes[self._cursor].check])
        self._show_tab(self._smoke)

    def _smoke_all(self) -> None:
        checks = [route.check for route in self._session.state.routes]
        self._smoke_routes(checks)
        if checks[self._cursor].verdict is not Verdict.DRIFT:
            self._show_tab(self._smoke)

    def _smoke_routes(self, checks: Sequence[RouteCheck]) -> None:
        self._session.queue(checks)
        name = f"smoke {', '.join(check.route.role for check in checks)}"
        self._begin(partial(self._session.smoke, checks, Shape.TEXT), name, _SMOKE_GROUP)

    def _check_here(self) -> RouteCheck:
        return self._session.state.routes[self._cursor].check

    def _free_top(self) -> Rung:
        """Return the highest rung that makes no gateway generate; read-only sends no wrong key either."""
        return Rung.CATALOGUE if self._session.state.is_read_only else Rung.KEY

    def _climb(self, checks: Sequence[RouteCheck], top: Rung) -> None:
        name = f"check {', '.join(check.route.role for check in checks)}"
        self._begin(partial(self._session.climb, checks, top), name, _SMOKE_GROUP)
        self._show_tab(self._contract)

    def _copy_fix(self) -> None:
        lines = fix_lines(self._check_here())
        self.app.copy_to_clipboard("\n".join(lines) + "\n")
        self.notify(f"copied {len(lines)} config line(s)", markup=False)

    def _cancel(self, group: str) -> list[Worker[object]]:
        return self.workers.cancel_group(self, group)

    def _move_to(self, row: int) -> None:
        self._cursor = max(0, min(row, len(self._session.state.routes) - 1))
        self._repaint()

    def _open_route(self) -> None:
        state = self._session.state
        role = state.routes[self._cursor].check.route.role
        self.app.push_screen(Dialog(RoutePane(state, id="route"), f"route · {role}", state, self._cursor))

    def _open_explanation(self) -> None:
        state = self._session.state
        role = state.routes[self._cursor].check.route.role
        self.app.push_screen(Dialog(ExplainPane(state, id="explain"), f"why · {role}", state, self._cursor))

    def _open_token(self) -> None:
        state = self._session.state
        dialog = TokenDialog(TokenPane(state, id="token"), "token", state, self._cursor)
        self.app.push_screen(dialog, self._go_on)

    def _go_on(self, action_id: str | None) -> None:
        """Do what a dialog was left for, once it is gone."""
        if action_id is not None:
            self.call_after_refresh(self.action_do, action_id)

    def _set_token(self) -> None:
        """Step aside and let the command line ask for the token, then open the gateway with it."""
        try:
            with self.app.suspend():
                ended = subprocess.run(self._session.token_command(), check=False)  # noqa: S603  # our own interpreter
        except SuspendNotSupported:
            self.notify("this terminal cannot step aside; run: gateway-console token set", markup=False)
            return
        if ended.returncode != 0:  # what it said is behind the screen again
            self.notify("no token was stored; gateway-console token set says why", severity="warning", markup=False)
        self._reopen()

    def _open_help(self) -> None:
        state = self._session.state
        pane = HelpPane(state)
        self.app.push_screen(Dialog(pane, "keys", state, self._cursor))

    def _panes(self) -> list[LinePane]:
        has_calls = self.has_class("-ultra")
        return [self._routes, self._contract, self._smoke, *([self._calls] if has_calls else [])]

    def _focus_by(self, step: int) -> None:
        panes = self._panes()
        at = next((position for position, pane in enumerate(panes) if pane.has_focus), 0)
        self._focus_on(panes[(at + step) % len(panes)])

    def _focus_on(self, pane: LinePane) -> None:
        if pane not in self._panes():
            self.notify("the log of requests needs a screen of 160 columns", severity="warning", markup=False)
            return
        self._show_tab(pane)
        pane.focus()

    def _show_tab(self, pane: LinePane) -> None:
        """On a narrow screen contract and smoke share one place."""
        if pane is not self._routes:
            self.set_class(pane is self._smoke, "-smoke-tab")
        self._repaint()

    def _schedule_repaint(self) -> None:
        """Repaint soon: all that comes in until then is drawn at once."""
        if not self._is_repaint_due:
            self._is_repaint_due = True
            self.set_timer(self._frame_s, self._repaint)

    def _repaint(self) -> None:
        self._is_repaint_due = False
        if not self.query("#routes"):
            return  # not composed yet, or already leaving
        state = self._session.state
        self._routes.styles.height = len(state.routes) + HEADER_LINES + 2
        for pane in self.query("LinePane").results():
            if isinstance(pane, LinePane):
                pane.show(state, self._cursor)
        for screen in self.app.screen_stack:
            if isinstance(screen, Drawn):
                screen.show(state)
        role = state.routes[self._cursor].check.route.role if state.routes else ""
        is_narrow = self.has_class("-narrow")
        self._contract.border_title = f"2 contract · {role}" + ("   3 smoke" if is_narrow else "")
        self._smoke.border_title = ("2 contract   " if is_narrow else "") + f"3 smoke · {role}"
        self._smoke.border_subtitle = "x stop" if state.is_live else "s this  S all"
        self._calls.border_title = "4 requests"
        self._calls.border_subtitle = f"{sum(call.is_sent for call in state.requests.calls)} sent"

"""The main screen: route table, contract and smoke side by side, under one row cursor."""

import subprocess
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.getters import query_one
from textual.screen import Screen

from console.app.actions import Place, action_named, bindings
from console.app.controller import Controller
from console.app.dialogs.dialogs import Dialog, TokenDialog
from console.app.disabled_reason import why_no_switch
from console.app.panes.agent_calls import AgentCallsPane
from console.app.panes.agents_pane import AgentsPane
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.call_log import CallLogPane
from console.app.panes.config.config_pane import ConfigPane
from console.app.panes.contract_pane import ContractPane
from console.app.panes.explain_pane import ExplainPane
from console.app.panes.help_pane import HelpPane
from console.app.panes.route_pane import RoutePane
from console.app.panes.route_table import HEADER_LINES, RouteTablePane
from console.app.panes.smoke_pane import SmokePane
from console.app.panes.stepper_bar import StepperBar
from console.app.panes.token_pane import TokenPane
from console.app.terminal.drawing import keep_drawn
from console.app.widgets.line_pane import LinePane
from console.domain.probes.ladder import Rung
from console.domain.routes.contract import RouteCheck, Verdict, fix_lines
from console.view.config_view import ProfileRow
from console.view.console_state import ConsoleState
from console.view.relay.relay_view import AgentPicked


class RoutesScreen(Screen[None]):
    """Draws the state; holds only the row cursor and the tab of a narrow screen."""

    PLACE = Place.MAIN
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.MAIN)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-ultra")]  # noqa: RUF012  # Textual's own type
    AUTO_FOCUS: ClassVar[str | None] = "#routes"

    _routes = query_one("#routes", RouteTablePane)
    _contract = query_one("#contract", ContractPane)
    _smoke = query_one("#smoke", SmokePane)
    _calls = query_one("#calls", CallLogPane)
    _agents = query_one("#agents", AgentsPane)
    _keys = query_one("#keys", KeyBar)
    _config = query_one("#config", ConfigPane)

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, and does what is requested here.

        """
        super().__init__()
        self._controller = controller
        self._cursor = 0
        self._drawn: list[LinePane] = []
        self._commands: dict[str, Callable[[], object]] = {
            "route.smoke": self._smoke_this,
            "route.smoke_all": self._smoke_all,
            "route.check": lambda: self._climb([self._check_here()], self._free_top()),
            "route.check_all": lambda: self._climb([r.check for r in self._state.routes], self._free_top()),
            "route.shape": lambda: self._climb([self._check_here()], Rung.SHAPE),
            "route.copy_fix": self._copy_fix,
            "route.apply_fix": lambda: self._controller.config.apply_fix(self._check_here()),
            "fix.undo": self._controller.config.undo_fix,
            "profile.switch": self._controller.config.pick_profile,
            "smoke.stop": self._controller.stop_calls,
            "route.open": self._open_route,
            "route.explain": self._open_explanation,
            "route.escalate": lambda: self._controller.escalate_route(self._cursor),
            "route.down": lambda: self._move_to(self._cursor + 1),
            "route.up": lambda: self._move_to(self._cursor - 1),
            "route.first": lambda: self._move_to(0),
            "route.last": lambda: self._move_to(len(self._state.routes) - 1),
            "pane.next": lambda: self._focus_by(1),
            "pane.previous": lambda: self._focus_by(-1),
            "pane.routes": lambda: self._focus_on(self._routes),
            "pane.contract": lambda: self._focus_on(self._contract),
            "pane.smoke": lambda: self._focus_on(self._smoke),
            "pane.calls": lambda: self._focus_on(self._calls),
            "pane.agents": lambda: self._focus_on(self._agents),
            "relay.open": self._open_agents,
            "relay.end": self._controller.end_relay,
            "agent.cut_off": lambda: self._controller.relaying.cut_off(self._state.relay.picked),
            "agent.let_in": lambda: self._controller.relaying.let_in(self._state.relay.picked),
            "agent.calls": self._open_agent_calls,
            "agent.escalate": lambda: self._controller.escalate_agent(self._state.relay.picked),
            "agent.down": lambda: self._pick_agent(1),
            "agent.up": lambda: self._pick_agent(-1),
            "run.open": self._open_runs,
            "run.new": self._open_new_run,
            "records.open": self._open_records,
            "history.open": self._open_history,
            "fleet.open": self._open_fleet,
            "workers.open": self._open_workers,
            "gateway.reopen": self._controller.reopen,
            "profile.new": self._controller.open_setup,
            "token.show": self._open_token,
            "token.set": self._set_token,
            "app.commands": self.app.action_command_palette,
            "app.help": self._open_help,
            "app.quit": self.app.exit,
            "app.suspend": self.app.action_suspend_process,
        }

    @property
    def _state(self) -> ConsoleState:
        return self._controller.state

    def compose(self) -> ComposeResult:
        """Lay out the panes; the style sheet moves them with the screen's width."""
        state = self._state
        yield HeaderBar(state)
        yield StepperBar(state)
        yield ConfigPane(state)
        with Container(id="body"):
            with Vertical(id="left"):
                yield RouteTablePane(state, id="routes")
                yield AgentsPane(state, is_slow_link=self._controller.is_slow_link)
                yield CallLogPane(state, id="calls")
            yield ContractPane(state, id="contract")
            yield SmokePane(state, is_slow_link=self._controller.is_slow_link, id="smoke")
        yield KeyBar(state)

    def on_mount(self) -> None:
        """Paint what is known offline; open the gateway once that is on the screen."""
        keep_drawn(self, LinePane)
        self._drawn = [pane for pane in self.query("LinePane") if isinstance(pane, LinePane)]
        self._controller.repaint()
        self.call_after_refresh(self._controller.open)

    def on_route_table_pane_row_picked(self, message: RouteTablePane.RowPicked) -> None:
        """Move the cursor to a row that was picked, or to the nearest one."""
        self._move_to(message.row)

    def on_agents_pane_agent_clicked(self, message: AgentsPane.AgentClicked) -> None:
        """Pick the agent that was clicked."""
        self._controller.session.dispatch(AgentPicked(message.place))

    def on_descendant_focus(self) -> None:
        """Show the keys of the pane that has the focus now."""
        self._redraw()

    def on_resize(self) -> None:
        """Rename the panes after the style sheet has moved them."""
        self.call_after_refresh(self._redraw)

    def on_screen_resume(self) -> None:
        """Draw what arrived while a dialog was open."""
        self._redraw()

    def action_do(self, action_id: str) -> None:
        """Perform an action of the action table, or say why it is not possible now."""
        reason = action_named(action_id).why_not(self._state, self._cursor)
        if reason is not None:
            self.app.clear_notifications()
            self.notify(reason, severity="warning", markup=False)
            return
        self._commands[action_id]()

    @property
    def profile_rows(self) -> tuple[ProfileRow, ...]:
        """The profiles that the palette offers."""
        return tuple(row for row in self._state.config.profiles if row.name != self._state.profile)

    def action_switch_profile(self, name: str) -> None:
        """Take another profile, or say why that is not possible now."""
        reason = why_no_switch(self._state, self._cursor)
        if reason is not None:
            self.notify(reason, severity="warning", markup=False)
            return
        self._controller.switch_profile(name)

    def show(self, state: ConsoleState) -> None:
        """Draw a state."""
        if not self._drawn or not self._drawn[0].is_attached:
            return  # not composed yet, or already leaving
        self._cursor = max(0, min(self._cursor, len(state.routes) - 1))  # another profile may have fewer routes
        self._config.fit(state)
        self._routes.styles.height = min(len(state.routes), max(6, self.size.height // 2 - 3)) + HEADER_LINES + 2
        self._keys.name_place(Place.AGENTS if self._agents.has_focus else Place.MAIN)
        for pane in self._drawn:
            pane.show(state, self._cursor)
        key = state.routes[self._cursor].proven.key if state.routes else ""
        is_narrow = self.has_class("-narrow")
        agents = "   5 agents" if is_narrow and state.relay.is_used else ""
        self._contract.name_frame(f"2 contract · {key}" + ("   3 smoke" if is_narrow else "") + agents)
        smoke_title = ("2 contract   " if is_narrow else "") + f"3 smoke · {key}{agents}"
        self._smoke.name_frame(smoke_title, "x stop" if state.is_live else "s this  S all")
        self._calls.name_frame("4 requests", f"{sum(call.is_sent for call in state.requests.calls)} sent")
        self.set_class(state.relay.is_used, "-relayed")
        self._agents.name_frame(("2 contract   3 smoke   " if is_narrow else "") + "5 agents", _live_words(state))

    def _redraw(self) -> None:
        self.show(self._state)

    # --- Runs ----------------------------------------------------------------------------------------------------

    def _open_new_run(self) -> None:
        self._controller.open_new_run(self._open_runs)

    def _open_runs(self) -> None:
        from console.app.screens.run_screen import RunScreen

        if not any(isinstance(each, RunScreen) for each in self.app.screen_stack):  # the key may have come twice
            self.app.push_screen(RunScreen(self._controller))

    def _open_records(self) -> None:
        from console.app.screens.records_screen import RecordsScreen

        def opened(run_id: str | None) -> None:
            if run_id is not None:
                self._open_runs()
                self._controller.look_at_run(run_id)

        if not any(isinstance(each, RecordsScreen) for each in self.app.screen_stack):  # the key may have come twice
            self.app.push_screen(RecordsScreen(self._controller), opened)

    def _open_history(self) -> None:
        from console.app.screens.history_screen import HistoryScreen

        if not any(isinstance(each, HistoryScreen) for each in self.app.screen_stack):  # the key may have come twice
            self.app.push_screen(HistoryScreen(self._controller))

    def _open_fleet(self) -> None:
        from console.app.screens.fleet_screen import FleetScreen

        if not any(isinstance(each, FleetScreen) for each in self.app.screen_stack):  # the key may have come twice
            self.app.push_screen(FleetScreen(self._controller))

    def _open_workers(self) -> None:
        from console.app.screens.workers_screen import WorkersScreen

        if not any(isinstance(each, WorkersScreen) for each in self.app.screen_stack):  # the key may have come twice
            self.app.push_screen(WorkersScreen(self._controller))

    # --- Agents --------------------------------------------------------------------------------------------------

    def _open_agents(self) -> None:
        self._controller.open_agents()
        self.call_after_refresh(self._show_agents)

    def _show_agents(self) -> None:
        """Show the pane of agents below the dialog, so that it is there when the dialog is closed."""
        self._redraw()
        self._show_tab(self._agents)
        self.set_focus(self._agents)

    def _leave_agents(self) -> None:
        """Give the keys back to the routes: x stops what was begun on them, and cuts no agent off."""
        if self._agents.has_focus:
            self._routes.focus()

    def _pick_agent(self, step: int) -> None:
        self._controller.session.dispatch(AgentPicked(self._state.relay.cursor + step))

    def _open_agent_calls(self) -> None:
        state, client = self._state, self._state.relay.picked
        self.app.push_screen(Dialog(AgentCallsPane(state, client), f"calls · {client}", state, self._cursor))

    # --- Routes --------------------------------------------------------------------------------------------------

    def _smoke_this(self) -> None:
        self._controller.smoke([self._check_here()])
        self._leave_agents()
        self._show_tab(self._smoke)

    def _smoke_all(self) -> None:
        checks = [route.check for route in self._state.routes]
        self._controller.smoke(checks)
        self._leave_agents()
        if checks[self._cursor].verdict is not Verdict.DRIFT:
            self._show_tab(self._smoke)

    def _check_here(self) -> RouteCheck:
        return self._state.routes[self._cursor].check

    def _free_top(self) -> Rung:
        """Return the highest rung that makes no gateway generate; read-only sends no wrong key either."""
        return Rung.CATALOGUE if self._state.is_read_only else Rung.KEY

    def _climb(self, checks: Sequence[RouteCheck], top: Rung) -> None:
        self._controller.climb(checks, top)
        self._leave_agents()
        self._show_tab(self._contract)

    def _copy_fix(self) -> None:
        lines = fix_lines(self._check_here())
        text = "\n".join(lines) + "\n"
        self.app.copy_to_clipboard(text)
        if self.app.clipboard == text:
            self.notify(f"copied {len(lines)} config line(s)", markup=False)

    def _move_to(self, row: int) -> None:
        self._cursor = max(0, min(row, len(self._state.routes) - 1))
        self._redraw()

    def _open_route(self) -> None:
        state = self._state
        key = state.routes[self._cursor].proven.key
        self.app.push_screen(Dialog(RoutePane(state, id="route"), f"route · {key}", state, self._cursor))

    def _open_explanation(self) -> None:
        state = self._state
        key = state.routes[self._cursor].proven.key
        self.app.push_screen(Dialog(ExplainPane(state, id="explain"), f"why · {key}", state, self._cursor))

    def _open_token(self) -> None:
        state = self._state
        dialog = TokenDialog(TokenPane(state, id="token"), "token", state, self._cursor)
        self.app.push_screen(dialog, self._go_on)

    def _go_on(self, action_id: str | None) -> None:
        """Perform the action that closed a dialog, once the dialog is gone."""
        if action_id is not None:
            self.call_after_refresh(self.action_do, action_id)

    def _set_token(self) -> None:
        """Suspend the screen and let the command line ask for the token, then open the gateway with it."""
        command = self._controller.session.token_command()
        try:
            with self.app.suspend():
                ended = subprocess.run(command, check=False)  # noqa: S603  # our own interpreter
        except SuspendNotSupported:
            self.notify("this terminal cannot be suspended; run: gateway-console token set", markup=False)
            return
        if ended.returncode != 0:  # its message is hidden behind the screen again
            self.notify("no token was stored; to see why: gateway-console token set", severity="warning", markup=False)
        self._controller.reopen()

    def _open_help(self) -> None:
        state = self._state
        pane = HelpPane(state)
        self.app.push_screen(Dialog(pane, "keys", state, self._cursor))

    def _panes(self) -> list[LinePane]:
        has_calls, has_agents = self.has_class("-ultra"), self._state.relay.is_used
        more = (*([self._calls] if has_calls else []), *([self._agents] if has_agents else []))
        return [self._routes, self._contract, self._smoke, *more]

    def _focus_by(self, step: int) -> None:
        panes = self._panes()
        at = next((position for position, pane in enumerate(panes) if pane.has_focus), 0)
        self._focus_on(panes[(at + step) % len(panes)])

    def _focus_on(self, pane: LinePane) -> None:
        if pane not in self._panes():
            self.notify("the log of requests needs a screen 160 columns wide", severity="warning", markup=False)
            return
        self._show_tab(pane)
        pane.focus()

    def _show_tab(self, pane: LinePane) -> None:
        """On a narrow screen contract, smoke and agents share one place."""
        if pane is not self._routes:
            self.set_class(pane is self._smoke, "-smoke-tab")
            self.set_class(pane is self._agents, "-agents-tab")
        self._redraw()


def _live_words(state: ConsoleState) -> str:
    """Return how many calls of agents are in flight, if agents can call."""
    return f"{state.relay.calls.in_flight} live" if state.relay.is_open else ""

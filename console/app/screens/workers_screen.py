"""The workers' screen: who steps a team's runs, on what, and what waits for them."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.screen import Screen

from console.app.actions import Place, action_named, bindings
from console.app.controller import Controller
from console.app.dialogs.dialogs import Dialog
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.help_pane import HelpPane
from console.app.panes.workers.workers_pane import WorkersPane
from console.app.terminal.drawing import keep_drawn
from console.app.widgets.line_pane import LinePane
from console.domain.text.safe import safe
from console.view.console_state import ConsoleState
from console.view.worker.workers_view import WorkersView


class WorkersScreen(Screen[None]):
    """Draws the session's view of the workers. While it is open, they are read again and again."""

    PLACE = Place.WORKERS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.WORKERS)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-ultra")]  # noqa: RUF012  # Textual's own type
    AUTO_FOCUS: ClassVar[str | None] = "#workers"

    _pane = query_one("#workers", WorkersPane)

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, and reads the workers.

        """
        super().__init__()
        self._controller = controller
        self._session = controller.session
        self._commands: dict[str, Callable[[], object]] = {
            "workers.close": self.dismiss,
            "workers.down": lambda: self._pane.scroll_relative(y=1, animate=False),
            "workers.up": lambda: self._pane.scroll_relative(y=-1, animate=False),
            "workers.page_down": lambda: self._pane.scroll_page_down(animate=False),
            "workers.page_up": lambda: self._pane.scroll_page_up(animate=False),
            "workers.first": lambda: self._pane.scroll_home(animate=False),
            "workers.last": lambda: self._pane.scroll_end(animate=False),
            "app.commands": self.app.action_command_palette,
            "app.help": self._open_help,
            "app.quit": self.app.exit,
            "app.suspend": self.app.action_suspend_process,
        }

    def compose(self) -> ComposeResult:
        """Lay out the pane between the bars."""
        state = self._session.state
        yield HeaderBar(state)
        yield WorkersPane(state, id="workers")
        yield KeyBar(state, Place.WORKERS)

    def on_mount(self) -> None:
        """Draw what is known, and follow what is new until the screen is left."""
        keep_drawn(self, LinePane)
        self.show(self._session.state)
        self.run_worker(self._controller.workers.follow(), name="follow the workers", group="workers", exclusive=True)

    def on_resize(self) -> None:
        """Draw the panes after the style sheet has moved them."""
        self.call_after_refresh(lambda: self.show(self._session.state))

    def on_screen_resume(self) -> None:
        """Draw what arrived while a dialog was open."""
        self.show(self._session.state)

    def action_do(self, action_id: str) -> None:
        """Perform an action of the action table, or say why it is not possible now."""
        reason = action_named(action_id).why_not(self._session.state, 0)
        if reason is not None:
            self.app.clear_notifications()
            self.notify(reason, severity="warning", markup=False)
        else:
            self._commands[action_id]()

    def show(self, state: ConsoleState) -> None:
        """Draw a state."""
        if not self.query("#workers"):
            return  # not composed yet, or already leaving
        for pane in self.query("LinePane").results():
            if isinstance(pane, LinePane):
                pane.show(state, 0)
        view = state.workers or WorkersView()
        count = f" · {sum(each.is_alive for each in view.workers)} of {len(view.workers)} alive" if view.workers else ""
        self._pane.name_frame(f"workers{count}", safe(view.store).replace("[", "\\["))

    def _open_help(self) -> None:
        state = self._session.state
        self.app.push_screen(Dialog(HelpPane(state, Place.WORKERS), "keys", state, 0))

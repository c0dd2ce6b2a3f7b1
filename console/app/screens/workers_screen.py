"""The workers' screen: who steps a team's runs, on what, and what waits for them."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one

from console.app.actions import Place, bindings
from console.app.controller import Controller
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.workers.workers_pane import WorkersPane
from console.app.screens.place_screen import PlaceScreen, plain
from console.view.console_state import ConsoleState
from console.view.worker.workers_view import WorkersView


class WorkersScreen(PlaceScreen[None]):
    """Draws the session's view of the workers. While it is open, they are read again and again."""

    PLACE = Place.WORKERS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.WORKERS)]
    FIRST_PANE = AUTO_FOCUS = "#workers"

    _pane = query_one("#workers", WorkersPane)

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, and reads the workers.

        """
        super().__init__(controller)
        self._commands |= {
            "workers.close": self.dismiss,
            "workers.down": lambda: self._pane.scroll_relative(y=1, animate=False),
            "workers.up": lambda: self._pane.scroll_relative(y=-1, animate=False),
            "workers.page_down": lambda: self._pane.scroll_page_down(animate=False),
            "workers.page_up": lambda: self._pane.scroll_page_up(animate=False),
            "workers.first": lambda: self._pane.scroll_home(animate=False),
            "workers.last": lambda: self._pane.scroll_end(animate=False),
        }

    def compose(self) -> ComposeResult:
        """Lay out the pane between the bars."""
        state = self._session.state
        yield HeaderBar(state)
        yield WorkersPane(state, id="workers")
        yield KeyBar(state, Place.WORKERS)

    def follow(self) -> None:
        """Follow what is new until the screen is left."""
        self.run_worker(self._controller.workers.follow(), name="follow the workers", group="workers", exclusive=True)

    def name_panes(self, state: ConsoleState) -> None:
        """Say how much there is, and of what."""
        view = state.workers or WorkersView()
        count = f" · {sum(each.is_alive for each in view.workers)} of {len(view.workers)} alive" if view.workers else ""
        self._pane.name_frame(f"workers{count}", plain(view.store))

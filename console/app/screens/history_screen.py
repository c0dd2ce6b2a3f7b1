"""The history screen: the routes with their times, and a chart of the one under the cursor."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.getters import query_one

from console.app.actions import Place, bindings
from console.app.controller import Controller
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.history.chart_pane import HistoryChartPane
from console.app.panes.history.list_pane import HistoryListPane
from console.app.screens.place_screen import PlaceScreen
from console.view.console_state import ConsoleState
from console.view.history.history_view import (
    HistoryCursorMoved,
    HistoryKindAsked,
    HistoryMeasureAsked,
    HistoryRangeAsked,
    HistoryView,
    HistoryViewEvent,
)
from console.view.history.words import name_of


class HistoryScreen(PlaceScreen[None]):
    """Draws the session's view of the history."""

    PLACE = Place.HISTORY
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.HISTORY)]
    FIRST_PANE = AUTO_FOCUS = "#history"

    _list = query_one("#history", HistoryListPane)
    _chart = query_one("#chart", HistoryChartPane)

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, and reads the history.

        """
        super().__init__(controller)
        self._session, self._bridge = controller.session, controller.history
        self._commands |= {
            "history.kind": lambda: self._ask(HistoryKindAsked()),
            "history.longer": lambda: self._ask(HistoryRangeAsked(is_longer=True)),
            "history.shorter": lambda: self._ask(HistoryRangeAsked(is_longer=False)),
            "history.measure": lambda: self._session.dispatch(HistoryMeasureAsked()),
            "history.close": self.dismiss,
            "history.next_pane": self._focus_other,
            "history.down": lambda: self._move(1),
            "history.up": lambda: self._move(-1),
            "history.first": lambda: self._move_to_end(is_first=True),
            "history.last": lambda: self._move_to_end(is_first=False),
        }

    @property
    def _view(self) -> HistoryView:
        return self._session.state.history or HistoryView()

    def compose(self) -> ComposeResult:
        """Lay out the panes; the style sheet moves them with the screen's width."""
        state = self._session.state
        yield HeaderBar(state)
        with Container(id="history-body"):
            yield HistoryListPane(state, id="history")
            yield HistoryChartPane(state, id="chart")
        yield KeyBar(state, Place.HISTORY)

    def follow(self) -> None:
        """Follow what is new until the screen is left."""
        self.run_worker(self._bridge.follow(), name="follow the history", group="history", exclusive=True)

    def on_history_list_pane_route_picked(self, message: HistoryListPane.RoutePicked) -> None:
        """Pick the route that was clicked."""
        self._session.dispatch(HistoryCursorMoved(message.place))

    def name_panes(self, state: ConsoleState) -> None:
        """Say how much there is, and of what."""
        view = state.history or HistoryView()
        count = f" · {view.cursor + 1} of {len(view.routes)}" if view.routes else ""
        self._list.name_frame(f"history{count}", f"{view.kind or 'all kinds'} · last {view.range}")
        self._chart.name_frame("chart" if view.picked is None else f"chart · {name_of(view.picked)}", view.measure)

    def _ask(self, event: HistoryViewEvent) -> None:
        """Ask for other facts, and read them."""
        self._session.dispatch(event)
        self._bridge.look_again()

    # --- Moving --------------------------------------------------------------------------------------------------

    def _move(self, step: int) -> None:
        if self._chart.has_focus:
            self._chart.scroll_relative(y=step, animate=False)
        else:
            self._session.dispatch(HistoryCursorMoved(self._view.cursor + step))

    def _move_to_end(self, *, is_first: bool) -> None:
        if not self._chart.has_focus:
            self._session.dispatch(HistoryCursorMoved(0 if is_first else len(self._view.routes) - 1))
        elif is_first:
            self._chart.scroll_home(animate=False)
        else:
            self._chart.scroll_end(animate=False)

    def _focus_other(self) -> None:
        (self._list if self._chart.has_focus else self._chart).focus()

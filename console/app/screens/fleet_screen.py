"""The fleet's screen: all profiles in one table, and the one under the cursor with its routes."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.getters import query_one

from console.app.actions import Place, bindings
from console.app.controller import Controller
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.fleet.detail_pane import FleetDetailPane
from console.app.panes.fleet.list_pane import FleetListPane
from console.app.screens.place_screen import PlaceScreen, plain
from console.domain.fleet.filter import Filter
from console.view.console_state import ConsoleState
from console.view.fleet.fleet_view import FleetCursorMoved, FleetFiltered, FleetOrderAsked, FleetView


class FleetScreen(PlaceScreen[None]):
    """Draws the session's view of the fleet."""

    PLACE = Place.FLEET
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.FLEET)]
    FIRST_PANE = AUTO_FOCUS = "#fleet"

    _list = query_one("#fleet", FleetListPane)
    _detail = query_one("#profile-detail", FleetDetailPane)

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, reads the fleet and takes another profile into use.

        """
        super().__init__(controller)
        self._commands |= {
            "fleet.use": self._use,
            "fleet.filter": self._ask_filter,
            "fleet.sort": lambda: self._session.dispatch(FleetOrderAsked()),
            "fleet.close": self.dismiss,
            "fleet.next_pane": self._focus_other,
            "fleet.down": lambda: self._move(1),
            "fleet.up": lambda: self._move(-1),
            "fleet.page_down": lambda: self._move(self._list.page),
            "fleet.page_up": lambda: self._move(-self._list.page),
            "fleet.first": lambda: self._move_to_end(is_first=True),
            "fleet.last": lambda: self._move_to_end(is_first=False),
        }

    @property
    def _view(self) -> FleetView:
        return self._session.state.fleet or FleetView()

    def compose(self) -> ComposeResult:
        """Lay out the panes; the style sheet moves them with the screen's width."""
        state = self._session.state
        yield HeaderBar(state)
        with Container(id="fleet-body"):
            yield FleetListPane(state, id="fleet")
            yield FleetDetailPane(state, id="profile-detail")
        yield KeyBar(state, Place.FLEET)

    def follow(self) -> None:
        """Follow what is new until the screen is left."""
        self.run_worker(self._controller.fleet.follow(), name="follow the fleet", group="fleet", exclusive=True)

    def on_fleet_list_pane_moved(self, message: FleetListPane.Moved) -> None:
        """Move to the profile that was clicked, or to which the wheel was turned."""
        self._session.dispatch(FleetCursorMoved(message.cursor))

    def name_panes(self, state: ConsoleState) -> None:
        """Say how much there is, and of what."""
        view = state.fleet or FleetView()
        count = f" · {view.cursor + 1} of {len(view.rows):,}" if view.rows else ""
        some = f" · {len(view.fleet.rows):,} in all" if view.fleet is not None and view.filter.text else ""
        wanted = f"{view.filter.text} · " if view.filter.text else ""
        self._list.name_frame(f"fleet{count}{some}", plain(f"{wanted}by {view.order}"))
        row = view.row
        self._detail.name_frame("profile" if row is None else plain(f"profile · {row.name}"), plain(view.source))

    # --- Acting --------------------------------------------------------------------------------------------------

    def _use(self) -> None:
        row = self._view.row
        if row is not None and row.name != self._session.state.profile:
            self._controller.switch_profile(row.name)
        self.dismiss()

    def _ask_filter(self) -> None:
        from console.app.dialogs.filter_dialog import FilterDialog

        def answered(wanted: Filter | None) -> None:
            if wanted is not None:
                self._session.dispatch(FleetFiltered(wanted))

        self.app.push_screen(FilterDialog(self._view.filter), answered)

    def _move(self, step: int) -> None:
        if self._detail.has_focus:
            self._detail.scroll_relative(y=step, animate=False)
        else:
            self._session.dispatch(FleetCursorMoved(self._view.cursor + step))

    def _move_to_end(self, *, is_first: bool) -> None:
        if not self._detail.has_focus:
            self._session.dispatch(FleetCursorMoved(0 if is_first else len(self._view.rows) - 1))
        elif is_first:
            self._detail.scroll_home(animate=False)
        else:
            self._detail.scroll_end(animate=False)

    def _focus_other(self) -> None:
        (self._list if self._detail.has_focus else self._detail).focus()

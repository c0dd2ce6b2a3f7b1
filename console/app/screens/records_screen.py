"""The records screen: the list of records, and the one under the cursor, verified and exported by keyboard."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.getters import query_one

from console.app.actions import Place, bindings
from console.app.controller import Controller
from console.app.dialogs.dialogs import Dialog
from console.app.panes.bars import HeaderBar, KeyBar
from console.app.panes.record.detail_pane import RecordDetailPane
from console.app.panes.record.list_pane import RecordListPane, progress_words
from console.app.panes.stepper_bar import short_id
from console.app.screens.place_screen import PlaceScreen
from console.view.console_state import ConsoleState
from console.view.record.exports import Form
from console.view.record.records_view import RecordCursorMoved, RecordMarked, RecordsView


class RecordsScreen(PlaceScreen[str]):
    """Draws the session's view of records. Its result is the id of the run to open, if one was chosen."""

    PLACE = Place.RECORDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RECORDS)]
    FIRST_PANE = AUTO_FOCUS = "#records"

    _list = query_one("#records", RecordListPane)
    _detail = query_one("#detail", RecordDetailPane)

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, and the work that continues when this screen is left.

        """
        super().__init__(controller)
        self._session, self._records = controller.session, controller.records
        self._listed_for: object = None
        self._read_for = ("", 0)
        self._commands |= {
            "record.open": self._open,
            "record.verify": self._verify,
            "record.verify_all": lambda: self._controller.verify_records(None),
            "record.stop": self._controller.stop_verifying,
            "record.export": self._export,
            "record.diff": self._diff,
            "record.more": self._list_more,
            "record.close": self._close,
            "record.next_pane": self._focus_other,
            "record.down": lambda: self._move(1),
            "record.up": lambda: self._move(-1),
            "record.first": lambda: self._move_to_end(is_first=True),
            "record.last": lambda: self._move_to_end(is_first=False),
        }

    @property
    def _view(self) -> RecordsView:
        return self._session.state.records or RecordsView()

    def compose(self) -> ComposeResult:
        """Lay out the panes; the style sheet moves them with the screen's width."""
        state = self._session.state
        yield HeaderBar(state)
        with Container(id="records-body"):
            yield RecordListPane(state, id="records")
            yield RecordDetailPane(state, id="detail")
        yield KeyBar(state, Place.RECORDS)

    def on_record_list_pane_record_picked(self, message: RecordListPane.RecordPicked) -> None:
        """Put a clicked record in view."""
        self._session.dispatch(RecordCursorMoved(message.place))

    def show(self, state: ConsoleState) -> None:
        """Draw a state, and read what it lacks."""
        if self.query("#records"):
            self._read_what_lacks(state)
        super().show(state)

    def name_panes(self, state: ConsoleState) -> None:
        """Say how much there is, of which record, and what is done with it."""
        view = state.records or RecordsView()
        rows, row = view.rows, view.row
        count = f" · {view.cursor + 1} of {len(rows)}{'+' if view.has_more else ''}" if rows else ""
        self._list.name_frame(f"records{count}", progress_words(view))
        marked = "" if view.marked is None else f"d compares with {short_id(view.marked.run_id)}"
        self._detail.name_frame("record" if row is None else f"record · {short_id(row.run_id)}", marked)

    def _read_what_lacks(self, state: ConsoleState) -> None:
        """Read the list when runs went on, and the record when another one is under the cursor or its run went on."""
        runs = None if state.run is None else state.run.runs
        if runs is not self._listed_for:
            self._listed_for = runs
            self.run_worker(self._records.list_records(), name="list records", group="records", exclusive=True)
        row = None if state.records is None else state.records.row
        if row is not None and (row.run_id, row.updated_at_ms) != self._read_for:
            self._read_for = row.run_id, row.updated_at_ms
            look = self._records.look_at(row.run_id)
            self.run_worker(look, name="look at a record", group="record", exclusive=True)

    # --- Moving --------------------------------------------------------------------------------------------------

    def _move(self, step: int) -> None:
        view = self._view
        if self._detail.has_focus:
            self._detail.scroll_relative(y=step, animate=False)
            return
        if view.cursor + step == len(view.listed) and view.has_more:
            self._list_more()
        self._session.dispatch(RecordCursorMoved(view.cursor + step))

    def _move_to_end(self, *, is_first: bool) -> None:
        if not self._detail.has_focus:
            self._session.dispatch(RecordCursorMoved(0 if is_first else len(self._view.rows) - 1))
        elif is_first:
            self._detail.scroll_home(animate=False)
        else:
            self._detail.scroll_end(animate=False)

    def _list_more(self) -> None:
        more = self._records.list_records(more=True)
        self.run_worker(more, name="list older records", group="records", exclusive=True)

    def _focus_other(self) -> None:
        (self._list if self._detail.has_focus else self._detail).focus()

    # --- Acting --------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        row = self._view.row
        if row is not None:
            self.dismiss(row.run_id)

    def _verify(self) -> None:
        row = self._view.row
        if row is not None:
            self._controller.verify_records(row.run_id)

    def _export(self) -> None:
        from console.app.dialogs.export_dialog import ExportDialog

        shown = self._view.shown
        if shown is None or shown.record is None:
            return

        async def export(form: Form, path: str, is_simulated_allowed: bool) -> str:
            return await self._records.export(shown.run_id, form, path, is_simulated_allowed=is_simulated_allowed)

        def answered(is_written: bool | None) -> None:
            if is_written:
                self.notify("the record was written; nothing was sent", markup=False)

        self.app.push_screen(ExportDialog(self._session.state, shown.record, export, self._detail), answered)

    def _diff(self) -> None:
        """Mark the record in view, or show in what it differs from the one that was marked."""
        from console.app.panes.record.diff_pane import DiffPane

        marked, shown = self._view.marked, self._view.shown
        if shown is None or shown.record is None:
            return
        if marked is None:
            self._session.dispatch(RecordMarked(shown.record))
            self.tell(f"run {short_id(shown.run_id)} is A; d on another record compares them, d on it again unmarks it")
            return
        self._session.dispatch(RecordMarked(None))
        if marked.run_id != shown.run_id:
            state = self._session.state
            self.app.push_screen(Dialog(DiffPane(state, marked, shown.record), "difference", state, 0))

    def _close(self) -> None:
        if self._view.is_verifying:
            self._controller.stop_verifying()
        else:
            self.dismiss(None)

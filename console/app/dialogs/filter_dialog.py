"""The dialog that asks which rows of the fleet are wanted."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from console.app.widgets.typed_line import TypedLine
from console.domain.fleet.filter import Filter, FilterError, parse_filter

_HELP = "words, or down  red  name:eu-*  model:gpt-*  category:timeout  age>1d  cost>5  retires<30d  ! turns round"


class FilterDialog(ModalScreen[Filter]):
    """Asks for a filter; an empty one takes all. Its result is None if nothing changes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]

    def __init__(self, before: Filter) -> None:
        super().__init__(classes="docked")
        self._before = before

    def compose(self) -> ComposeResult:
        """Lay the field out, and below it what can be typed."""
        with Vertical(id="framed") as frame:
            frame.border_title = "show only some profiles"
            frame.border_subtitle = "enter shows them   esc changes nothing"
            with Horizontal(classes="field"):
                yield Label("filter", markup=False)
                yield TypedLine(self._before.text, id="filter", max_length=400)
            yield Label(_HELP, id="filter-help", markup=False)

    def on_mount(self) -> None:
        """Wait for the filter."""
        self.query_one("#filter", TypedLine).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take it, or say why it cannot be read."""
        message.stop()
        try:
            self.dismiss(parse_filter(message.value))
        except FilterError as error:
            self.query_one("#filter-help", Label).update(str(error))

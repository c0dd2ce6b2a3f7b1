"""The dialog that shows a pane over the screen, and the token's dialog, which also has a key for an action."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.app.panes.token_pane import SET_TOKEN
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState


class Dialog(ModalScreen[str]):
    """A pane over the screen; esc, enter or q closes it. Its result is the id of the action that closed it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark", "dismiss(None)", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("space", "page", show=False),
        Binding("g,home", "end(True)", show=False),
        Binding("G,end", "end(False)", show=False),
    ]

    def __init__(self, pane: LinePane, title: str, state: ConsoleState, cursor: int) -> None:
        super().__init__()
        self._pane = pane
        self._pane.border_title = title
        self._pane.border_subtitle = "esc close   j k space g G scroll"
        self._state, self._cursor = state, cursor

    def compose(self) -> ComposeResult:
        """Lay the pane out."""
        with Vertical():
            yield self._pane

    def on_mount(self) -> None:
        """Draw the pane."""
        self._pane.show(self._state, self._cursor)
        self._pane.focus()

    def show(self, state: ConsoleState) -> None:
        """Draw another state, or keep it until the pane can be drawn."""
        self._state = state
        self._pane.show(state, self._cursor)

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._pane.scroll_relative(y=lines, animate=False)

    def action_page(self) -> None:
        """Scroll by a page."""
        self._pane.scroll_relative(y=max(1, self._pane.scrollable_content_region.height - 1), animate=False)

    def action_end(self, is_first: bool) -> None:
        """Scroll to the first line or the last."""
        if is_first:
            self._pane.scroll_home(animate=False)
        else:
            self._pane.scroll_end(animate=False)


class TokenDialog(Dialog):
    """The token pane over the screen; the key that it names also works in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(SET_TOKEN.keys), f"dismiss('{SET_TOKEN.id}')", SET_TOKEN.label, show=False)
    ]

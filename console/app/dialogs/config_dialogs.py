"""Dialogs of the config: which profile to use, and which lines to change."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Label

from console.app.panes.text_pane import TextPane
from console.app.widgets.line import Line, Span, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.app.widgets.picker import Picker
from console.view.config_view import ProfileRow
from console.view.console_state import ConsoleState
from console.view.sign import Tone


class ProfilePane(LinePane):
    """Where the profile that the picker shows comes from."""

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state, id="ask", can_focus=False)
        self.row: ProfileRow | None = None

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the lines."""
        return tuple(self._told(size.width))

    def _told(self, width: int) -> Iterator[Line]:
        if self.row is not None:
            yield from labelled("from", self.row.words, width)
        words = "the gateway in use is closed, and the other one's opened; nothing is sent. : finds profiles too"
        yield from labelled("note", words, width, tone=Tone.DIM)


class ProfileDialog(ModalScreen[str]):
    """Asks which profile to use; returns its name."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(classes="docked")
        self._state = state
        self._rows = state.config.profiles
        names = [row.name for row in self._rows]
        shown = [f"{name}   in use" if name == state.profile else name for name in names]
        here = names.index(state.profile) if state.profile in names else -1
        self._picker = Picker(shown, (here + 1) % len(names), id="profile")
        self._pane = ProfilePane(state)

    def compose(self) -> ComposeResult:
        """Lay the picker out, and below it what its profile is."""
        with Vertical(id="framed") as frame:
            frame.border_title = "use another profile"
            frame.border_subtitle = "enter takes it   esc cancels"
            with Horizontal(classes="field"):
                yield Label("profile ←→", markup=False)
                yield self._picker
            yield self._pane

    def on_mount(self) -> None:
        """Wait for the choice."""
        self._pane.styles.height = 4
        self._show()
        self._picker.focus()

    def on_picker_picked(self, message: Picker.Picked) -> None:
        """Show where this one comes from."""
        message.stop()
        self._show()

    def on_picker_submitted(self, message: Picker.Submitted) -> None:
        """Take it."""
        message.stop()
        self.dismiss(self._rows[self._picker.picked].name)

    def _show(self) -> None:
        self._pane.row = self._rows[self._picker.picked]
        self._pane.show(self._state, 0)


class EditPane(TextPane):
    """The lines of a config that go, and those that come."""

    def __init__(self, state: ConsoleState, path: str, diff: Sequence[str], note: str) -> None:
        super().__init__(state)
        self._path = path
        self._diff = diff
        self._note = note

    def height_at(self, width: int) -> int:
        """Return how many lines there are at a width."""
        return len(list(self.laid_out(width)))

    def laid_out(self, width: int) -> Iterator[Line]:
        """Yield all lines."""
        yield from labelled("config", self._path, width)
        for each in self._diff:
            tone = Tone.FAIL if each.startswith("-") else Tone.OK
            yield from (line(Span(piece, tone)) for piece in wrap(each, width))
        yield from (line(dim(piece)) for piece in wrap(self._note, width))


class EditDialog(ModalScreen[bool]):
    """Shows a change of the config; returns whether to write it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "dismiss(True)", "write", show=False),
        Binding("escape,q", "dismiss(False)", "cancel", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, state: ConsoleState, what: str, path: str, diff: Sequence[str], *, is_undo: bool) -> None:
        """Prepare the dialog.

        Args:
            state: The state to draw in.
            what: What the change does.
            path: The config file.
            diff: Its lines that go and come.
            is_undo: Whether a change is undone.

        """
        super().__init__(classes="dialog")
        self._state = state
        note = "no other byte changes" + (
            "" if is_undo else "; what the file is now is kept beside it, and U restores it"
        )
        self._pane = EditPane(state, path, diff, note)
        self._pane.border_title = what
        self._pane.border_subtitle = "enter writes it   esc writes nothing   j k scroll"

    def compose(self) -> ComposeResult:
        """Lay the pane out."""
        with Vertical(classes="edit"):
            yield self._pane

    def on_mount(self) -> None:
        """Draw the pane, no higher than its lines."""
        self._pane.styles.height = self._pane.height_at(min(self.app.size.width, 120) - 5) + 2
        self._pane.show(self._state, 0)
        self._pane.focus()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._pane.scroll_relative(y=lines, animate=False)

"""What the screens of one place have in common: they draw every pane from the state, and act by the action table."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual.screen import Screen

from console.app.actions import Place, action_named
from console.app.controller import Controller
from console.app.dialogs.dialogs import Dialog
from console.app.panes.help_pane import HelpPane
from console.app.terminal.drawing import keep_drawn
from console.app.widgets.line_pane import LinePane
from console.domain.text.safe import safe
from console.view.console_state import ConsoleState

_Result = TypeVar("_Result")


class PlaceScreen(Screen[_Result]):
    """Draws what the session knows about one place."""

    PLACE: ClassVar[Place]
    FIRST_PANE: ClassVar[str]
    """A selector: all panes are there as long as this one is."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-ultra")]  # noqa: RUF012  # Textual's own type

    def __init__(self, controller: Controller) -> None:
        """Prepare the screen.

        Args:
            controller: Holds the state to draw, and the work that continues when this screen is left.

        """
        super().__init__()
        self._controller = controller
        self._session = controller.session
        self._commands: dict[str, Callable[[], object]] = {
            "app.commands": self.app.action_command_palette,
            "app.help": self._open_help,
            "app.quit": self.app.exit,
            "app.suspend": self.app.action_suspend_process,
        }

    @abstractmethod
    def name_panes(self, state: ConsoleState) -> None:
        """Write into the frames of the panes what a state says of them."""

    def follow(self) -> None:
        """Begin to follow what is new, until the screen is left."""

    def on_mount(self) -> None:
        """Draw what is known, and follow what is new."""
        keep_drawn(self, LinePane)
        self.show(self._session.state)
        self.follow()

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
            self.tell(reason)
        else:
            self._commands[action_id]()

    def tell(self, words: str) -> None:
        """Say something in the only toast: more of them would cover what they are about."""
        self.app.clear_notifications()
        self.notify(words, severity="warning", markup=False)

    def show(self, state: ConsoleState) -> None:
        """Draw a state."""
        if not self.query(self.FIRST_PANE):
            return  # not composed yet, or already leaving
        for pane in self.query("LinePane").results():
            if isinstance(pane, LinePane):
                pane.show(state, 0)
        self.name_panes(state)

    def _open_help(self) -> None:
        state = self._session.state
        self.app.push_screen(Dialog(HelpPane(state, self.PLACE), "keys", state, 0))


def plain(words: str) -> str:
    """Return words for a pane's frame, which reads markup: what was typed or read elsewhere is none."""
    return safe(words).replace("[", "\\[")

"""Dialogs of the run screen: a call before it is sent, a long text, and the reason for a command."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Input

from console.app.dialogs.dialogs import Dialog
from console.app.panes.brief_pane import BriefPane
from console.app.panes.text_pane import TextPane
from console.app.widgets.line import BLANK, Line, labelled
from console.app.widgets.line_pane import LinePane
from console.app.widgets.typed_line import TypedLine
from console.domain.run.reason import REASON_LIMIT, TYPED_REASON
from console.view.console_state import ConsoleState
from console.view.run_view import CallShown
from console.view.sign import Tone

CarryOut = Callable[[str], Awaitable[str]]
"""Carries out a command for a reason; returns why not, or nothing."""


class SendDialog(ModalScreen[bool]):
    """Shows what will be sent before the first paid call; returns whether to send it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "dismiss(True)", "send", show=False),
        Binding("escape,q", "dismiss(False)", "send nothing", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, state: ConsoleState, call: CallShown) -> None:
        super().__init__(classes="dialog")
        self._state = state
        self._pane = BriefPane(state, call, is_sent=False)
        self._pane.border_title = f"what will be sent · {call.gate.words}"
        self._pane.border_subtitle = "enter sends it   esc sends nothing   j k scroll"

    def compose(self) -> ComposeResult:
        """Lay the pane out."""
        with Vertical():
            yield self._pane

    def on_mount(self) -> None:
        """Draw the pane."""
        self._pane.show(self._state, 0)
        self._pane.focus()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._pane.scroll_relative(y=lines, animate=False)


def brief_dialog(state: ConsoleState, call: CallShown, *, is_sent: bool) -> Dialog:
    """Return a dialog that shows a call and sends nothing."""
    title = f"what {'was' if is_sent else 'will be'} sent · {call.gate.words}"
    return Dialog(BriefPane(state, call, is_sent=is_sent), title, state, 0)


def text_dialog(state: ConsoleState, title: str, text: str) -> Dialog:
    """Return a dialog with a long text."""
    return Dialog(TextPane(state, text), title, state, 0)


@dataclass(frozen=True, slots=True)
class Ask:
    """The command that a reason is asked for."""

    title: str
    facts: tuple[tuple[str, str, Tone], ...]
    """Labels and texts about what will happen."""
    is_needed: bool
    """Whether it is refused without a reason of some length."""
    carry_out: CarryOut


class AskPane(LinePane):
    """What will happen, and why it was refused, if it was."""

    def __init__(self, state: ConsoleState, ask: Ask) -> None:
        super().__init__(state, id="ask", can_focus=False)
        self._ask = ask
        self.refused = ""

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the facts."""
        return tuple(self._told(size.width))

    def _told(self, width: int) -> Iterator[Line]:
        for label, words, tone in self._ask.facts:
            yield from labelled(label, words, width, tone=tone)
        yield BLANK
        if self.refused:
            yield from labelled("refused", self.refused, width, tone=Tone.FAIL)
            return
        need = f"at least {TYPED_REASON} characters" if self._ask.is_needed else "may be left empty"
        yield from labelled("reason", f"in your words, stored in the record; {need}", width, tone=Tone.DIM)


class ReasonDialog(ModalScreen[None]):
    """Asks for the reason and carries out the command; shows a refusal, and keeps the typed text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]

    def __init__(self, state: ConsoleState, ask: Ask) -> None:
        super().__init__(classes="dialog reason")
        self._state = state
        self._ask = ask
        self._pane = AskPane(state, ask)
        self._typed = TypedLine(id="reason", max_length=REASON_LIMIT, compact=True, placeholder="why")

    def compose(self) -> ComposeResult:
        """Lay the facts and the line for the reason out."""
        with Vertical(id="framed") as frame:
            frame.border_title = self._ask.title
            frame.border_subtitle = "enter confirms   esc cancels"
            yield self._pane
            yield self._typed

    def on_mount(self) -> None:
        """Draw the facts and wait for the reason."""
        self._pane.show(self._state, 0)
        self._typed.focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Carry out the command, once."""
        message.stop()
        if self._typed.disabled:
            return
        self._typed.disabled = True
        self.run_worker(self._carry_out(message.value), name="command", group="command", exclusive=True)

    async def _carry_out(self, reason: str) -> None:
        self._pane.refused = await self._ask.carry_out(reason)
        if not self._pane.refused:
            self.dismiss(None)
            return
        self._pane.show(self._state, 0)
        self._typed.disabled = False
        self._typed.focus()

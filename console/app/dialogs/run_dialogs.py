"""Dialogs of the run screen: a call before it is sent, and what is asked before a command is carried out."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from console.app.dialogs.dialogs import Dialog
from console.app.panes.brief_pane import BriefPane
from console.app.widgets.line import Line, labelled
from console.app.widgets.line_pane import LinePane
from console.app.widgets.typed_line import TypedLine
from console.domain.run.reason import REASON_LIMIT, TYPED_REASON
from console.view.console_state import ConsoleState
from console.view.run.event import CallShown
from console.view.sign import Tone

_PATH_LIMIT = 4096
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
        self._pane.border_title = _title(call, is_sent=False)
        starts = "enter starts the agent   esc starts nothing" if call.agent else "enter sends it   esc sends nothing"
        self._pane.border_subtitle = f"{starts}   j k scroll"

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
    return Dialog(BriefPane(state, call, is_sent=is_sent), _title(call, is_sent=is_sent), state, 0)


def _title(call: CallShown, *, is_sent: bool) -> str:
    what = "the agent's task" if call.agent else f"what {'was' if is_sent else 'will be'} sent"
    return f"{what} · {call.gate.words}"


@dataclass(frozen=True, slots=True)
class Ask:
    """A command before it is carried out."""

    title: str
    facts: tuple[tuple[str, str, Tone], ...]
    """Labels and texts about what will happen."""
    carry_out: CarryOut | None = None
    """None if it is only confirmed, and nothing is typed."""
    is_needed: bool = False
    """Whether it is refused without a reason of some length."""
    label: str = "reason"
    """What is typed."""
    words: str = "in your words, stored in the record"
    """What it is for."""
    typed: str = ""
    """What the line holds at first."""
    why_past: Callable[[ConsoleState], str] = lambda _: ""
    """Returns why it cannot be carried out any more, such as who decided first; nothing while it can."""

    @property
    def prompt(self) -> str:
        """What to type."""
        if self.carry_out is None:
            return ""
        if self.label != "reason":
            return self.words
        return f"{self.words}; {f'at least {TYPED_REASON} characters' if self.is_needed else 'may be left empty'}"


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
        if self.refused:
            yield from labelled("refused", self.refused, width, tone=Tone.FAIL)
        elif self._ask.prompt:
            yield from labelled(self._ask.label, self._ask.prompt, width, tone=Tone.DIM)


class DockedDialog(ModalScreen[bool]):
    """A dialog at the screen's bottom: what it is about stays in view above it, and can be scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "cancel", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, state: ConsoleState, ask: Ask, about: LinePane) -> None:
        """Prepare the dialog.

        Args:
            state: The state to draw in.
            ask: What will happen.
            about: The pane that shows what it is about.

        """
        super().__init__(classes="docked")
        self._state = state
        self._ask = ask
        self._about = about
        self._pane = AskPane(state, ask)

    def compose(self) -> ComposeResult:
        """Lay the facts out, and what is typed below them."""
        with Vertical(id="framed") as frame:
            frame.border_title = self._ask.title
            frame.border_subtitle = "enter confirms   esc cancels   up down scroll what is above"
            yield self._pane
            yield from self.fields()

    def fields(self) -> Iterator[Widget]:
        """Yield what is typed into."""
        return iter(())

    def on_mount(self) -> None:
        """Draw the facts."""
        self._pane.show(self._state, 0)

    def action_scroll(self, lines: int) -> None:
        """Scroll what the dialog is about by lines."""
        self._about.scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll what the dialog is about by pages."""
        height = self._about.scrollable_content_region.height
        self._about.scroll_relative(y=pages * max(1, height - 1), animate=False)


class ConfirmDialog(DockedDialog):
    """Asks whether to do something; returns whether to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "dismiss(True)", "confirm", show=False)]


class AskDialog(DockedDialog):
    """Asks for a line of text and carries out the command; shows a refusal, and keeps the typed text."""

    def __init__(self, state: ConsoleState, ask: Ask, about: LinePane) -> None:
        super().__init__(state, ask, about)
        most = REASON_LIMIT if ask.label == "reason" else _PATH_LIMIT
        self._typed = TypedLine(ask.typed, id="reason", max_length=most, compact=True, placeholder=ask.label)

    def fields(self) -> Iterator[Widget]:
        """Yield the line."""
        yield self._typed

    def on_mount(self) -> None:
        """Wait for the text."""
        super().on_mount()
        self._typed.focus()

    def show(self, state: ConsoleState) -> None:
        """Close, and say why, once what is asked is past; not while this console carries it out itself."""
        self._state = state
        if self.is_current and not self._typed.disabled and (words := self._ask.why_past(state)):
            self.app.clear_notifications()
            self.app.notify(words, severity="warning", markup=False)
            self.dismiss(False)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Carry out the command, once."""
        message.stop()
        if self._typed.disabled:
            return
        self._typed.disabled = True
        self.run_worker(self._carry_out(message.value), name="command", group="command", exclusive=True)

    async def _carry_out(self, typed: str) -> None:
        self._pane.refused = "" if self._ask.carry_out is None else await self._ask.carry_out(typed)
        if not self._pane.refused:
            self.dismiss(True)
            return
        self._pane.show(self._state, 0)
        self._typed.disabled = False
        self._typed.focus()


class PreviewDialog(AskDialog):
    """Shows a whole text, and below it asks for the file to write it to."""

    def __init__(self, state: ConsoleState, ask: Ask, about: LinePane) -> None:
        super().__init__(state, ask, about)
        self.set_classes("dialog preview")
        about.can_focus = False

    def compose(self) -> ComposeResult:
        """Lay the text out, and the question below it."""
        with Vertical():
            yield self._about
            yield from super().compose()

    def on_mount(self) -> None:
        """Draw the text."""
        super().on_mount()
        self._about.show(self._state, 0)

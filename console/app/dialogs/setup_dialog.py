"""The dialog of the set-up: what was found so far, the question that waits, and a line for the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Input

from console.app.widgets.line import BLANK, Line, Span, line, wrap
from console.app.widgets.line_pane import LinePane
from console.app.widgets.typed_line import TypedLine
from console.domain.setup.question import Question
from console.view.console_state import ConsoleState
from console.view.setup.words import SetupLine, question_lines
from console.view.sign import Tone

_ANSWER_LIMIT = 2_000
_ENDED = "esc closes"


class SetupPane(LinePane):
    """What the set-up said so far, with the question that waits at its end."""

    SHOWS_STREAMS = False

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state, id="told", can_focus=False)
        self.told: list[SetupLine] = []
        self.question: Question | None = None

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return all of it; the frame scrolls to its end."""
        return tuple(self._all(size.width))

    def _all(self, width: int) -> Iterator[Line]:
        for each in self.told:
            yield from _wrapped(each, width)
        if self.question is not None:
            yield BLANK
            for each in question_lines(self.question):
                yield from _wrapped(each, width)

    def renew(self) -> None:
        """Draw what is new, and scroll to the end."""
        self._made_of = ()
        self.show(self._state, self._cursor)
        self.scroll_end(animate=False)


def _wrapped(each: SetupLine, width: int) -> Iterator[Line]:
    """Yield a line's text in pieces; further ones keep its indent."""
    if not each.text:
        yield BLANK
        return
    indent = len(each.text) - len(each.text.lstrip(" ·!×✓▸"))
    text = each.text[indent:]
    for position, piece in enumerate(wrap(text, max(10, width - indent))):
        yield line(Span(each.text[:indent] if position == 0 else " " * indent, each.tone), Span(piece, each.tone))


class SetupDialog(ModalScreen[str]):
    """Holds the set-up's conversation; its result is the name of the profile that was written. esc leaves it.

    Before the last question is answered nothing is in the config, so leaving loses what was typed and nothing else.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, state: ConsoleState, converse: Callable[["SetupDialog"], Awaitable[str | None]]) -> None:
        """Prepare the dialog.

        Args:
            state: The state to draw in.
            converse: Holds the conversation with this dialog, and returns the name of the profile that was written.

        """
        super().__init__(classes="dialog setup")
        self._pane = SetupPane(state)
        self._converse = converse
        self._typed = TypedLine("", id="answer", max_length=_ANSWER_LIMIT, compact=True, disabled=True)
        self._answer: asyncio.Future[str] | None = None
        self._written: str | None = None

    def compose(self) -> ComposeResult:
        """Lay out what was said, and the line for the answer below it."""
        with Vertical(id="framed") as frame:
            frame.border_title = "new profile"
            frame.border_subtitle = "enter answers   ↑↓ scroll   esc leaves, nothing is written"
            yield self._pane
            yield self._typed

    def on_mount(self) -> None:
        """Begin the conversation."""
        self.run_worker(self._hold(), name="set up a profile", group="command", exclusive=True)

    async def _hold(self) -> None:
        self._written = await self._converse(self)
        self._pane.question = None
        self._typed.disabled = True
        self._typed.placeholder = _ENDED
        self.query_one("#framed").border_subtitle = _ENDED
        self._pane.renew()

    def tell(self, lines: Iterable[SetupLine]) -> None:
        """Show what was found or done."""
        self._pane.told += lines
        self._pane.renew()

    async def ask(self, question: Question) -> str:
        """Ask, and wait for the answer; one that seems to be a token is removed from the dialog."""
        self._pane.question = question
        self._typed.value = ""
        self._typed.placeholder = f"enter: {question.offered}" if question.offered else ""
        self._typed.disabled = False
        self._typed.focus()
        self._pane.renew()
        self._answer = asyncio.get_running_loop().create_future()
        typed = await self._answer
        self._pane.question = None
        self._typed.disabled = True
        shown = "•••" if question.is_secret(typed) else typed.strip() or question.offered
        self.tell([*question_lines(question)][: 2 if question.fault else 1])
        self.tell([SetupLine(f"> {shown}", Tone.ACCENT)])
        return typed

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Give the answer, once."""
        message.stop()
        if self._answer is not None and not self._answer.done():
            self._typed.value = ""
            self._answer.set_result(message.value)

    def action_leave(self) -> None:
        """Leave: what is under way ends."""
        self.workers.cancel_node(self)
        self.dismiss(self._written)

    def action_scroll(self, lines: int) -> None:
        """Scroll what was said by lines."""
        self._pane.scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll what was said by pages."""
        height = self._pane.scrollable_content_region.height
        self._pane.scroll_relative(y=pages * max(1, height - 1), animate=False)

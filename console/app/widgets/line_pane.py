"""LinePane: the one widget that puts text on the screen. It repaints only the lines that changed."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.app.widgets.line import BLANK, Line, Span
from console.domain.text.safe import safe
from console.services.system.leak_guard import LEAK_GUARD
from console.view.console_state import ConsoleState
from console.view.sign import Tone


class LinePane(ScrollView, inherit_bindings=False):
    """A pane that draws lines from the state.

    All text passes through `safe` here, on its way to the terminal, and none of it is markup: a gateway's text can
    neither move a cursor nor style, link or name an action. Tokens that this process holds are masked.
    """

    SHOWS_STREAMS: ClassVar[bool] = True
    """Whether the streamed text of a smoke test is in the lines; others stay as they are while there is only more."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line--{tone}" for tone in Tone} | {"line--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", "page up", show=False),
        Binding("pagedown", "page_down", "page down", show=False),
    ]

    def __init__(self, state: ConsoleState, *, id: str, can_focus: bool = True) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.can_focus = can_focus
        self._state = state
        self._cursor = 0
        self._lines: tuple[Line, ...] = ()
        self._strips: dict[tuple[Line, int], Strip] = {}
        self._bases: dict[bool, Style] = {}
        self._names: tuple[str, str] | None = None
        self._made_of: tuple[object, ...] = ()

    @abstractmethod
    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return what to draw; `cursor` is the position of the row cursor in the route table."""

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state."""
        self._state, self._cursor = state, cursor
        if not self.SHOWS_STREAMS:
            made_of = state.apart_from_streams, cursor, self.scrollable_content_region.size, LEAK_GUARD.count
            if made_of == self._made_of:
                return
            self._made_of = made_of
        self._redraw()

    def name_frame(self, title: str, subtitle: str = "") -> None:
        """Write into the frame, as markup. Textual would draw the whole pane again even for the same words."""
        if self._names != (title, subtitle):
            self._names = title, subtitle
            self.border_title, self.border_subtitle = title, subtitle

    def on_resize(self) -> None:
        """Lay the lines out again."""
        self._redraw()

    def notify_style_update(self) -> None:
        """Drop what was drawn in the old styles."""
        super().notify_style_update()
        self._strips.clear()
        self._bases.clear()

    def render_line(self, y: int) -> Strip:
        """Return one line as it is sent to the terminal."""
        row = y + self.scroll_offset.y
        content = self._lines[row] if row < len(self._lines) else BLANK
        width = self.scrollable_content_region.width
        strip = self._strips.get((content, width))
        if strip is None:
            base = self._base_style(is_cursor=content.is_cursor)
            strip = self._strips[content, width] = self._strip(content).crop_extend(0, width, base)
        return strip

    def _redraw(self) -> None:
        size = self.scrollable_content_region.size
        if not size.width:
            return
        before, self._lines = self._lines, tuple(map(_masked, self.lines(self._state, self._cursor, size)))
        if len(self._strips) > 500:
            self._strips.clear()
        virtual = Size(size.width, len(self._lines))
        if virtual != self.virtual_size:
            self.virtual_size = virtual
        top = self.scroll_offset.y
        changed = [
            Region(0, row - top, size.width, 1)
            for row in range(top, min(top + size.height, max(len(before), len(self._lines))))
            if before[row : row + 1] != self._lines[row : row + 1]
        ]
        if changed:
            self.refresh(*changed)

    def _strip(self, content: Line) -> Strip:
        base = self._base_style(is_cursor=content.is_cursor)
        return Strip(
            [Segment(safe(span.text), base + self._tone_style(span.tone)) for span in content.spans if span.text]
        )

    def _base_style(self, *, is_cursor: bool) -> Style:
        base = self._bases.get(is_cursor)
        if base is None:
            base = self.get_component_rich_style("line--cursor") if is_cursor else self.rich_style
            self._bases[is_cursor] = base
        return base

    def _tone_style(self, tone: Tone) -> Style:
        style = self.get_component_rich_style(f"line--{tone}", partial=True)
        return Style(color=style.color, bold=style.bold, dim=style.dim)


def _masked(content: Line) -> Line:
    """Mask the tokens in a line, even if a change of tone cuts one.

    This happens before lines are compared and strips looked up: a line whose token is recognised only now has changed.
    """
    text = str(content)
    masked = LEAK_GUARD.redact(text)
    return content if masked == text else Line((Span(masked),), content.is_cursor)

"""The drawn lines of a widget. Textual goes through all lines of each widget that a change overlaps, changed or not."""

from rich.style import Style
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

_KEPT = 500
"""How many lines are kept with their border."""


class DrawnLines(StylesCache):
    """Textual's cache of a widget's lines, which also keeps the list of all of them until one is due to be drawn again.

    It is told of changes exactly as Textual's is, and draws as that does.
    """

    _lines: list[Strip] | None = None
    _drawn_for: tuple[Region, tuple[Color, Color], tuple[LineFilter, ...]] | None = None

    def clear(self) -> None:
        """Draw all lines again when next asked."""
        super().clear()
        self._lines = None

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """Return the lines in a part of the widget; who asks does not change the list."""
        drawn_for = crop, widget.background_colors, tuple(widget.get_line_filters())
        if self._lines is None or self._drawn_for != drawn_for or not self._redrawn(widget):
            self._lines = super().render_widget(widget, crop)
            self._drawn_for = drawn_for
        return self._lines

    def _redrawn(self, widget: Widget) -> bool:
        """Draw the lines that are due, if it can be done here, and return whether none is due any more."""
        return not self._dirty_lines


class DrawnPane(DrawnLines):
    """The lines of a widget that has plain lines in a border: one that is due is put between the border's two sides."""

    _sides: tuple[Strip, Strip, Style] | None = None

    def __init__(self) -> None:
        """Begin with no line."""
        super().__init__()
        self._bordered: dict[int, tuple[Strip, Strip]] = {}
        """Lines with their border, by the identity of what is in it."""

    def clear(self) -> None:
        """Draw the border again too."""
        super().clear()
        self._sides = None
        self._bordered.clear()

    def _redrawn(self, widget: Widget) -> bool:
        lines, drawn_for = self._lines, self._drawn_for
        if lines is None or drawn_for is None or not self._dirty_lines:
            return lines is not None
        crop, colours, filters = drawn_for
        size, gutter = widget.outer_size, widget.styles.gutter
        inside = range(gutter.top, size.height - gutter.bottom)
        if crop != size.region:
            return False
        if self._sides is None:
            sample = self._cache[gutter.top]
            inner, _ = self.get_inner_outer(*colours)
            right = sample.crop(size.width - gutter.right, size.width)
            self._sides = sample.crop(0, gutter.left), right, inner.rich_style
        left, right, blank = self._sides
        lines = list(lines)
        for y in self._dirty_lines.intersection(inside):  # a change of the border clears all lines
            content = widget.render_line(y - gutter.top)
            known = self._bordered.get(id(content))
            if known is None:
                if len(self._bordered) > _KEPT:
                    self._bordered.clear()
                fitting = content.adjust_cell_length(size.width - gutter.width, blank)
                known = self._bordered[id(content)] = content, Strip([*left, *fitting, *right], size.width)
            line = self._cache[y] = known[1]
            for each in filters:
                line = line.apply_filter(each, colours[1])
            lines[y] = line
        self._dirty_lines.clear()
        self._lines = lines
        return True

"""Lines: what panes draw. Text with a tone, laid out in cells; pure, so that a pane can be tested as text.

Tokens are masked before text is cut or broken into lines: a piece of a token would not be recognised.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from console.domain.text.safe import safe
from console.services.system.leak_guard import LEAK_GUARD
from console.view.sign import Tone


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text in one tone."""

    text: str
    tone: Tone = Tone.TEXT


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a pane."""

    spans: tuple[Span, ...] = ()
    is_cursor: bool = False
    """The row cursor is on it."""

    def __str__(self) -> str:
        return "".join(span.text for span in self.spans)


BLANK = Line()
_OVERLAP = 200
"""How many characters are searched for to find where a text was before."""


def line(*parts: Span | str, is_cursor: bool = False) -> Line:
    """Build a line; plain text becomes a span in the usual tone."""
    return Line(tuple(Span(part) if isinstance(part, str) else part for part in parts), is_cursor)


def dim(text: str) -> Span:
    """Return a span in the tone of labels."""
    return Span(text, Tone.DIM)


def fit(text: str, width: int) -> str:
    """Cut a text to a width in cells, with an ellipsis if something is left out."""
    shown = safe(LEAK_GUARD.redact(text))
    if cell_len(shown) <= width:
        return shown
    return set_cell_size(shown, width - 1) + "…" if width > 0 else ""


def cell(text: str, width: int, tone: Tone = Tone.TEXT, *, right: bool = False) -> Span:
    """Return a table's cell: cut and padded to a width."""
    shown = fit(text, width)
    padding = " " * (width - cell_len(shown))
    return Span(padding + shown if right else shown + padding, tone)


def wrap(text: str, width: int) -> Iterator[str]:
    """Break a text into lines of at most `width` cells, at spaces if there are any."""
    return (piece for _, piece in _wrapped(_shown(text), width))


class Tail:
    """The end of a text that grows at its end and loses its beginning: lines that stay in it stay as they were broken.

    A text that is broken from its first character on would have other lines whenever it loses one.
    """

    def __init__(self) -> None:
        """Begin with no text."""
        self._text, self._width, self._begin = "", 0, 0

    def lines(self, text: str, width: int, room: int) -> tuple[list[str], bool]:
        """Return the text's last lines, and whether there are others before them.

        Args:
            text: The text as far as it is kept.
            width: The most cells of a line.
            room: The most lines.

        """
        shown = _shown(text)
        begin = 0 if width != self._width else max(0, self._begin - _lost(self._text, shown))
        found = list(_wrapped(shown[begin:], width))
        if begin and len(found) < room:
            begin, found = 0, list(_wrapped(shown, width))
        first = max(0, len(found) - room)
        self._text, self._width, self._begin = shown, width, begin + found[first][0]
        return [piece for _, piece in found[first:]], self._begin > 0


def _shown(text: str) -> str:
    return safe(LEAK_GUARD.redact(text), keep_lines=True)


def _lost(before: str, now: str) -> int:
    """Return how many characters a text has lost at its beginning; all of them if nothing of it is left."""
    if now.startswith(before):
        return 0
    end = before[-_OVERLAP:]
    place = now.rfind(end)
    lost = len(before) - len(end) - place
    return lost if place >= 0 and lost >= 0 and now.startswith(before[lost:]) else len(before)


def _wrapped(text: str, width: int) -> Iterator[tuple[int, str]]:
    """Yield each line of a text, and where in the text it begins."""
    begin = 0
    for paragraph in text.split("\n"):
        place, end = 0, len(paragraph)
        is_ascii = paragraph.isascii()
        while (stop := _fitting(paragraph, place, max(width, 2), is_ascii=is_ascii)) < end:
            if paragraph[stop] != " " and (space := paragraph.rfind(" ", place + 1, stop)) > 0:
                stop = space
            yield begin + place, paragraph[place:stop].rstrip()
            while stop < end and paragraph[stop] == " ":
                stop += 1
            place = stop
        yield begin + place, paragraph[place:]
        begin += end + 1


def _fitting(text: str, begin: int, width: int, *, is_ascii: bool) -> int:
    """Return where a text ends of which the characters from a place on fit into a width in cells."""
    if is_ascii:
        return min(len(text), begin + width)
    used = 0
    for position in range(begin, len(text)):
        used += cell_len(text[position])
        if used > width:
            return position
    return len(text)


def labelled(label: str, text: str, width: int, *, tone: Tone = Tone.TEXT, label_width: int = 11) -> Iterator[Line]:
    """Yield a label and its text; further lines keep the text's indent."""
    for position, piece in enumerate(wrap(text, width - label_width)):
        yield line(cell(label if position == 0 else "", label_width, Tone.DIM), Span(piece, tone))


def rows(parts: list[Line], width: int, gap: str = "  ") -> Iterator[Line]:
    """Put lines side by side, on as many lines as their width needs."""
    row: list[Line] = []
    for part in parts:
        if row and cell_len(str(joined([*row, part], gap))) > width:
            yield joined(row, gap)
            row = []
        row.append(part)
    if row:
        yield joined(row, gap)


def joined(parts: list[Line], gap: str = "   ") -> Line:
    """Put lines side by side on one."""
    spans: list[Span] = []
    for part in parts:
        spans += [Span(gap), *part.spans] if spans else part.spans
    return Line(tuple(spans))

"""The terminal's cells: what it shows and what it should show. Only the cells that differ are written."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

_UNKNOWN = "\0"
"""The text of a cell whose contents on the terminal are unknown; no strip has it."""
_REST = ""
"""The text of the second cell of a wide character."""
_GAP = 6
"""Up to this many unchanged cells are written again: to move the cursor over them takes as many bytes."""
_STRIPS = 1000
"""How many strips are kept laid out."""
_FIRST_DOUBTFUL = "\U0001f000"
"""From here on, terminals disagree on how wide a character is."""
_REACH = 4
"""The most cells that a character of doubtful width takes: two, and two for a modifier that is drawn apart."""


class Look(NamedTuple):
    """How a cell looks: the parameters of select graphic rendition (SGR), by what they set; empty is the default."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


_PLAIN = Look()


class _Row:
    """The cells of one line: the text of each, and its look."""

    __slots__ = ("looks", "texts")

    def __init__(self, width: int, text: str) -> None:
        self.texts = [text] * width
        self.looks = [_PLAIN] * width


class Cells:
    """The cells of a terminal, twice: as it shows them and as it should."""

    def __init__(self, color_system: ColorSystem) -> None:
        """Begin without a size.

        Args:
            color_system: The colours that the terminal has.

        """
        self._color_system = color_system
        self._width = 0
        self._wanted: list[_Row] = []
        self._shown: list[_Row] = []
        self._touched: set[int] = set()
        self._looks: dict[Style | None, Look] = {None: _PLAIN}
        self._strips: dict[int, tuple[Strip, list[str], list[Look]]] = {}
        """The cells of strips, by a strip's identity, which is its own as long as the strip is kept beside them."""
        self._known_looks: dict[Look, Look] = {_PLAIN: _PLAIN}

    @property
    def size(self) -> tuple[int, int]:
        """The terminal's width and height."""
        return self._width, len(self._wanted)

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size, in cells; what it shows is unknown from then on."""
        if (width, height) != self.size:
            self._width = width
            self._wanted = [_Row(width, " ") for _ in range(height)]
            self.forget()

    def forget(self) -> None:
        """Take what the terminal shows for unknown: the next changes draw every cell."""
        self._shown = [_Row(self._width, _UNKNOWN) for _ in self._wanted]
        self._touched = set(range(len(self._wanted)))

    def put(self, x: int, y: int, strip: Strip) -> None:
        """Say what the terminal should show from a place on; what is outside it is left out."""
        if not 0 <= y < len(self._wanted):
            return
        texts, looks = self._laid_out(strip)
        row, end = self._wanted[y], min(x + len(texts), self._width)
        if not 0 <= x < end:
            return
        if row.texts[x] == _REST and x:
            row.texts[x - 1] = " "  # half of a wide character cannot stay
        row.texts[x:end] = texts[: end - x]
        row.looks[x:end] = looks[: end - x]
        if texts[end - x : end - x + 1] == [_REST]:
            row.texts[end - 1] = " "
        if end < self._width and row.texts[end] == _REST:
            row.texts[end] = " "
        self._touched.add(y)

    def changes(self) -> str:
        """Return what makes the terminal show what it should, and take that for shown; empty if nothing differs."""
        written: list[str] = []
        look: Look | None = None
        for y in sorted(self._touched):
            wanted, shown = self._wanted[y], self._shown[y]
            for begin, end in _differing(wanted, shown):
                is_placed = False
                for x in range(begin, end):
                    text = wanted.texts[x]
                    if text == _REST:
                        continue
                    if not is_placed:
                        written.append(f"\x1b[{y + 1};{x + 1}H")
                    if wanted.looks[x] is not look:
                        written.append(_switched(look, wanted.looks[x]))
                        look = wanted.looks[x]
                    written.append(text)
                    is_placed = not _is_doubtful(text)
                shown.texts[begin:end] = wanted.texts[begin:end]
                shown.looks[begin:end] = wanted.looks[begin:end]
        self._touched.clear()
        if look is not None and look is not _PLAIN:
            written.append("\x1b[0m")
        return "".join(written)

    def _laid_out(self, strip: Strip) -> tuple[list[str], list[Look]]:
        """Return a strip's cells; a line that moves is the same strip in another place."""
        known = self._strips.get(id(strip))
        if known is not None:
            return known[1:]
        texts: list[str] = []
        looks: list[Look] = []
        for text, style, control in strip:
            if control:
                continue
            cells = list(text) if text.isascii() else _cells_of(text)
            texts += cells
            looks += [self._look(style)] * len(cells)
        if len(self._strips) > _STRIPS:
            self._strips.clear()
        self._strips[id(strip)] = strip, texts, looks
        return texts, looks

    def _look(self, style: Style | None) -> Look:
        look = self._looks.get(style)
        if look is None:
            if len(self._looks) > 2000:
                self._looks = {None: _PLAIN}
            parsed = _parsed(Strip.render_ansi(style, self._color_system) if style is not None else "")
            look = self._looks[style] = self._known_looks.setdefault(parsed, parsed)
        return look


def _cells_of(text: str) -> list[str]:
    """Return the text of each cell; what has no width of its own belongs to the cell before it."""
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        if width == 0:
            lead = next((place for place in range(len(cells) - 1, -1, -1) if cells[place] != _REST), None)
            if lead is not None:
                cells[lead] += character
            continue
        cells.append(character)
        cells += [_REST] * (width - 1)
    return cells


def _differing(wanted: _Row, shown: _Row) -> Iterator[tuple[int, int]]:
    """Yield the runs of cells that differ, by their first cell and the one after the last."""
    if wanted.texts == shown.texts and wanted.looks == shown.looks:
        return
    begin = end = -1
    cells = zip(wanted.texts, shown.texts, wanted.looks, shown.looks, strict=True)
    for x, (text, shown_text, look, shown_look) in enumerate(cells):
        if text == shown_text and look is shown_look:
            continue
        if begin < 0:
            begin = x
        elif x - end > _GAP or wanted.looks[end:x] != [look] * (x - end):
            yield _whole(wanted, begin, end)
            begin = x
        end = x + 1
    if begin >= 0:
        yield _whole(wanted, begin, end)


def _is_doubtful(text: str) -> bool:
    """Return whether terminals disagree on how wide a cell's text is."""
    return len(text) > 1 or text >= _FIRST_DOUBTFUL


def _whole(wanted: _Row, begin: int, end: int) -> tuple[int, int]:
    """Widen a run to whole characters, and to what a terminal may overwrite with one of doubtful width."""
    while begin and wanted.texts[begin] == _REST:
        begin -= 1
    place = max(begin, end - _REACH)
    while place < end:
        if _is_doubtful(wanted.texts[place]):
            end = min(max(end, place + _REACH), len(wanted.texts))
        place += 1
    while end < len(wanted.texts) and wanted.texts[end] == _REST:
        end += 1
    return begin, end


def _parsed(sgr: str) -> Look:
    """Sort parameters of SGR by what they set (ECMA-48 8.3.117; 38 and 48 take a colour from ISO 8613-6)."""
    attributes: list[str] = []
    foreground: list[str] = []
    background: list[str] = []
    codes = iter(sgr.split(";") if sgr else ())
    for code in codes:
        number = int(code)
        if number in (38, 48):
            kind = next(codes)
            colour = [code, kind, *(next(codes) for _ in range(3 if kind == "2" else 1))]
            (foreground if number == 38 else background)[:] = colour
        elif 30 <= number <= 39 or 90 <= number <= 97:
            foreground[:] = [code]
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background[:] = [code]
        else:
            attributes.append(code)
    return Look(";".join(attributes), ";".join(foreground), ";".join(background))


def _switched(before: Look | None, after: Look) -> str:
    """Return the sequence that switches from one look to another; attributes can only be reset with all else."""
    if before is None or before.attributes != after.attributes:
        codes = ["0", *(part for part in after if part)]
    else:
        codes = []
        if before.foreground != after.foreground:
            codes.append(after.foreground or "39")
        if before.background != after.background:
            codes.append(after.background or "49")
    return f"\x1b[{';'.join(codes)}m"

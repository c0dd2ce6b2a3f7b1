"""What a terminal shows: enough of one for what the console writes.

A frame writes only the cells that changed, so a text on the screen need not stand together in the bytes that drew it.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator

_PARTS = re.compile(
    r"\x1b\[(?P<place>\d*(?:;\d*)?)[Hf]|\x1b\[[23]?(?P<erased>J)|"
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[^\[\]PX^_])|"
    r"(?P<end>[\r\n])|(?P<text>[^\x00-\x1f\x7f]+)|[\x00-\x1a\x1c-\x1f\x7f]"
)
"""Where the cursor goes, what erases the screen, all other sequences, ends of lines, and text."""


class Picture:
    """The rows of a terminal, and every row that it has shown."""

    def __init__(self, columns: int, lines: int) -> None:
        """Start with an empty screen."""
        self._columns = columns
        self._rows = [[" "] * columns for _ in range(lines)]
        self._x = self._y = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._shown: dict[str, None] = {}

    @property
    def text(self) -> str:
        """What is on the screen, a line for each row."""
        return "\n".join(map("".join, self._rows))

    @property
    def history(self) -> str:
        """Every row that was ever on the screen, a line each."""
        return "\n".join(self._shown)

    def take(self, data: bytes) -> None:
        """Draw the next bytes; a sequence that is not whole waits for its end."""
        written = self._rest + self._decoder.decode(data)
        end = 0
        while (part := _PARTS.match(written, end)) is not None:
            end = part.end()
            if part["text"] is not None:
                self._write(part["text"])
            elif part["place"] is not None:
                self._move(part["place"])
            elif part["erased"] is not None:
                self._rows = [[" "] * self._columns for _ in self._rows]
            elif part["end"] == "\r":
                self._x = 0
            elif part["end"] == "\n":
                self._scroll()
        self._rest = written[end:]

    def _move(self, place: str) -> None:
        row, _, column = place.partition(";")
        self._y = min(max(int(row or 1), 1), len(self._rows)) - 1
        self._x = min(max(int(column or 1), 1), self._columns) - 1

    def _write(self, text: str) -> None:
        for character, width in _widths(text):
            if width == 0:
                self._rows[self._y][max(0, self._x - 1)] += character
                continue
            if self._x + width > self._columns:
                self._note()
                self._x = 0
                self._scroll()
            self._rows[self._y][self._x : self._x + width] = [character, *([""] * (width - 1))]
            self._x += width
        self._note()

    def _scroll(self) -> None:
        self._y += 1
        if self._y == len(self._rows):
            self._y -= 1
            del self._rows[0]
            self._rows.append([" "] * self._columns)

    def _note(self) -> None:
        self._shown["".join(self._rows[self._y]).rstrip()] = None


def _widths(text: str) -> Iterator[tuple[str, int]]:
    for character in text:
        if unicodedata.combining(character):
            yield character, 0
        else:
            yield character, 2 if unicodedata.east_asian_width(character) in "WF" else 1

"""Output: data goes to stdout, diagnostics to stderr. Nothing else in the command line writes to either."""

import unicodedata
from collections.abc import Sequence

from console.cli.context import current
from console.cli.streams import writing
from console.domain.problem import Problem, ProblemKind
from console.domain.text.json_text import shown_json
from console.domain.text.safe import safe
from console.services.system.leak_guard import LEAK_GUARD


def write_line(text: str = "") -> None:
    """Write one line of data. Text from outside is made safe."""
    _clear_progress()
    with writing():
        current().stdout.write(f"{safe(LEAK_GUARD.redact(text))}\n")
        current().stdout.flush()


def write_exact(text: str) -> None:
    """Write a text byte for byte, so that it can be piped or redirected; a terminal gets its lines made safe.

    Raises:
        Problem: It holds a token of this process.

    """
    if LEAK_GUARD.is_hit(text):
        raise Problem("the text holds a token, and was not written", ProblemKind.REFUSED)
    stream = current().stdout
    if stream.isatty():
        for line in text.removesuffix("\n").split("\n"):
            write_line(line.expandtabs())
        return
    with writing():
        stream.flush()
        stream.buffer.write(text.encode())
        stream.buffer.flush()


def write_document(document: object) -> None:
    """Write one JSON document. Tokens are masked before encoding, so the output is always valid JSON."""
    import msgspec

    masked = LEAK_GUARD.redact_document(msgspec.to_builtins(document))
    data = msgspec.json.format(msgspec.json.encode(masked), indent=2)
    with writing():
        current().stdout.write(shown_json(data.decode()) + "\n")
        current().stdout.flush()


def write_json_line(document: object) -> None:
    """Write one JSON document on one line, as a stream of documents has them."""
    with writing():
        current().stdout.write(shown_json(json_of(document).decode()) + "\n")
        current().stdout.flush()


def json_of(document: object) -> bytes:
    """Return a document as JSON in one line, with tokens masked."""
    import msgspec

    return msgspec.json.encode(LEAK_GUARD.redact_document(msgspec.to_builtins(document)))


def ring_bell() -> bool:
    """Ring the terminal's bell; return whether stderr is a terminal."""
    stream = current().stderr
    if not stream.isatty():
        return False
    stream.write("\a")
    stream.flush()
    return True


def note(text: str) -> None:
    """Write one line for a person to stderr."""
    _clear_progress()
    stream = current().stderr
    stream.write(f"{safe(LEAK_GUARD.redact(text))}\n")
    stream.flush()


def complain(text: str) -> None:
    """Write an error: what, where and what to do next. Each fault of a config gets a line."""
    for line in text.split("\n"):
        note(f"gateway-console: {line}")


class Progress:
    """How much of a long work is done, on one line of stderr, if a person sees it and no lines of data.

    Every other line that is written removes it; the next step shows it again.
    """

    def __init__(self, words: str, total: int, *, is_silent: bool) -> None:
        """Name the work.

        Args:
            words: What is done to each, such as "verified".
            total: How many there are.
            is_silent: Whether the lines on stdout show the progress, if a person reads them.

        """
        given = current()
        self._stream = given.stderr if given.stderr.isatty() and not (is_silent and given.stdout.isatty()) else None
        self._words, self._total, self._done = words, total, 0
        self._is_shown = False
        self._context = given
        given.clear_progress = self.clear

    def advance(self) -> None:
        """Count one more, and show it at each hundredth."""
        self._done += 1
        if self._stream is not None and self._done * 100 // self._total != (self._done - 1) * 100 // self._total:
            self._stream.write(f"\r{self._words} {self._done:,} of {self._total:,}")
            self._stream.flush()
            self._is_shown = True

    def clear(self) -> None:
        """Remove the line until the next step."""
        if self._stream is not None and self._is_shown:
            self._is_shown = False
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def end(self) -> None:
        """Remove the line for good."""
        self.clear()
        self._context.clear_progress = None


def _clear_progress() -> None:
    if (clear := current().clear_progress) is not None:
        clear()


def width_of(text: str) -> int:
    """Return how many terminal cells a safe text takes."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column of a table, in cells."""
    return [max(width_of(safe(cell)) for cell in column) for column in zip(*rows, strict=True)]


def table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of a table, its columns aligned to the left."""
    padded = (
        safe(cell) + " " * max(0, width - width_of(safe(cell))) for cell, width in zip(cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()

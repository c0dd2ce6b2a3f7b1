"""Record docs/demo.svg from the running program: `python docs/recording.py`. It needs the extra `test`.

The real program runs at a terminal, is driven by keys, and is drawn by a terminal emulator. What it shows at each step
is a frame of the animation, shown for a time that stands here: how fast this machine is does not matter.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from support.terminal.terminal import Terminal

PATH = Path(__file__).with_name("demo.svg")
COLUMNS, LINES = 110, 30
_WIDTH, _HEIGHT = 8.4, 17
_MARGIN, _BAR = 10, 30
_PAPER, _INK = "#0d1117", "#c9d4df"
_NAMED = {
    "black": "#21262d",
    "red": "#ff7b72",
    "green": "#6cc9a1",
    "brown": "#e5b567",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#76e3ea",
    "white": "#c9d4df",
}
_QUICK, _READ, _LOOK = 0.15, 2.5, 4.0
"""How long a frame stays, in seconds: in between, to read a line or two, to look around."""

_ABOUT = "The demo: smoke tests, a drift and its reason, a gated run to a sealed candidate"

Style = tuple[str, str, bool]
"""Colour of the text, of the paper, and whether it is bold."""
Row = tuple[tuple[int, str, Style], ...]
"""Pieces of a row in one style each, with the columns that they begin at."""


class Film:
    """Frames, each with the seconds that it stays."""

    def __init__(self) -> None:
        self.frames: list[tuple[tuple[Row, ...], float]] = []
        self.still: tuple[Row, ...] = ()
        """The frame that is shown where nothing moves."""

    def take(self, terminal: Terminal, seconds: float) -> None:
        """Take a frame of what a terminal shows; the same one again only stays longer."""
        rows = tuple(_row(terminal, number) for number in range(LINES))
        if self.frames and self.frames[-1][0] == rows:
            seconds += self.frames.pop()[1]
        self.frames.append((rows, seconds))

    def type(self, command: str) -> None:
        """Show a shell's line on which a command is typed."""
        blank: tuple[Row, ...] = ((),) * (LINES - 1)
        for end in (*range(0, len(command), 3), len(command)):
            line = ((0, "$ ", ("#6cc9a1", _PAPER, True)), (2, command[:end] + "█", (_INK, _PAPER, False)))
            self.frames.append(((line, *blank), 0.1 if end < len(command) else 0.7))

    def until(self, terminal: Terminal, is_shown: str | Callable[[str], bool], stays: float, most: int = 10) -> None:
        """Take frames of what changes until a text is shown, and one of that.

        Args:
            terminal: The terminal.
            is_shown: The text, or a condition on the whole screen.
            stays: How long the last frame stays, in seconds.
            most: How many frames in between are kept, at even distances.

        """
        between = Film()

        def look(text: str) -> bool:
            between.take(terminal, _QUICK)
            return is_shown in text if isinstance(is_shown, str) else is_shown(text)

        terminal.until(look)
        last = between.frames.pop()
        step = max(1, len(between.frames) // most)
        self.frames += [(rows, _QUICK) for rows, _ in between.frames[::step]]
        self.frames.append((last[0], stays))


def recorded() -> Film:
    """Drive the program, and return what it showed."""
    film = Film()
    with tempfile.TemporaryDirectory() as home:
        film.type("gateway-console demo --profile faults")
        with _program(home, "--profile", "faults") as terminal:
            film.until(terminal, "key sim: ✓", _READ, most=1)
            terminal.press("S")
            film.until(terminal, lambda text: "! account" in text and text.count("✓ ok") >= 2, _READ)
            for _ in range(3):
                terminal.press("j")
            film.until(terminal, "▌ reviewer", _LOOK, most=2)
            film.still = film.frames[-1][0]
            terminal.press("q")
            terminal.end()
        film.type("gateway-console demo")
        with _program(home) as terminal:
            film.until(terminal, "key sim: ✓", _READ, most=1)
            terminal.press("n")
            film.until(terminal, "what should be done", _LOOK, most=1)
            terminal.press("\r")
            film.until(terminal, "instruction is due", _READ, most=1)
            terminal.press("A")
            film.until(terminal, "step automatically", _READ, most=1)
            terminal.press("\r")
            film.until(terminal, "candidate sealed", _LOOK, most=20)
            terminal.press("d")
            film.until(terminal, "diff --git", _LOOK, most=1)
            terminal.press("q")
    return film


def _program(home: str, *options: str) -> Terminal:
    return Terminal(["-m", "console", "demo", *options], COLUMNS, LINES, {"HOME": home})


def _row(terminal: Terminal, number: int) -> Row:
    cells = terminal.screen.buffer[number]
    styled = [(cells[column].data, _style(cells[column])) for column in range(COLUMNS)]
    found, column = [], 0
    for style, group in groupby(styled, key=lambda cell: cell[1]):
        text = "".join(data for data, _ in group)
        if text.strip() or style[1] != _PAPER:
            found.append((column, text, style))
        column += len(text)
    whole = "".join(data for data, _ in styled)
    port = re.search(r"127\.0\.0\.1:(\d{5})", whole)
    return tuple((at, text.replace(port[1], "40000") if port else text, style) for at, text, style in found)


def _style(cell: object) -> Style:
    ink, paper = _colour(cell.fg, _INK), _colour(cell.bg, _PAPER)  # type: ignore[attr-defined]
    return (paper, ink, cell.bold) if cell.reverse else (ink, paper, cell.bold)  # type: ignore[attr-defined]


def _colour(name: str, default: str) -> str:
    return default if name == "default" else _NAMED.get(name.removeprefix("bright"), f"#{name}")


# --- The picture -----------------------------------------------------------------------------------------------------


def drawn(film: Film) -> str:
    """Return the film as an animated SVG: each row that is seen is there once, and shown while it is seen."""
    whole = sum(seconds for _, seconds in film.frames)
    shown: dict[tuple[int, Row], list[tuple[float, float]]] = {}
    at = 0.0
    for rows, seconds in film.frames:
        for number, row in enumerate(rows):
            if row:
                times = shown.setdefault((number, row), [])
                if times and times[-1][1] == at:
                    times[-1] = (times[-1][0], at + seconds)
                else:
                    times.append((at, at + seconds))
        at += seconds
    poster = set(enumerate(film.still))
    styles = {style: f"s{number}" for number, style in enumerate(sorted({each[2] for _, row in shown for each in row}))}
    keys: dict[tuple[tuple[float, float], ...], str] = {}
    body = []
    for (number, row), times in shown.items():
        key = keys.setdefault(tuple(times), f"k{len(keys)}")
        still = "" if (number, row) in poster else " h"
        body.append(f'<g class="{key}{still}">{"".join(_pieces(number, row, styles))}</g>')
    width, height = COLUMNS * _WIDTH + 2 * _MARGIN, LINES * _HEIGHT + 2 * _MARGIN + _BAR
    rules = [f".{name}{{fill:{ink}{';font-weight:700' if bold else ''}}}" for (ink, _, bold), name in styles.items()]
    rules += [
        f".{key}{{animation-name:{key}}}@keyframes {key}{{{_stops(times, whole)}}}" for times, key in keys.items()
    ]
    dots = "".join(
        f'<circle cx="{18 + 18 * number}" cy="15" r="6" fill="{colour}"/>'
        for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width:g} {height:g}" role="img"'
        f' aria-label="{_ABOUT}">\n<style>'
        "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
        f"g{{animation:{whole:.2f}s step-end infinite}}.h{{visibility:hidden}}"
        "@media (prefers-reduced-motion:reduce){g{animation:none}}\n"
        + "\n".join(rules)
        + f'</style>\n<rect width="{width:g}" height="{height:g}" rx="8" fill="{_PAPER}"/>{dots}\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _stops(times: Sequence[tuple[float, float]], whole: float) -> str:
    """Return the key frames of a row that is shown at some times of the whole."""
    stops = {0.0: "hidden"}
    for begins, ends in times:
        stops[begins / whole] = "visible"
        if ends < whole:
            stops[ends / whole] = "hidden"
    return "".join(f"{100 * at:.3g}%{{visibility:{value}}}" for at, value in sorted(stops.items()))


def _pieces(number: int, row: Row, styles: dict[Style, str]) -> Iterator[str]:
    top = _BAR + _MARGIN + number * _HEIGHT
    for column, text, style in row:
        left, width = _MARGIN + column * _WIDTH, len(text) * _WIDTH
        if style[1] != _PAPER:
            yield f'<rect x="{left:.4g}" y="{top}" width="{width:.4g}" height="{_HEIGHT}" fill="{style[1]}"/>'
        stripped = text.strip()
        if stripped:
            left += (len(text) - len(text.lstrip())) * _WIDTH
            yield (
                f'<text class="{styles[style]}" x="{left:.4g}" y="{top + 13}"'
                f' textLength="{len(stripped) * _WIDTH:.4g}">{escape(stripped, quote=False)}</text>'
            )


if __name__ == "__main__":
    PATH.write_text(drawn(recorded()), encoding="utf-8")

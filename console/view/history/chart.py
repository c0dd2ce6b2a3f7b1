"""Charts as text: a sparkline in one row, and a plot of braille dots with axes as text. ASCII where that is all."""

import math
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-=oO#@"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The dots of a braille cell, by row and column (Unicode, U+2800)."""
Values = Sequence[float | None]


def sparkline(values: Values, *, is_ascii: bool = False) -> str:
    """Return values as one row of blocks, from 0 to the highest; a dot or a space where there is none."""
    blocks = _ASCII_BLOCKS if is_ascii else _BLOCKS
    highest = max((value for value in values if value is not None), default=0.0)
    gap = " " if is_ascii else "·"
    return "".join(gap if value is None else blocks[_step(value, highest, len(blocks))] for value in values)


def _step(value: float, highest: float, steps: int) -> int:
    return 0 if highest <= 0 else min(steps - 1, math.floor(value / highest * steps))


def plot(
    values: Values, tails: Values, *, width: int, height: int, unit: str, ends: tuple[str, str], is_ascii: bool = False
) -> list[str]:
    """Return a plot of two lines, with axes in text.

    Args:
        values: What is drawn solid, by column; `plot_columns` says how many columns fit.
        tails: What is drawn as single dots: the 95th percentile.
        width: The width of all, in cells.
        height: The height of all, in cells; at least 4.
        unit: The unit of the values.
        ends: The words for the first and the last moment.
        is_ascii: Whether the terminal can show ASCII alone.

    """
    rows, columns = max(2, height - 2), plot_columns(width, is_ascii=is_ascii)
    highest = _ceiling(max((value for value in (*values, *tails) if value is not None), default=0.0))
    grid = (_ascii_grid if is_ascii else _braille_grid)(values[:columns], tails[:columns], rows, columns, highest)
    labels = [f"{figure(highest)} {unit}", *[""] * (rows - 1)]
    labels[rows // 2] = figure(highest / 2) if rows > 3 else ""
    axis = "|" if is_ascii else "┤"
    lines = [f"{label:>{_LABEL}} {axis}{row}" for label, row in zip(labels, grid, strict=True)]
    lines.append(f"{'0':>{_LABEL}} {'+' if is_ascii else '└'}{('-' if is_ascii else '─') * (width - _LABEL - 2)}")
    room = width - _LABEL - 2 - len(ends[0]) - len(ends[1])
    lines.append(" " * (_LABEL + 2) + ends[0] + " " * max(1, room) + ends[1])
    return lines


_LABEL = 9


def plot_columns(width: int, *, is_ascii: bool = False) -> int:
    """Return how many columns of values a plot of a width has."""
    return max(1, width - _LABEL - 2) * (1 if is_ascii else 2)


def figure(value: float) -> str:
    """Return a figure with three digits that count."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:.3g}M"
    if value >= 10_000:
        return f"{value / 1000:.3g}k"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _ceiling(value: float) -> float:
    """Return the next round number: 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _braille_grid(values: Values, tails: Values, rows: int, columns: int, highest: float) -> list[str]:
    cells = [[0] * ((columns + 1) // 2) for _ in range(rows)]

    def dot(column: int, level: int) -> None:
        row, of_cell = divmod(rows * 4 - 1 - level, 4)
        cells[row][column // 2] |= _DOTS[of_cell][column % 2]

    levels = rows * 4
    before: int | None = None
    for column, value in enumerate(values):
        level = None if value is None else min(levels - 1, math.floor(value / highest * levels))
        if level is not None:
            low, high = (level, level) if before is None else (min(level, before), max(level, before))
            for each in range(low, high + 1):
                dot(column, each)
        before = level
    for column, value in enumerate(tails):
        if value is not None:
            dot(column, min(levels - 1, math.floor(value / highest * levels)))
    return ["".join(chr(0x2800 + cell) if cell else " " for cell in row).rstrip() for row in cells]


def _ascii_grid(values: Values, tails: Values, rows: int, columns: int, highest: float) -> list[str]:
    cells = [[" "] * columns for _ in range(rows)]
    for drawn, sign in ((tails, "."), (values, "*")):
        for column, value in enumerate(drawn):
            if value is not None:
                cells[rows - 1 - min(rows - 1, math.floor(value / highest * rows))][column] = sign
    return ["".join(row).rstrip() for row in cells]

"""A page: a title and tables, from which Markdown and HTML are made."""

from dataclasses import dataclass

from console.view.sign import Tone

SIMULATED = "Simulated: the embedded gateway answered. This is not evidence of a real gateway."
"""What every form says of a simulation."""


class Own(str):
    """Words of the console's own. Any other text of a page may come from outside, and is never markup."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table's cell."""

    text: str
    tone: Tone | None = None
    """What a colour would say beside the words."""
    key: str = ""
    """By what a table that can be sorted sorts it; empty if by its text."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    if_empty: str = ""
    """What is said where it has no row; empty if it is then left out."""
    is_sortable: bool = False
    """Whether a reader may sort it, where the form allows that."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page about a run, or about what a verb found."""

    title: str
    """Without text from outside that could be markup."""
    end: str
    """How it ended, in a few words of the console's own."""
    simulated: str
    """What a reader must know of a simulation; empty if it is not one."""
    tables: tuple[Table, ...]

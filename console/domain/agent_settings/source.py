"""Where an agent's settings are said: files and variables in the agent's own order, each value with its place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

KeyPath = tuple[str | int, ...]
"""The keys that lead to a value; a number is a list index, counted from 0."""


class Level(StrEnum):
    """Who writes a source."""

    SYSTEM = "system"
    """The administrator, as a default that users may change."""
    USER = "user"
    PROJECT = "project"
    """Whoever writes the repository."""
    MANAGED = "managed"
    """The administrator, over all others."""
    ENVIRONMENT = "environment"


class State(StrEnum):
    """What became of a source."""

    READ = "read"
    ABSENT = "absent"
    IGNORED = "ignored"
    """The agent does not use it here."""
    BROKEN = "broken"
    """It cannot be read, or not as what it has to be."""


def _no_line(path: KeyPath) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Tree:
    """The values of a source by their keys, and where each is written."""

    values: Mapping[str, object] = field(default_factory=dict)
    line_of: Callable[[KeyPath], int | None] = _no_line

    def at(self, *path: str | int) -> object:
        """Return the value at a path; None if there is none."""
        value: object = self.values
        for step in path:
            match value, step:
                case dict(), str():
                    value = value.get(step)
                case list(), int():
                    value = value[step] if step < len(value) else None
                case _:
                    return None
        return value

    def leaves(self) -> Iterator[tuple[KeyPath, str]]:
        """Yield every text with its path, those of lists too."""
        waiting: list[tuple[KeyPath, object]] = [((), self.values)]
        while waiting:
            path, value = waiting.pop()
            match value:
                case str():
                    yield path, value
                case dict():
                    waiting += [((*path, str(key)), each) for key, each in reversed(value.items())]
                case list():
                    waiting += [((*path, index), each) for index, each in reversed(list(enumerate(value)))]
                case _:
                    pass


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or the environment, in which an agent looks."""

    label: str
    """Its name for a person: a path from `~` or the repository on, or `the environment`."""
    level: Level
    kind: str = "config"
    """What it is to the agent, as its facts name it."""
    state: State = State.READ
    tree: Tree = field(default_factory=Tree)
    why: str = ""
    """Why it is ignored or broken, in our own words."""
    line: int | None = None
    """The line where it is broken."""
    is_open: bool = False
    """Whether other users of the machine may read it."""
    is_store: bool = False
    """Whether the agent itself writes its credentials there."""
    is_tried: bool = False
    """Whether its place in the order was tried with the agent; if not, it is from documentation or its source code."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and where it is said."""

    text: str
    source: Source
    line: int | None = None

    def part(self, text: str) -> "Said":
        """Return a part of the value, at the same place."""
        return Said(text, self.source, self.line)


@dataclass(frozen=True, slots=True)
class Stack:
    """The sources of an agent, the weakest first."""

    sources: tuple[Source, ...]

    def of(self, *kinds: str) -> "Stack":
        """Return the sources of some kinds that the agent uses."""
        return Stack(tuple(each for each in self.sources if each.kind in kinds and each.state is State.READ))

    def all_said(self, *path: str | int) -> tuple[Said, ...]:
        """Return all texts at a path that are not empty, the one that counts first."""
        found = ((each, each.tree.at(*path)) for each in reversed(self.sources))
        return tuple(
            Said(value, each, each.tree.line_of(path)) for each, value in found if isinstance(value, str) and value
        )

    def said(self, *path: str | int) -> Said | None:
        """Return the text at a path that counts; None if there is none."""
        return next(iter(self.all_said(*path)), None)

    def keys(self, *path: str | int) -> tuple[str, ...]:
        """Return the keys of the tables at a path, each once."""
        tables = (each.tree.at(*path) for each in self.sources)
        return tuple(dict.fromkeys(str(key) for table in tables if isinstance(table, dict) for key in table))

    def first_with(self, *path: str | int) -> Source | None:
        """Return the strongest source that has anything at a path."""
        return next((each for each in reversed(self.sources) if each.tree.at(*path) is not None), None)


def first(*found: Said | None) -> Said | None:
    """Return the first that is said."""
    return next((each for each in found if each is not None), None)

"""Globs of absolute paths: `**` is any number of steps, `*` and `?` stay within one, braces are alternatives."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice

_ALTERNATIVES = 64
"""The most patterns that the braces of one glob may stand for."""


def matches(glob: str, path: str) -> bool:
    """Return whether a glob matches a whole path, in time that grows with the product of their steps."""
    steps = path.split("/")
    return any(_matches(pattern.split("/"), steps) for pattern in islice(_alternatives(glob), _ALTERNATIVES))


def _alternatives(glob: str) -> Iterator[str]:
    close = glob.find("}")
    start = glob.rfind("{", 0, close) if close >= 0 else -1
    if start < 0:
        yield glob
        return
    for each in glob[start + 1 : close].split(","):
        yield from _alternatives(glob[:start] + each + glob[close + 1 :])


def _matches(pattern: list[str], steps: list[str]) -> bool:
    reached = {0}  # how many steps the pattern so far can have taken
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(steps) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(steps) and fnmatchcase(steps[at], part)}
    return len(steps) in reached

"""Strict reading of facts: a table with a fault is refused as a whole, by row and key, and its text is never repeated.

The packaged tables pass the same reading as a table that an operator installs.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date as date_type
from datetime import datetime
from typing import TypeVar

ROW_LIMIT = 2_000
"""The most rows of one table, and the most entries of one list."""
_TEXT_LIMIT = 400
_Value = TypeVar("_Value")


class FactsError(ValueError):
    """A facts table that cannot be used: where, and what is wrong."""


def parse_facts(text: str) -> "FactRow":
    """Return a table's text as the row of its outermost keys. Raises `FactsError` if it is not TOML."""
    try:
        return FactRow(tomllib.loads(text), "", text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        position = re.search(r"line (\d+)", str(error))
        raise FactsError(f"{f'line {position[1]}: ' if position else ''}is not valid TOML") from None


class FactRow:
    """The keys of one row. What was not asked for when `end` is called is unknown, and refused."""

    def __init__(self, values: Mapping[str, object], place: str, text: str) -> None:
        """Take a row's values.

        Args:
            values: The values by key.
            place: Where the row is, for messages; empty for the outermost keys.
            text: The table's text, in which the rows' lines are looked up.

        """
        self._values = values
        self._place = place
        self._text = text
        self._asked: set[str] = set()

    def fault(self, key: str, problem: str) -> FactsError:
        """Return an error about a key of this row."""
        return FactsError(": ".join(part for part in (self._place, key, problem) if part))

    def rows(self, key: str, *, is_optional: bool = False) -> Iterator["FactRow"]:
        """Yield the rows of an array of tables. Raises `FactsError` if it is not one, or has too many."""
        value = self._value(key, [] if is_optional else None)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.fault(key, f"must be rows that begin with [[{key}]]")
        if len(value) > ROW_LIMIT or not (value or is_optional):
            raise self.fault(key, f"has more than {ROW_LIMIT} rows" if value else "has no row")
        lines = _lines_of(self._text, key) if not self._place else []
        for index, row in enumerate(value):
            line = f"line {lines[index]}, " if len(lines) == len(value) else ""
            yield FactRow(row, f"{line}{key} {index + 1}", self._text)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text in one line. Raises `FactsError` if it is missing without a default, or is something else."""
        value = self._value(key, default)
        if not isinstance(value, str) or (not value and default is None):
            raise self.fault(key, "must be text in quotes")
        if len(value) > _TEXT_LIMIT or not value.isprintable():
            raise self.fault(key, f"must be one line of at most {_TEXT_LIMIT} printable characters")
        return value

    def matching(self, key: str, pattern: str, words: str, default: str | None = None) -> str:
        """Return a text that matches a pattern in full. Raises `FactsError` with `words` if it does not."""
        value = self.text(key, default)
        if value != default and re.fullmatch(pattern, value) is None:
            raise self.fault(key, words)
        return value

    def date(self, key: str, default: str | None = None) -> str:
        """Return an ISO date. Raises `FactsError` if it is not one."""
        value = self._value(key, default)
        words = "must be a date in quotes, such as 2026-12-11"
        if not isinstance(value, str) or re.fullmatch(r"20\d\d-\d\d-\d\d", value) is None:
            raise self.fault(key, words)
        try:
            date_type.fromisoformat(value)
        except ValueError:
            raise self.fault(key, words) from None
        return value

    def url(self, key: str) -> str:
        """Return the address of a source. Raises `FactsError` if it is not one."""
        return self.matching(key, r"https://[!-~]{4,300}", "must be an address that begins with https://")

    def flag(self, key: str) -> bool:
        """Return true or false; false if it is omitted. Raises `FactsError` if it is something else."""
        value = self._value(key, default=False)
        if not isinstance(value, bool):
            raise self.fault(key, "must be true or false")
        return value

    def texts(self, key: str, pattern: str, words: str, *, is_optional: bool = False) -> tuple[str, ...]:
        """Return a list of texts that each match a pattern. Raises `FactsError` if it is not one."""
        value = self._value(key, [] if is_optional else None)
        if not isinstance(value, list) or len(value) > ROW_LIMIT or not (value or is_optional):
            raise self.fault(key, "must be a list of texts")
        if not all(isinstance(each, str) and re.fullmatch(pattern, each) for each in value):
            raise self.fault(key, words)
        return tuple(value)

    def made(self, key: str, make: Callable[[str], _Value], words: str) -> _Value:
        """Return what a text stands for. Raises `FactsError` with `words` if `make` raises a `ValueError`."""
        value = self.text(key)
        try:
            return make(value)
        except ValueError:
            raise self.fault(key, words) from None

    def day(self, key: str) -> date_type:
        """Return a date that is not in quotes. Raises `FactsError` if it is not one."""
        value = self._value(key, None)
        if not isinstance(value, date_type) or isinstance(value, datetime):
            raise self.fault(key, "must be a date without quotes, such as 2026-12-11")
        return value

    def count(self, key: str) -> int:
        """Return a whole number that is not negative. Raises `FactsError` if it is something else."""
        value = self._value(key, None)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.fault(key, "must be a whole number of 0 or more")
        return value

    def lines(self, key: str, limit: int) -> str:
        """Return a text of several lines. Raises `FactsError` if it is something else, or too long."""
        value = self._value(key, None)
        if not isinstance(value, str) or len(value) > limit:
            raise self.fault(key, f"must be text of at most {limit} characters")
        return value

    def table(self, key: str, *, is_optional: bool = False) -> Mapping[str, str]:
        """Return a table of texts, each in one line. Raises `FactsError` if it is not one."""
        value = self._value(key, {} if is_optional else None)
        if not isinstance(value, dict) or len(value) > ROW_LIMIT:
            raise self.fault(key, f"must be a table that begins with [{key}]")
        row = FactRow(value, f"{self._place}, {key}".removeprefix(", "), self._text)
        return {name: row.text(name, "") for name in value}

    def counts(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers, empty if it is omitted. Raises `FactsError` if it is something else."""
        value = self._value(key, [])
        if not isinstance(value, list) or len(value) > ROW_LIMIT or not all(map(_is_count, value)):
            raise self.fault(key, "must be a list of whole numbers of 0 or more")
        return tuple(value)

    def inner(self, key: str) -> "FactRow | None":
        """Return a table as a row of its own; None if it is omitted. Raises `FactsError` if it is something else."""
        value = self._value(key, {})
        if not isinstance(value, dict):
            raise self.fault(key, "must be a table")
        return FactRow(value, f"{self._place}, {key}".removeprefix(", "), self._text) if self.has(key) else None

    def has(self, key: str) -> bool:
        """Return whether the row has a key."""
        return key in self._values

    def end(self) -> None:
        """Refuse every key that was not asked for: it may be a misspelt one. Raises `FactsError`."""
        unknown = [key for key in self._values if key not in self._asked]
        if unknown:
            known = ", ".join(sorted(self._asked))
            raise self.fault("", f"{len(unknown)} unknown key(s); known here: {known}")

    def _value(self, key: str, default: object) -> object:
        self._asked.add(key)
        if key not in self._values and default is None:
            raise self.fault(key, "is missing")
        return self._values.get(key, default)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _lines_of(text: str, key: str) -> list[int]:
    header = re.compile(rf"[ \t]*\[\[[ \t]*{re.escape(key)}[ \t]*\]\]")
    return [number for number, line in enumerate(text.split("\n"), 1) if header.match(line)]

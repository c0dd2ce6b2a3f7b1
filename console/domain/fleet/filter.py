"""A filter: which rows of the fleet are wanted, as a person types them: `down !name:test age>1d`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import cache

from console.domain.fleet.row import DAY_MS, FleetRow, FleetVerdict
from console.domain.fleet.state import HOUR_MS

_COMPARED = re.compile(r"(!?)(age|cost|retires)(<|>)(.*)", re.DOTALL)
_NAMED = re.compile(r"(!?)([a-z]+):(.+)", re.DOTALL)
_SPAN = re.compile(r"([0-9]{1,6})([mhdw])", re.ASCII)
_USD = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)
_MS = {"m": 60_000, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_TERMS = 20
_LENGTH = 400
Test = Callable[[FleetRow, int], bool]
"""Returns whether a row is wanted, at a Unix time in ms."""


class FilterError(ValueError):
    """A filter that cannot be read; the message says why, and what can be written."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are wanted; all of its terms must hold."""

    text: str = ""
    tests: tuple[Test, ...] = ()

    def takes(self, row: FleetRow, now_ms: int) -> bool:
        """Return whether a row is wanted."""
        return all(test(row, now_ms) for test in self.tests)


NO_FILTER = Filter()
_FIELDS: Mapping[str, Callable[[FleetRow], tuple[str, ...]]] = {
    "name": lambda row: (row.name,),
    "origin": lambda row: (row.origin,),
    "verdict": lambda row: (row.verdict.value,),
    "category": lambda row: tuple(category for category, _ in row.failures),
    "model": lambda row: tuple(route.model for route in row.routes),
    "route": lambda row: tuple(str(route.key) for route in row.routes),
    "looker": lambda row: ("", "") if row.looker is None else (row.looker.kind.value, row.looker.name),
    "config": lambda row: ("yes" if row.is_in_config else "no",),
}
FIELDS = tuple(_FIELDS)
"""What a term may name."""


def parse_filter(text: str) -> Filter:
    """Return the filter that a text describes.

    Args:
        text: Terms with spaces between them. A word is looked for in the name, the origin, the verdict and its
            reason. `FIELD:WORD` looks in one field and may have `*`; `age>1d`, `cost>5` (US dollars in 7 days) and
            `retires<30d` compare. `!` before a term turns it round. `red` means all that someone should look at.

    Raises:
        FilterError: A term cannot be read.

    """
    terms = text.split()
    if len(text) > _LENGTH or len(terms) > _TERMS:
        raise FilterError(f"a filter has at most {_TERMS} terms and {_LENGTH} characters")
    return Filter(" ".join(terms), tuple(map(_test, terms)))


def _test(term: str) -> Test:
    compared = _COMPARED.fullmatch(term)
    if compared is not None:
        return _turned(_comparison(*compared.groups()[1:]), is_turned=bool(compared[1]))
    named = _NAMED.fullmatch(term)
    if named is not None and named[2] in _FIELDS:
        return _turned(_field(_FIELDS[named[2]], named[3]), is_turned=bool(named[1]))
    if named is not None and not named[3].startswith("//"):
        raise FilterError(
            f"a filter has no field of that name; it has {', '.join((*FIELDS, 'age', 'cost', 'retires'))}"
        )
    word = term.removeprefix("!").casefold()
    if not word:
        raise FilterError("! turns the term behind it round; write one there")
    return _turned(_word(word), is_turned=term.startswith("!"))


def _turned(test: Test, *, is_turned: bool) -> Test:
    return (lambda row, now_ms: not test(row, now_ms)) if is_turned else test


def _word(word: str) -> Test:
    if word == "red":
        return lambda row, _: row.verdict.is_red
    if word in [verdict.value for verdict in FleetVerdict]:
        return lambda row, _: row.verdict.value == word
    return lambda row, _: any(word in each.casefold() for each in (row.name, row.origin, row.why))


def _field(read: Callable[[FleetRow], tuple[str, ...]], pattern: str) -> Test:
    fits = _fits(pattern.casefold())
    return lambda row, _: any(fits.match(each.casefold()) is not None for each in read(row))


@cache
def _fits(pattern: str) -> re.Pattern[str]:
    simple = re.sub(r"\*+", "*", pattern).replace("[", "[[]")
    return re.compile(translate(simple))


def _comparison(field: str, sign: str, value: str) -> Test:
    if field == "cost":
        if _USD.fullmatch(value) is None:
            raise FilterError("cost wants US dollars, such as cost>5 or cost>0.50")
        limit = round(float(value) * 1_000_000)
        return lambda row, _: row.spending.week > limit if sign == ">" else row.spending.week < limit
    span = _SPAN.fullmatch(value)
    if span is None:
        raise FilterError(f"{field} wants a span such as 30m, 12h, 7d or 4w")
    ms = int(span[1]) * _MS[span[2]]
    if field == "age":
        return lambda row, now: _is_older(row, now, ms) if sign == ">" else not _is_older(row, now, ms)
    return lambda row, now: _retires_within(row, now, ms) if sign == "<" else not _retires_within(row, now, ms)


def _is_older(row: FleetRow, now_ms: int, ms: int) -> bool:
    """Return whether the newest look at a profile is older; one that was never looked at is."""
    age = row.age_ms(now_ms)
    return age is None or age > ms


def _retires_within(row: FleetRow, now_ms: int, ms: int) -> bool:
    """Return whether a model of a profile retires within a time, or has."""
    day = row.retires_on
    return day is not None and (day.toordinal() - _EPOCH) * DAY_MS < now_ms + ms


_EPOCH = 719_163
"""The ordinal of 1970-01-01."""

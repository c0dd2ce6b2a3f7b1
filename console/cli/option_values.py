"""What options take as values: numbers, ages, spans. Each reader raises `ArgumentTypeError` for another text."""

import argparse
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from console.cli.context import current

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_LONGEST = timedelta(days=366)


def count_to(most: int) -> Callable[[str], int]:
    """Return the reader of a whole number from 1 to `most`."""

    def count(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"wants a whole number from 1 to {most}")

    return count


def span_s(text: str) -> float:
    """Return the seconds of a span such as 30s, 5m, 2h or 1d; at most a year."""
    if (found := _parsed(text, "smhd")) is not None and timedelta(0) < found <= _LONGEST:
        return found.total_seconds()
    raise argparse.ArgumentTypeError("wants a whole number of at least 1 and a unit, such as 30s, 5m, 2h or 1d")


def age_days(text: str) -> int:
    """Return the days of an age such as 400d or 52w."""
    if (age := _parsed(text, "dw")) is not None and age > timedelta(0):
        return age.days
    raise argparse.ArgumentTypeError("wants an age in days or weeks, such as 400d or 52w")


def moment_ms(text: str) -> int:
    """Return the Unix time in ms of a date, in UTC unless it says otherwise, or of so long ago, such as 24h or 7d."""
    if (age := _parsed(text, "mhdw")) is not None:
        return int((current().now() - age).timestamp() * 1000)
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("wants a date such as 2026-12-01, or an age such as 24h or 7d") from None
    return int((day if day.tzinfo is not None else day.replace(tzinfo=UTC)).timestamp() * 1000)


def _parsed(text: str, units: str) -> timedelta | None:
    """Return a number with one of some units; None for another text. Only seconds may have over five digits."""
    found = re.fullmatch(f"([0-9]{{1,9}})([{units}])", text, re.ASCII)
    if found is None or (found[2] != "s" and len(found[1]) > 5):
        return None
    return int(found[1]) * _UNITS[found[2]]

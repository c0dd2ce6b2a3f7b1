"""Closed forms: the values that a ledger field may have, and the error for any other."""

import re
from collections.abc import Mapping

from console.domain.ledger.canonical import INTEGER_LIMIT


def require_form(pattern: re.Pattern[str], text: object, what: str) -> None:
    """Raise ValueError unless a text matches a pattern."""
    if not isinstance(text, str) or pattern.fullmatch(text) is None:
        raise ValueError(f"{what} does not match {pattern.pattern}")


def require_count(number: object, least: int, what: str) -> None:
    """Raise ValueError unless a number is an integer from `least` up to 2**53."""
    if type(number) is not int or not least <= number < INTEGER_LIMIT:
        raise ValueError(f"{what} is not an integer from {least} up to 2**53")


def require_fields(read: object, names: frozenset[str], what: str) -> None:
    """Raise ValueError unless a mapping has exactly these fields."""
    if not isinstance(read, Mapping) or read.keys() != names:
        raise ValueError(f"{what} must have exactly the fields {', '.join(sorted(names))}")

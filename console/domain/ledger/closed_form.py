"""Closed forms: what a field of the ledger may hold, and the error for what does not fit."""

import re
from collections.abc import Mapping

from console.domain.ledger.canonical import INTEGER_LIMIT


def require_form(pattern: re.Pattern[str], text: object, what: str) -> None:
    """Raise ValueError unless a text has the form of a pattern."""
    if not isinstance(text, str) or pattern.fullmatch(text) is None:
        raise ValueError(f"{what} is not of the form {pattern.pattern}")


def require_count(number: object, least: int, what: str) -> None:
    """Raise ValueError unless a number is a whole one, from `least` up to 2**53."""
    if type(number) is not int or not least <= number < INTEGER_LIMIT:
        raise ValueError(f"{what} is not an integer from {least} up to 2**53")


def require_fields(read: object, names: frozenset[str], what: str) -> None:
    """Raise ValueError unless a mapping has these fields and no others."""
    if not isinstance(read, Mapping) or read.keys() != names:
        raise ValueError(f"{what} has the fields {', '.join(sorted(names))}, and no others")

"""The wait that a refusal asks for, from its headers or its text."""

import re
from collections.abc import Mapping

from console.domain.errors.body import ErrorBody

_WAIT_HEADERS = ("retry-after-ms", "retry-after", "llm_provider-retry-after")
_WAIT_FIELD = re.compile(
    r"(retry_?-?after_?(?:ms|s|seconds)?|retrydelay|resets_in_seconds|reset_after|retry_in)'?\s{0,4}[:=]\s{0,4}'?"
    r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)?"
)
_WAIT_PROSE = re.compile(
    r"(?:try again in|retry in|retry after|reset after|resets in|wait(?: for)?|in about|available in)[ :]{1,3}"
    r"(?:about )?"
    r"((?:\d{1,7}(?:\.\d{1,9})? ?"
    r"(?:milliseconds?|ms|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)[ ,]{0,2}){1,4})"
)
_DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,9})?) ?(milliseconds?|ms|d|h|m|s)")
_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}


def wait_in(headers: Mapping[str, str], body: ErrorBody) -> float | None:
    """Return the wait in seconds that a refusal asks for, from its headers or its text; None if it names none.

    A date is compared with the answer's own `Date`, so no clock is needed.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    for name in _WAIT_HEADERS:
        seconds = _header_wait(lowered.get(name, "").strip(), lowered.get("date", ""))
        if seconds is not None:
            return seconds / 1000 if name.endswith("-ms") else seconds
    head = body.prose[:8192]
    if (match := _WAIT_FIELD.search(head)) is not None:
        name, number, unit = match.groups()
        is_ms = unit == "ms" or (unit is None and name.endswith("ms"))
        return float(number) * (0.001 if is_ms else _SECONDS[unit or "s"])
    if (match := _WAIT_PROSE.search(head)) is not None:
        return sum(
            float(number) * (0.001 if unit.startswith(("ms", "milli")) else _SECONDS[unit[0]])
            for number, unit in _DURATION.findall(match.group(1))
        )
    return None


def _header_wait(value: str, date: str) -> float | None:
    if not value:
        return None
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", value):
        return float(value)
    if (match := re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)", value)) is not None:
        return float(match.group(1)) * (0.001 if match.group(2) == "ms" else _SECONDS[match.group(2)])
    until, now = _instant(value), _instant(date)
    return max(0.0, until - now) if until is not None and now is not None else None


def _instant(value: str) -> float | None:
    """Return an HTTP date as Unix time, or None."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None

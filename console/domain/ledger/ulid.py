"""Run ids: ULIDs, which contain and sort by the start time and are safe as a file name or an argument."""

import re
from collections.abc import Callable

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PATTERN = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_RANDOM_BYTES = 10
_TIME_LIMIT_MS = 2**48


def is_run_id(text: object) -> bool:
    """Return whether this is a run id as this console writes it: 26 characters, upper case."""
    return isinstance(text, str) and _PATTERN.fullmatch(text) is not None


def new_run_id(clock: Callable[[], int], random: Callable[[int], bytes]) -> str:
    """Return a new id.

    Ids from different milliseconds sort by time, as far as the clock can be trusted; the ledger's order does not
    depend on them.

    Args:
        clock: Returns the Unix time in ms.
        random: Returns this many random bytes.

    """
    time_ms = min(max(clock(), 0), _TIME_LIMIT_MS - 1)
    number = (time_ms << (8 * _RANDOM_BYTES)) | int.from_bytes(random(_RANDOM_BYTES), "big")
    return "".join(_DIGITS[(number >> shift) & 31] for shift in range(125, -1, -5))


def number_of(run_id: str) -> int:
    """Return the 128-bit number that a run id writes.

    Raises:
        ValueError: It is not a run id.

    """
    if not is_run_id(run_id):
        raise ValueError("not a run id")
    number = 0
    for digit in run_id:
        number = number << 5 | _DIGITS.index(digit)
    return number

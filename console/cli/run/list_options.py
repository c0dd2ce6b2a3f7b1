"""The options of a list of runs: which runs, and how many."""

import argparse
import re
from datetime import UTC, datetime, timedelta

from console.cli.context import current
from console.domain.errors.category import Category
from console.domain.run.gate import GateVerdict

STATUSES = ("waiting", "active", "closed", "blocked", "stopped")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def add_list_arguments(parser: argparse.ArgumentParser, noun: str, *, limit: int) -> None:
    """Add the options of a list.

    Args:
        parser: The parser of the list.
        noun: What is listed.
        limit: How many to show if `--limit` does not say.

    """
    parser.add_argument(
        "--limit", type=count, default=limit, metavar="N", help=f"show at most N {noun}s (default: {limit})"
    )
    parser.add_argument(
        "--status",
        choices=STATUSES,
        metavar="S",
        help="only runs that are waiting, active, closed, blocked or stopped",
    )
    parser.add_argument("--repository", metavar="NAME", help="only runs in the repository of this name")
    parser.add_argument(
        "--since",
        type=since,
        metavar="WHEN",
        help="only runs begun since then: 2026-12-01 (UTC), or 90m, 24h, 7d or 4w ago",
    )
    parser.add_argument("--until", type=since, metavar="WHEN", help="only runs begun before then")
    parser.add_argument(
        "--verdict", choices=[each.value for each in GateVerdict], metavar="V", help="only runs of this review result"
    )
    parser.add_argument(
        "--category",
        choices=[each.value for each in Category],
        metavar="C",
        help="only runs that an error of this category stopped, such as account_quota",
    )
    parser.add_argument("--operator", metavar="ID", help="only runs that this operator began")
    signed = parser.add_mutually_exclusive_group()
    signed.add_argument(
        "--signed",
        dest="is_signed",
        action="store_true",
        default=None,
        help="only runs with a signed checkpoint; record verify says whether it holds",
    )
    signed.add_argument(
        "--unsigned", dest="is_signed", action="store_false", default=None, help="only runs without a signed checkpoint"
    )
    parser.add_argument("--pruned", action="store_true", help="also show the tombstones of runs that were pruned")
    parser.add_argument(
        "--waiting-for-me",
        action="store_true",
        help="only runs that wait for a person, where you may be that person: under four_eyes, not again by the key"
        " that began the run or passed its draft",
    )


def count(text: str) -> int:
    """Return the number that an option wants. Raises `ArgumentTypeError`."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 100_000:
        return int(text)
    raise argparse.ArgumentTypeError("wants a whole number from 1 to 100000")


def days(text: str) -> int:
    """Return the number of days that an age stands for. Raises `ArgumentTypeError`."""
    if (age := re.fullmatch("([0-9]{1,5})([dw])", text, re.ASCII)) is not None and int(age[1]) > 0:
        return (int(age[1]) * _UNITS[age[2]]).days
    raise argparse.ArgumentTypeError("wants an age in days or weeks, such as 400d or 52w")


def since(text: str) -> int:
    """Return the Unix time in ms that a date, or an age with its unit, stands for."""
    if (age := re.fullmatch("([0-9]{1,5})([mhdw])", text, re.ASCII)) is not None:
        return int((current().now() - int(age[1]) * _UNITS[age[2]]).timestamp() * 1000)
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("wants a date such as 2026-12-01, or an age such as 24h or 7d") from None
    return int((day if day.tzinfo is not None else day.replace(tzinfo=UTC)).timestamp() * 1000)

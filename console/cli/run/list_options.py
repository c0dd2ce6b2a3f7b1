"""The options of a list of runs: which runs, and how many."""

import argparse

from console.cli.option_values import count_to, moment_ms
from console.domain.errors.category import Category
from console.domain.run.gate import GateVerdict

STATUSES = ("waiting", "active", "closed", "blocked", "stopped")
LIST_LIMIT = 100_000
"""The most runs that `--limit` may name."""


def add_list_arguments(parser: argparse.ArgumentParser, noun: str, *, limit: int) -> None:
    """Add the options of a list.

    Args:
        parser: The parser of the list.
        noun: What is listed.
        limit: How many to show if `--limit` does not say.

    """
    parser.add_argument(
        "--limit",
        type=count_to(LIST_LIMIT),
        default=limit,
        metavar="N",
        help=f"show at most N {noun}s (default: {limit})",
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
        type=moment_ms,
        metavar="WHEN",
        help="only runs begun since then: 2026-12-01 (UTC), or 90m, 24h, 7d or 4w ago",
    )
    parser.add_argument("--until", type=moment_ms, metavar="WHEN", help="only runs begun before then")
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

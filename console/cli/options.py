"""The options that every verb takes, before or after the verb."""

import argparse

TYPE_CHECKING = False  # as in `context`
if TYPE_CHECKING:
    from pathlib import Path

COMMON = frozenset({"--config", "--profile", "--json", "--read-only", "--version", "--help", "-h"})
"""The options that may come before a verb."""


def add_common(parser: argparse.ArgumentParser, *, is_top: bool) -> None:
    """Add the common options. After a verb, an option that is not given keeps the value from before the verb."""

    def default(value: object) -> object:
        return value if is_top else argparse.SUPPRESS

    parser.add_argument(
        "--config",
        type=_path,
        metavar="PATH",
        default=default(None),
        help="the config file; else GATEWAY_CONSOLE_CONFIG",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        default=default(None),
        help="the profile in the config file; else GATEWAY_CONSOLE_PROFILE",
    )
    parser.add_argument("--json", action="store_true", default=default(False), help="write one JSON document to stdout")
    parser.add_argument(
        "--read-only",
        action="store_true",
        default=default(False),
        help="send nothing that costs money or changes anything",
    )


def _path(text: str) -> "Path":
    from pathlib import Path  # imported late: it would double the load time of `--help`

    return Path(text)

"""The options that every verb takes, before it and after it."""

import argparse

TYPE_CHECKING = False  # as in `context`
if TYPE_CHECKING:
    from pathlib import Path

COMMON = frozenset({"--config", "--profile", "--json", "--read-only", "--version", "--help", "-h"})
"""What may stand before a verb."""


def add_common(parser: argparse.ArgumentParser, *, is_top: bool) -> None:
    """Add the common options; below a verb they leave what was given before it alone."""

    def default(value: object) -> object:
        return value if is_top else argparse.SUPPRESS

    parser.add_argument("--config", type=_path, metavar="PATH", default=default(None), help="the config file")
    parser.add_argument("--profile", metavar="NAME", default=default(None), help="the profile in it")
    parser.add_argument("--json", action="store_true", default=default(False), help="write one JSON document to stdout")
    parser.add_argument(
        "--read-only", action="store_true", default=default(False), help="send nothing that costs or changes anything"
    )


def _path(text: str) -> "Path":
    from pathlib import Path  # not before a path is given: it is half of what else the help loads

    return Path(text)

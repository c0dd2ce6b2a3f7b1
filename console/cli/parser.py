"""The parser of the command line: one for each verb, filled when it is first used."""

import argparse
import os
import re
from collections.abc import Callable, Iterator
from importlib import import_module

from console import __version__
from console.cli.context import current
from console.cli.exit_code import MEANINGS
from console.cli.options import add_common
from console.cli.verbs import VERBS
from console.domain.problem import Problem, ProblemKind

TYPE_CHECKING = False  # as in `context`
if TYPE_CHECKING:
    from typing import Any, NoReturn

PROGRAM = "gateway-console"


class _HelpFormatter(argparse.HelpFormatter):
    """Asks the terminal for its width itself: argparse loads `shutil` for it, and with that three compressors."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_columns() - 2)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in _wrapped(text, width - len(indent)))


def _wrapped(text: str, width: int) -> list[str]:
    """Break at spaces only: a path or an option that is broken at a hyphen cannot be copied."""
    from textwrap import wrap

    return wrap(" ".join(text.split()), width, break_on_hyphens=False, break_long_words=False)


def _terminal_columns() -> int:
    columns = current().environment.get("COLUMNS", "")
    if columns.isdecimal() and int(columns[:9]) > 0:
        return int(columns[:9])
    try:
        return os.get_terminal_size(current().stdout.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):
        return 80


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of leaving the process."""

    fill: Callable[["_Parser"], None] | None = None
    """Adds the arguments of a verb; called when the parser is first used."""

    def __init__(self, **how: "Any") -> None:
        super().__init__(formatter_class=_HelpFormatter, **how)

    def format_help(self) -> str:
        """Return the help, with the examples of the verb or of its kind."""
        from console.cli.examples import examples_of

        rows = examples_of(self.prog.removeprefix(PROGRAM).strip())
        lines = (f"  {PROGRAM} {words}\n      {what}\n" for words, what in rows)
        return super().format_help() + ("\nexamples:\n" + "".join(lines) if rows else "")

    def parse_known_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":
        if self.fill is not None:
            fill, self.fill = self.fill, None
            fill(self)
        return super().parse_known_args(args, namespace)

    def _print_message(self, message: str, file: object = None) -> None:
        # Help and version are data; nothing else is printed, because `error` raises.
        if message:
            current().stdout.write(message)

    def error(self, message: str) -> "NoReturn":
        # Only a plain word is repeated in the message: anything else could be a token.
        plain = re.sub(
            r"invalid choice: (?!'[a-z-]{1,20}' ).* \(choose", "is not known (choose", message, flags=re.DOTALL
        )
        raise usage_problem(plain, self.prog)


def usage_problem(words: str, program: str = PROGRAM) -> Problem:
    """Return what a command line that cannot be read ends with, and where its help is."""
    return Problem(f"{words}; see {program} --help", ProblemKind.USAGE)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser. A verb's module fills the verb's own parser when it is first used.

    The common options may come before or after the verb.
    """
    parser = _Parser(
        prog=PROGRAM,
        description="Operator console for coding-agent model gateways. Without a verb, it opens the screen.",
        epilog="The config file is $XDG_CONFIG_HOME/gateway-console/config.toml, by default in ~/.config. A profile"
        " that it lacks may be in the repository's .gateway-console.toml. Without either, the built-in profile demo"
        " is used. Exit codes: " + "; ".join(f"{code.value} {words}" for code, words in MEANINGS.items()) + ".",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gateway-console {__version__}")
    add_common(parser, is_top=True)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", parser_class=_Parser)
    for name, verb in VERBS.items():
        about = f"{verb.help_line[:1].upper()}{verb.help_line[1:]}."
        made = verbs.add_parser(name, help=verb.help_line, description=about, allow_abbrev=False)
        made.fill = _filled_by(verb.module)
    return parser


def _filled_by(module: str) -> Callable[[_Parser], None]:
    def fill(parser: _Parser) -> None:
        import_module(module).add_arguments(parser)
        for each in _with_kinds(parser):
            add_common(each, is_top=False)

    return fill


def _with_kinds(verb: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a verb's parser and the parsers of its kinds, such as `token set`."""
    yield verb
    for action in verb._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()

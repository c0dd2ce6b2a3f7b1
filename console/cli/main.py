"""The command line: parse it, run the verb's module, and turn every outcome into an exit code."""

import argparse
import os
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from console import __version__
from console.cli import streams
from console.cli.context import Context, current, of_process, running_in
from console.cli.exit_code import ExitCode, code_of_problem
from console.cli.options import COMMON, add_common
from console.cli.verbs import VERBS
from console.domain.problem import Problem, ProblemKind

TYPE_CHECKING = False  # as in `context`
if TYPE_CHECKING:
    from typing import Any, NoReturn

SHORTEST_SECRET = 14
"""No known secret is shorter, so shorter arguments do not load the patterns of secrets."""


_COMMIT = re.compile("[0-9a-f]{40}([0-9a-f]{24})?")


class _HelpFormatter(argparse.HelpFormatter):
    """Asks the terminal for its width itself: argparse loads `shutil` for it, and with that three compressors."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_columns() - 2)


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
        raise _usage_problem(plain, self.prog)


def _usage_problem(words: str, program: str = "gateway-console") -> Problem:
    return Problem(f"{words}; see {program} --help", ProblemKind.USAGE)


def run(arguments: Sequence[str], context: Context | None = None) -> int:
    """Run one command line and return its exit code.

    Args:
        arguments: The words after the program's name.
        context: Where it runs; None means this process, whose streams are prepared first.

    """
    if context is None:
        streams.prepare()
        context = of_process()
    with running_in(context):
        return _run_to_end(arguments)


def _run_to_end(arguments: Sequence[str]) -> int:
    try:
        try:
            code = _run(arguments)
        finally:
            for end in current().at_end:
                end()
        streams.finish()
    except BrokenPipeError:
        streams.let_go_of_stdout()
        return ExitCode.FAILED
    except Problem as problem:
        _complain(str(problem))
        if isinstance(problem, streams.OutputError):
            streams.let_go_of_stdout()
        return code_of_problem(problem)
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        return _dispatch(arguments)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ExitCode.OK
    except KeyboardInterrupt:
        _complain("interrupted")
        return ExitCode.INTERRUPTED
    except (BrokenPipeError, Problem):
        raise
    except Exception as error:  # noqa: BLE001  # the last line of defence: a traceback could show values
        from console.services.system.crash_report import crash_lines

        _complain(*crash_lines(error))
        return ExitCode.FAILED


def _complain(first: str, *rest: str) -> None:
    from console.cli import output

    output.complain(first)
    for line in rest:
        output.note(line)


def _dispatch(arguments: Sequence[str]) -> int:
    _refuse_secrets(arguments)
    _refuse_unknown_option(arguments)
    parsed, extra = build_parser().parse_known_args(list(arguments))
    if extra:
        names = [_shown(each) for each in extra if each.startswith("-")]
        raise _usage_problem(
            f"unknown option {', '.join(names)}" if names else f"{len(extra)} extra argument(s)", _program(parsed.verb)
        )
    if parsed.verb is None or VERBS[parsed.verb].may_hold_token:
        current().harden()
    if parsed.verb is None:
        from console.cli import screen

        return screen.run(parsed)
    return int(import_module(VERBS[parsed.verb].module).run(parsed))


def _without_commits(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without the ids of commits that `--commit` names: they are public, and hexadecimal."""
    found = [*arguments]
    for place, argument in enumerate(found):
        before = found[place - 1] if place else ""
        value = argument.removeprefix("--commit=") if argument.startswith("--commit=") else argument
        if (before == "--commit" or value != argument) and _COMMIT.fullmatch(value):
            found[place] = ""
    return found


def _refuse_secrets(arguments: Sequence[str]) -> None:
    """Refuse a token on the command line before anything uses it."""
    long = [each for each in _without_commits(arguments) if len(each) >= SHORTEST_SECRET]
    if not long:
        return
    from console.domain.text.secret_scan import looks_like_secret

    for argument in long:
        if (words := looks_like_secret(argument, is_address=os.sep in argument)) is not None:
            raise Problem(
                f"an argument looks like {words}. Never pass a token as an argument: every user of this machine can"
                " read a command line. Store it and name its reference in token_ref",
                ProblemKind.REFUSED,
            )


def _refuse_unknown_option(arguments: Sequence[str]) -> None:
    """Refuse an unknown option before the verb: argparse would take its value for the verb and report that instead."""
    for argument in arguments:
        if argument in VERBS:
            return
        if argument.startswith("-") and argument.partition("=")[0] not in COMMON:
            raise _usage_problem(f"unknown option {_shown(argument)} before the verb")


def _program(verb: str | None) -> str:
    return "gateway-console" if verb is None else f"gateway-console {verb}"


def _shown(option: str) -> str:
    from console.domain.text.safe import safe

    return safe(option.partition("=")[0], limit=40)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser. A verb's module fills the verb's own parser when it is first used.

    The common options may come before or after the verb.
    """
    parser = _Parser(
        prog="gateway-console",
        description="Operator console for coding-agent model gateways. Without a verb, it opens the screen.",
        epilog="The config file is $XDG_CONFIG_HOME/gateway-console/config.toml, by default in ~/.config. A profile"
        " that it lacks may be in the repository's .gateway-console.toml. Without either, the built-in profile demo"
        " is used. Exit codes: 0 ok, 1 a check or smoke test failed, 2 usage, 3 config,"
        " 4 token, 5 account, 6 drift, 7 a gate waits, 8 a run was blocked or stopped, 9 a record does not verify,"
        " 10 unreachable, 11 refused for safety, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gateway-console {__version__}")
    add_common(parser, is_top=True)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", parser_class=_Parser)
    for name, verb in VERBS.items():
        verbs.add_parser(name, help=verb.help_line, allow_abbrev=False).fill = _filled_by(verb.module)
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

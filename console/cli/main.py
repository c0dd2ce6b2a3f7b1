"""The command line: parse, dispatch to a verb's module, and turn every end into an exit code."""

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from console import __version__
from console.cli import output, screen
from console.cli.context import Context, current, of_process, running_in
from console.cli.exit_code import ExitCode
from console.cli.options import add_common
from console.cli.run import record
from console.cli.run import verb as run_verb
from console.cli.token import verb as token
from console.cli.verbs import boundary, check, demo, doctor, explain, instructions, routes, simulate, smoke, verify
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_VERBS = (
    demo,
    routes,
    check,
    smoke,
    run_verb,
    record,
    instructions,
    boundary,
    token,
    explain,
    verify,
    doctor,
    simulate,
)
_HOLD_TOKENS = frozenset(module.__name__ for module in (check, demo, run_verb, screen, smoke, token))
"""The verbs that may hold a token: the process is hardened before them."""
_COMMON_OPTIONS = frozenset({"--config", "--profile", "--json", "--read-only", "--version", "--help", "-h"})


class _UsageError(Exception):
    """The words of a command line do not fit."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of leaving the process."""

    def _print_message(self, message: str, file: "SupportsWrite[str] | None" = None) -> None:
        # Help and version are data; nothing else is printed, because `error` raises.
        if message:
            current().stdout.write(message)

    def error(self, message: str) -> NoReturn:
        # What was typed is left out where it is not a plain word: a token in a word's place would be repeated.
        plain = re.sub(
            r"invalid choice: (?!'[a-z-]{1,20}' ).* \(choose", "is not known (choose", message, flags=re.DOTALL
        )
        raise _UsageError(f"{plain}; see {self.prog} --help")


def run(arguments: Sequence[str], context: Context | None = None) -> int:
    """Run one command line and return its exit code.

    Args:
        arguments: The words after the program's name.
        context: What it runs in; None means this process, whose streams are made fit first.

    """
    if context is None:
        output.prepare()
        context = of_process()
    with running_in(context):
        return _run_to_end(arguments)


def _run_to_end(arguments: Sequence[str]) -> int:
    try:
        code = _run(arguments)
        output.finish()
    except BrokenPipeError:
        output.let_go_of_stdout()
        return ExitCode.FAILED
    except output.OutputError as error:
        output.complain(str(error))
        output.let_go_of_stdout()
        return ExitCode.FAILED
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        return _dispatch(arguments)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ExitCode.OK
    except _UsageError as error:
        output.complain(str(error))
        return ExitCode.USAGE
    except KeyboardInterrupt:
        output.complain("interrupted")
        return ExitCode.INTERRUPTED
    except (BrokenPipeError, output.OutputError):
        raise
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback with values in it
        from console.services.system.crash_report import crash_lines

        first, *rest = crash_lines(error)
        output.complain(first)
        for line in rest:
            output.note(line)
        return ExitCode.FAILED


def _dispatch(arguments: Sequence[str]) -> int:
    for argument in arguments:
        if (words := looks_like_secret(argument, is_address=os.sep in argument)) is not None:
            output.complain(
                f"an argument looks like {words}. Tokens are never options: every user of this machine can read a"
                " command line. Store it and name its reference in token_ref"
            )
            return ExitCode.REFUSED
    _refuse_unknown_option(arguments)
    parsed, extra = build_parser().parse_known_args(list(arguments))
    if extra:
        names = [safe(each.partition("=")[0], limit=40) for each in extra if each.startswith("-")]
        raise _UsageError(
            f"unknown option {', '.join(names)}; see gateway-console --help"
            if names
            else f"{len(extra)} argument(s) too many; see gateway-console --help"
        )
    verb = getattr(parsed, "run", screen.run)
    if verb.__module__ in _HOLD_TOKENS:
        current().harden()
    return int(verb(parsed))


def _refuse_unknown_option(arguments: Sequence[str]) -> None:
    """Refuse an unknown option before the verb: argparse would take its value for the verb, and complain of that."""
    verbs = {module.__name__.removesuffix(".verb").rpartition(".")[2] for module in _VERBS}
    for argument in arguments:
        if argument in verbs:
            return
        name = argument.partition("=")[0]
        if name.startswith("-") and name not in _COMMON_OPTIONS:
            raise _UsageError(f"unknown option {safe(name, limit=40)} before the verb; see gateway-console --help")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all verbs; the common options are taken before and after the verb."""
    parser = _Parser(
        prog="gateway-console",
        description="Operator console for coding-agent model gateways. Without a verb it opens the screen.",
        epilog="The config file is $XDG_CONFIG_HOME/gateway-console/config.toml, by default in ~/.config; without one"
        " the built-in profile demo is used. Exit codes: 0 well, 1 a check or smoke failed, 2 usage, 3 config,"
        " 4 token, 5 account, 6 drift, 7 a gate waits, 8 a run was blocked or stopped, 9 a record does not verify,"
        " 10 unreachable, 11 refused for safety, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gateway-console {__version__}")
    add_common(parser, is_top=True)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", parser_class=_Parser)
    for module in _VERBS:
        for each in _with_kinds(module.add_to(verbs)):
            add_common(each, is_top=False)
    return parser


def _with_kinds(verb: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a verb's parser and those of its kinds, as `token` has them."""
    yield verb
    for action in verb._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()

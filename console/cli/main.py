"""The command line: parse it, run the verb's module, and turn every outcome into an exit code."""

import os
import re
from collections.abc import Sequence
from importlib import import_module

from console.cli import streams
from console.cli.context import Context, current, of_process, running_in
from console.cli.exit_code import ExitCode, code_of_problem
from console.cli.options import COMMON
from console.cli.parser import build_parser, usage_problem
from console.cli.verbs import VERBS
from console.domain.problem import Problem, ProblemKind

SHORTEST_SECRET = 14
"""No known secret is shorter, so shorter arguments do not load the patterns of secrets."""


_COMMIT = re.compile("[0-9a-f]{40}([0-9a-f]{24})?")


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
        raise usage_problem(
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
            raise usage_problem(f"unknown option {_shown(argument)} before the verb")


def _program(verb: str | None) -> str:
    return "gateway-console" if verb is None else f"gateway-console {verb}"


def _shown(option: str) -> str:
    from console.domain.text.safe import safe

    return safe(option.partition("=")[0], limit=40)

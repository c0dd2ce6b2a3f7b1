"""`init` as a conversation."""

import argparse
import asyncio

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.reports.code import code_of_route
from console.cli.setup.faces import CommandLine, Terminal
from console.cli.setup.place import STDOUT, options_for, place_of
from console.cli.setup.report import show_setup
from console.domain.problem import Problem, ProblemKind
from console.services.facts.installed import model_facts
from console.services.setup.conversation import SetUp, set_up
from console.services.setup.plan import SetUpPlan


def run_conversation(arguments: argparse.Namespace) -> ExitCode:
    """Set a profile up with whoever answers: the options, a person, or both."""
    context = current()
    has_person = context.stdin.isatty() and context.stderr.isatty()
    if not has_person:
        _require_options(arguments)
    place = place_of(arguments)
    facts = model_facts(context.environment)
    plan = SetUpPlan(
        place,
        context.environment,
        context.today(),
        facts,
        makes_default=arguments.default,
        auth=arguments.auth,
        ca_file=None if arguments.ca_file is None else arguments.ca_file.absolute(),
    )
    face = CommandLine(arguments, Terminal() if has_person else None)
    if place is not None:
        face.name_options(options_for(place.path))
    try:
        done = asyncio.run(set_up(face, plan))
    except KeyboardInterrupt:
        output.note(f"nothing was written to the config{face.kept}")
        raise
    show_setup(
        done.draft.profile(facts),
        done.text,
        done.placed,
        as_json=arguments.json,
        is_shown=arguments.output == STDOUT,
        notes=tuple(face.said),
        routes=done.routes,
        holds=done.holds if done.routes else None,
    )
    return _code(done, is_shown=place is None)


def _require_options(arguments: argparse.Namespace) -> None:
    """Require what no one can be asked for. Raises `Problem` that names every option that is missing."""
    missing = [] if arguments.preset or arguments.url else ["--preset NAME or --url URL"]
    missing += [] if arguments.yes else ["--yes"]
    if missing:
        raise Problem(
            f"init asks on a terminal, and there is none. Give {' and '.join(missing)}; what else it may need:"
            " --token-ref REF, --role R=MODEL, --profile NAME. From a YAML file: gateway-console init --from FILE",
            ProblemKind.USAGE,
        )


def _code(done: SetUp, *, is_shown: bool) -> ExitCode:
    if not done.routes:
        return ExitCode.UNREACHABLE
    if done.holds:
        return ExitCode.OK if is_shown or done.placed is not None else ExitCode.FAILED
    code = most_actionable(map(code_of_route, done.routes))
    return ExitCode.FAILED if code is ExitCode.OK else code

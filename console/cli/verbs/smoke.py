"""`smoke`: live smoke tests of the routes."""

import argparse
import asyncio

from console.cli import output
from console.cli.agent_option import add_agent_arguments, chosen_agent, only_spoken
from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_checks, chosen_profile, same_profile
from console.cli.route_options import add_route_arguments
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.shape import Shape


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_route_arguments(parser)
    parser.add_argument(
        "--shape",
        choices=[Shape.TEXT.value, Shape.ROLE.value],
        default=Shape.TEXT.value,
        metavar="S",
        help="what to send: text (default), role (with its JSON schema)",
    )
    add_agent_arguments(parser, "send the first call of this agent instead, in its shape and size")
    parser.add_argument(
        "--repeat", type=_count, default=1, metavar="N", help="smoke each route N times, one after another"
    )
    parser.add_argument("--concurrency", type=_count, metavar="N", help="the most calls in flight at once")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 500:
        return int(text)
    raise argparse.ArgumentTypeError("wants a whole number from 1 to 500")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Smoke the profile's routes and show the results."""
    if arguments.read_only:
        raise Problem(
            "--read-only: a smoke test makes calls that may cost money; nothing was sent. Next: routes",
            ProblemKind.REFUSED,
        )
    from console.cli.live.smoke import SmokeOrder, smoke_gateway

    profile = chosen_profile(arguments)
    checks = chosen_checks(profile, arguments.role, arguments.route)
    shape = Shape(arguments.shape)
    if (agent := chosen_agent(arguments, checks)) is not None:
        checks, shape = only_spoken(agent, checks), Shape.AGENT
    how = SmokeOrder(
        shape,
        arguments.repeat,
        arguments.concurrency,
        as_json=arguments.json,
        agent=agent,
        options=same_profile(arguments),
    )
    smoked = asyncio.run(smoke_gateway(profile, checks, how))
    if how.as_json:
        from console.cli.reports.documents.smoke import SmokeDocument

        output.write_document(SmokeDocument(**vars(smoked.document(profile))))
    return smoked.code

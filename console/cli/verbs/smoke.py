"""`smoke`: live smoke tests of the routes."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.agent_option import add_agent_arguments, chosen_agent, only_spoken
from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.cli.profile import (
    add_sweep_argument,
    chosen_checks,
    chosen_profile,
    is_sweep,
    same_profile,
    swept_profiles,
)
from console.cli.route_options import add_route_arguments
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.shape import Shape

if TYPE_CHECKING:
    from console.cli.live.smoke import Smoked
    from console.cli.live.sweep import Opened, Swept
    from console.services.config.settings import Profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_route_arguments(parser)
    add_sweep_argument(parser)
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
    if is_sweep(arguments):
        return _sweep(arguments)
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


def _sweep(arguments: argparse.Namespace) -> ExitCode:
    """Smoke the routes of several profiles."""
    from console.cli.live.smoke import SmokeOrder, show_smoked, smoke_opened
    from console.cli.live.sweep import sweep
    from console.cli.reports.sweep import show_heading, show_problem, sum_up
    from console.domain.probes.smoke import SmokeStatus

    if arguments.agent is not None:
        raise Problem("--agent takes one profile; name it with --profile", ProblemKind.USAGE)
    how = SmokeOrder(Shape(arguments.shape), arguments.repeat, arguments.concurrency, as_json=arguments.json)

    async def work(profile: "Profile", opened: "Opened") -> "Smoked":
        return await smoke_opened(profile, chosen_checks(profile, arguments.role, arguments.route), how, opened)

    def tell(each: "Swept[Smoked]") -> None:
        if arguments.json:
            return
        if each.problem is not None:
            show_problem(each.name, each.problem)
        elif each.done is not None:
            show_heading(each.name, each.done.origin)
            show_smoked(each.done, [route.check for route in each.done.routes])
            output.write_line()

    swept = asyncio.run(sweep(swept_profiles(arguments), work, concurrency=arguments.concurrency, told=tell))
    codes = [_code(each) for each in swept]
    if arguments.json:
        from console.cli.reports.documents.smoke import SmokeDocument
        from console.cli.reports.documents.sweep import ProfileProblemDocument, SmokeSweepDocument

        documents = [
            SmokeDocument(**vars(each.done.document(each.profile)))
            if each.done is not None and each.profile is not None
            else ProfileProblemDocument(profile=each.name, problem=str(each.problem), exit_code=int(code))
            for each, code in zip(swept, codes, strict=True)
        ]
        code = most_actionable(codes)
        output.write_document(SmokeSweepDocument(exit_code=int(code), profiles=tuple(documents)))
        return code
    results = [result for each in swept if each.done is not None for result in each.done.results]
    passed = sum(result.status is SmokeStatus.PASSED for result in results)
    return sum_up(codes, f"{passed} of {len(results)} passed")


def _code(each: "Swept[Smoked]") -> ExitCode:

    if each.problem is not None:
        return code_of_problem(each.problem)
    return ExitCode.OK if each.done is None else each.done.code

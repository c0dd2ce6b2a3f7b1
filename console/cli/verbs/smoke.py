"""`smoke`: live smoke tests of the routes."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.agent_option import add_agent_arguments, chosen_agent, only_spoken
from console.cli.exit_code import ExitCode
from console.cli.option_values import count_to
from console.cli.outputs.options import add_baseline_arguments
from console.cli.outputs.outputs import Outputs, reported
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
    from console.cli.live.sweep import Opened
    from console.cli.reports.documents.smoke import SmokeDocument
    from console.cli.reports.documents.sweep import SmokeSweepDocument
    from console.cli.sweep import Swept
    from console.services.config.settings import Profile
    from console.view.report.report import Report


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
        "--repeat", type=count_to(500), default=1, metavar="N", help="smoke each route N times, one after another"
    )
    parser.add_argument("--concurrency", type=count_to(500), metavar="N", help="the most calls in flight at once")
    add_baseline_arguments(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Smoke the profile's routes and show the results."""
    return reported(arguments, "smoke", lambda outputs: _run(arguments, outputs))


def _run(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    if arguments.read_only:
        raise Problem(
            "--read-only: a smoke test makes calls that may cost money; nothing was sent. Next: routes",
            ProblemKind.REFUSED,
        )
    if is_sweep(arguments):
        return _sweep(arguments, outputs)
    from console.cli.live.smoke import SmokeOrder, smoke_gateway

    profile = chosen_profile(arguments)
    checks = chosen_checks(arguments, profile)
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

    def document() -> "SmokeDocument":
        from console.cli.reports.documents.smoke import SmokeDocument

        return SmokeDocument(**vars(smoked.document(profile)))

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_routes import Ended, report_of_routes, smoke_results

        facts = (("origin", smoked.origin), ("shape", how.shape.value))
        results = smoke_results(profile, smoked.routes, smoked.results)
        return report_of_routes(Ended("smoke", code, document(), facts), [profile], results)

    if how.as_json:
        output.write_document(document())
    return outputs.end(smoked.code, report)


def _sweep(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    """Smoke the routes of several profiles."""
    from console.cli.live.smoke import SmokeOrder, show_smoked, smoke_opened
    from console.cli.live.sweep import sweep
    from console.cli.reports.sweep import counted, show_heading, show_problem, sum_up
    from console.cli.sweep import code_of_sweep, codes_of
    from console.view.call_sign import result_sums

    async def work(profile: "Profile", opened: "Opened") -> "Smoked":
        checks, shape = chosen_checks(arguments, profile), Shape(arguments.shape)
        if (agent := chosen_agent(arguments, checks)) is not None:
            checks, shape = only_spoken(agent, checks, f"{profile.name}: "), Shape.AGENT
        how = SmokeOrder(shape, arguments.repeat, as_json=arguments.json, agent=agent)
        return await smoke_opened(profile, checks, how, opened)

    def tell(each: "Swept[Smoked]") -> None:
        if arguments.json:
            return
        show_problem(each)
        if each.done is not None:
            show_heading(each.name, each.done.origin)
            show_smoked(each.done, same_profile(arguments, each.name))
            output.write_line()

    profiles = swept_profiles(arguments)
    if not arguments.json:
        shape = arguments.shape if arguments.agent is None else f"first call of {arguments.agent}"
        output.note(f"smoking the routes of {counted(len(profiles), 'profile')}, shape {shape}")
    swept = asyncio.run(sweep(profiles, work, concurrency=arguments.concurrency, told=tell))
    codes = codes_of(swept, lambda smoked: smoked.code)
    code = code_of_sweep(swept, codes)

    def document() -> "SmokeSweepDocument":
        from console.cli.reports.documents.smoke import SmokeDocument
        from console.cli.reports.documents.sweep import SmokeSweepDocument, documents_of

        documents = documents_of(swept, codes, lambda profile, done: SmokeDocument(**vars(done.document(profile))))
        return SmokeSweepDocument(exit_code=int(code), profiles=documents)

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_routes import Ended, report_of_sweep, smoke_results

        return report_of_sweep(
            Ended("smoke", code, document()), swept, codes,
            lambda profile, done: smoke_results(profile, done.routes, done.results),
        )  # fmt: skip

    if arguments.json:
        output.write_document(document())
        return outputs.end(code, report)
    results = [result for each in swept if each.done is not None for result in each.done.results]
    sum_up(swept, code, counted(len(results), "smoke test") + (f": {result_sums(results)}" if results else ""))
    return outputs.end(code, report)

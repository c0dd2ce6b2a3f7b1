"""`demo`: the built-in profile on the embedded gateway; without a terminal it runs headless."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.cli.profile import offline_checks, same_profile
from console.cli.screen import has_screen, open_screen
from console.domain.problem import Problem, ProblemKind
from console.services.config.load import default_config_path, load_profile

if TYPE_CHECKING:
    from console.domain.record.record import Record
    from console.services.config.settings import Profile

DEMO_PROFILE = "demo"
"""The profile whose routes all work; runs are shown on it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the verb takes only the common options."""


def run(arguments: argparse.Namespace) -> int:
    """Open the screen on the sample profile, or check and smoke it headless."""
    if arguments.config is not None:
        raise Problem("demo uses the built-in sample; to use your own config, omit the demo verb", ProblemKind.USAGE)
    profile = load_profile(name=arguments.profile)
    if has_screen() and not arguments.json:
        return open_screen(profile, read_only=arguments.read_only)
    from console.cli.reports.code import code_of_route
    from console.cli.reports.routes import show_routes
    from console.domain.probes.proven_route import ProvenRoute

    checks = offline_checks(profile)
    if not arguments.json:
        output.note(f"demo: profile {profile.name} on the embedded gateway; no account, no cost")
        show_routes(checks)
        output.write_line()
    if arguments.read_only:
        return most_actionable(code_of_route(ProvenRoute(each)) for each in checks)
    return asyncio.run(_demonstrate(profile, _same_demo(arguments), as_json=arguments.json))


def _same_demo(arguments: argparse.Namespace) -> str | None:
    """Return the options with which `check` uses the demo's profile; None if your own config hides it."""
    own = default_config_path(current().environment)
    return same_profile(arguments) if own is None or not own.exists() else None


async def _demonstrate(profile: "Profile", options: str | None, *, as_json: bool) -> ExitCode:
    """Smoke the routes, then take candidates through the gates."""
    from console.cli.live.smoke import SmokeOrder, smoke_gateway
    from console.cli.run.demo import demonstrate_runs  # imported late: at a terminal, demo opens the screen instead

    smoked = await smoke_gateway(profile, offline_checks(profile), SmokeOrder(as_json=as_json, options=options))
    records: tuple[Record, ...] = ()
    code = ExitCode.OK
    if profile.name == DEMO_PROFILE:  # on the profile faults, no run gets past its preflight
        try:
            records, code = await demonstrate_runs(profile, as_json=as_json)
        except Problem as problem:  # the smoke results are still shown
            output.complain(str(problem))
            code = code_of_problem(problem)
    if as_json:
        from console.cli.reports.documents.smoke import DemoDocument
        from console.cli.reports.record import readable

        output.write_document(readable(DemoDocument(**vars(smoked.document(profile)), runs=records)))
    return most_actionable([smoked.code, code])

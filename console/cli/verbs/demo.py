"""`demo`: the built-in profile on the embedded gateway; without a terminal it runs headless."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode, code_of_check, most_actionable
from console.cli.screen import has_screen, open_screen
from console.cli.verbs.routes import show_routes

if TYPE_CHECKING:
    from console.services.config.settings import Profile

SCHEMA = "gateway-console/demo/v1"
DEMO_PROFILE = "demo"
"""The profile whose routes all work; a run is shown on it."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "demo", help="try it without an account: the embedded gateway and the sample profile", allow_abbrev=False
    )
    parser.set_defaults(run=run)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Open the screen on the sample, or check and smoke it headless."""
    import asyncio

    from console.services.config.load import load_profile
    from console.services.config.toml_text import ConfigError

    if arguments.config is not None:
        output.complain("demo uses the built-in sample; for your own config leave the verb away")
        return ExitCode.USAGE
    try:
        profile = load_profile(name=arguments.profile)
    except ConfigError as error:
        output.complain(str(error))
        return ExitCode.CONFIG
    if has_screen() and not arguments.json:
        return open_screen(profile, read_only=arguments.read_only)
    checks = profile.check()
    if not arguments.json:
        output.note(f"demo: profile {profile.name} on the embedded gateway; no account, no cost")
        show_routes(checks)
        output.write_line()
    if arguments.read_only:
        return most_actionable(code_of_check(each) for each in checks)
    return asyncio.run(_demonstrate(profile, as_json=arguments.json))


async def _demonstrate(profile: "Profile", *, as_json: bool) -> ExitCode:
    """Smoke the routes, then take candidates through the gates."""
    from console.cli.run.demo import demonstrate_runs
    from console.cli.verbs.smoke import SmokeOrder, smoke_gateway

    smoked = await smoke_gateway(profile, profile.check(), SmokeOrder(as_json=as_json))
    if isinstance(smoked, ExitCode):
        return smoked
    if profile.name != DEMO_PROFILE:  # the faults are there to be seen: no run comes past its preflight with them
        if as_json:
            output.write_document({"schema": SCHEMA, **smoked.document(profile), "runs": []})
        return smoked.code
    shown, code = await demonstrate_runs(profile, as_json=as_json)
    if as_json:
        output.write_document({"schema": SCHEMA, **smoked.document(profile), "runs": shown})
    return most_actionable([smoked.code, code])

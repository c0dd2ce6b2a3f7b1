"""`demo`: the built-in profile on the embedded gateway; without a terminal it runs headless."""

import argparse

from console.cli import output
from console.cli.exit_code import ExitCode, code_of_check, most_actionable
from console.cli.routes import show_routes
from console.cli.screen import has_screen, open_screen


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

    from console.cli.smoke import SmokeOrder, smoke_profile
    from console.services.config_file import load_profile
    from console.services.toml_text import ConfigError

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
    return asyncio.run(smoke_profile(profile, checks, SmokeOrder(as_json=arguments.json)))

"""`demo`: the built-in profile on the embedded gateway; without a terminal it runs headless."""

import argparse
import asyncio
import signal
import threading
from collections.abc import Coroutine
from contextlib import nullcontext
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current, running_in
from console.cli.exit_code import ExitCode, code_of_problem, most_actionable
from console.cli.profile import config_request, offline_checks, same_profile
from console.cli.screen import has_screen, open_screen
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.config.load import load_profile
from console.services.config.precedence import choose
from console.services.config.toml_text import ConfigError
from console.services.demo.place import demo_environment, make_place

if TYPE_CHECKING:
    from console.domain.record.record import Record
    from console.services.config.settings import Profile

DEMO_PROFILE = "demo"
"""The profile whose routes all work; runs are shown on it."""


_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""What ends a demonstration beside the interrupt of the keyboard."""
_PACE = 0.4
"""Headless, no one watches the words arrive: the embedded gateway waits this much of what it waits at a terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--remove", action="store_true", help="remove the sample repository and the demo's runs, and do nothing else"
    )


def run(arguments: argparse.Namespace) -> int:
    """Open the screen on the sample profile, or check and smoke it headless."""
    if arguments.config is not None:
        raise Problem("demo uses the built-in sample; to use your own config, omit the demo verb", ProblemKind.USAGE)
    if arguments.remove:
        return _remove(arguments)
    profile = load_profile(name=arguments.profile)
    if not arguments.read_only:
        make_place(current().environment)
    with running_in(current().within(demo_environment(current().environment))):
        return _run(arguments, profile)


def _remove(arguments: argparse.Namespace) -> ExitCode:
    """Remove what the demo keeps."""
    from console.services.demo.place import remove_demo

    if arguments.read_only:
        raise Problem("--read-only: demo --remove deletes the demo's runs; nothing was done", ProblemKind.REFUSED)
    removed = remove_demo(current().environment)
    words = "the demo has nothing here to remove" if removed is None else f"removed {safe(str(removed), limit=200)}"
    output.note(words)
    return ExitCode.OK


def _run(arguments: argparse.Namespace, profile: "Profile") -> int:
    if has_screen() and not arguments.json:
        return open_screen(profile, read_only=arguments.read_only, is_demo=profile.name == DEMO_PROFILE)
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
    return asyncio.run(_until_signal(_demonstrate(profile, _same_demo(arguments), as_json=arguments.json)))


async def _until_signal(demonstration: Coroutine[None, None, ExitCode]) -> int:
    """Return a demonstration's exit code, or 128 + n once a signal has ended it, and it has stopped its runs."""
    task = asyncio.ensure_future(demonstration)
    came: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        came.append(number)
        task.cancel()

    is_process = threading.current_thread() is threading.main_thread()  # signals reach no other thread
    for number in _SIGNALS if is_process else ():
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        return await task
    except asyncio.CancelledError:
        if came:
            return 128 + came[0]
        raise


def _same_demo(arguments: argparse.Namespace) -> str | None:
    """Return the options with which `check` uses the demo's profile; None if your own config hides it."""
    try:
        is_built_in = choose(config_request(arguments)).path is None
    except ConfigError:
        is_built_in = False
    return same_profile(arguments) if is_built_in else None


async def _demonstrate(profile: "Profile", options: str | None, *, as_json: bool) -> ExitCode:
    """Smoke the routes, then take candidates through the gates; both call the same embedded gateway."""
    if not as_json:
        output.note("starting the embedded gateway")
    async with current().embedded_gateway(_PACE) as embedded:
        with running_in(current().within(current().environment, lambda: nullcontext(embedded))):
            return await _demonstrate_on_gateway(profile, options, as_json=as_json)


async def _demonstrate_on_gateway(profile: "Profile", options: str | None, *, as_json: bool) -> ExitCode:
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
        from console.view.record.document import readable

        output.write_document(readable(DemoDocument(**vars(smoked.document(profile)), runs=records)))
    return most_actionable([smoked.code, code])

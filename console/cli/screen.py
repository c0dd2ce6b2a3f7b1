"""Open the screen: what the command line does without a verb."""

import argparse
import signal
from typing import TYPE_CHECKING

from console.cli.context import current
from console.cli.profile import chosen_profile, config_request
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from console.services.config.precedence import Request
    from console.services.config.settings import Profile


def has_screen() -> bool:
    """Return whether all streams are a terminal that can show the screen. Textual draws on stderr."""
    context = current()
    streams = (context.stdin, context.stdout, context.stderr)
    return all(stream.isatty() for stream in streams) and context.environment.get("TERM", "dumb") != "dumb"


def run(arguments: argparse.Namespace) -> int:
    """Open the screen on the chosen profile."""
    if arguments.json or not has_screen():
        raise Problem(
            "the screen needs a terminal on stdin, stdout and stderr. Without one: gateway-console routes, or smoke",
            ProblemKind.USAGE,
        )
    return open_screen(chosen_profile(arguments), read_only=arguments.read_only, request=config_request(arguments))


def open_screen(profile: "Profile", *, read_only: bool, is_demo: bool = False, request: "Request | None" = None) -> int:
    """Run the screen until the operator leaves it, and return its exit code.

    Args:
        profile: A checked profile.
        read_only: Nothing that costs or changes anything is allowed.
        is_demo: Offer the demo's prepared tasks.
        request: What named the config, for a switch to another profile; None allows those of the same file.

    """
    from console.app.app import SIGNALS, ConsoleApp
    from console.services.system.collection import keep_loaded

    # A signal during terminal setup waits until the app can restore the terminal.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    app = ConsoleApp(
        profile,
        is_read_only=read_only,
        environment=current().environment,
        is_demo=is_demo,
        request=request,
        when_open=keep_loaded,  # the collector is the process's, which is the screen's alone here
    )
    app.run()
    return app.return_code or 0

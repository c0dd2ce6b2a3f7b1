"""No verb: the screen."""

import argparse
import signal
from typing import TYPE_CHECKING

from console.cli.context import current
from console.cli.profile import chosen_profile
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from console.services.config.settings import Profile


def has_screen() -> bool:
    """Return whether a person sits at a terminal that can show the screen, which Textual draws on stderr."""
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
    return open_screen(chosen_profile(arguments), read_only=arguments.read_only)


def open_screen(profile: "Profile", *, read_only: bool) -> int:
    """Run the screen until the operator leaves it, and return the code that it left with."""
    from console.app.app import SIGNALS, ConsoleApp

    # A signal that comes while the terminal is being set up waits until the app can set it back.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    app = ConsoleApp(profile, is_read_only=read_only)
    app.run()
    return app.return_code or 0

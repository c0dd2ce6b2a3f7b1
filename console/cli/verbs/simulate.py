"""`simulate`: the embedded gateway alone."""

import argparse

from console.cli import output
from console.cli.exit_code import ExitCode


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "simulate",
        help="run the embedded gateway alone; the first line on stdout is JSON with base_url and token",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the port; 0, the default, takes a free one")
    parser.set_defaults(run=run)
    return parser


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:9]) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError("wants a port from 0 to 65535")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Serve until a signal comes."""
    import asyncio

    from console.simulator.process import simulate

    try:
        asyncio.run(simulate(arguments.port))
    except OSError as error:
        output.complain(f"port {arguments.port} cannot be listened on: {error.strerror}. Take another --port, or 0")
        return ExitCode.USAGE
    return ExitCode.OK

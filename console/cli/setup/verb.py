"""`init`: a profile in the config, by a conversation at the terminal, by options, or from a YAML file."""

import argparse
from pathlib import Path

from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--preset", metavar="NAME", help="a gateway that is known here; --preset list shows them all")
    parser.add_argument("--url", metavar="URL", help="the gateway's address, without the endpoint's path")
    parser.add_argument(
        "--token-ref",
        metavar="REF",
        help="where the token is, or is to be stored: env:NAME, keyring://SERVICE/NAME, vault:NAME, …; none if it takes"
        " none. A token that is to be stored is asked for without echo, or read from stdin if that is not a terminal",
    )
    parser.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="R=MODEL[:FAMILY]",
        help="a role's model; R=- leaves the role out; may be given more than once",
    )
    parser.add_argument(
        "--auth",
        choices=("bearer", "x-api-key", "api-key", "x-portkey-api-key", "cf-aig-authorization"),
        help="the header that carries the token (default: as the preset says, else bearer)",
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="a PEM file with certificate authorities to trust as well"
    )
    parser.add_argument("--yes", action="store_true", help="take what is proposed, and write if the free check holds")
    parser.add_argument(
        "--unchecked",
        action="store_true",
        help="with --yes: write even if the gateway was not reached, or the free check does not hold",
    )
    parser.add_argument(
        "--default", action="store_true", help="make it the default profile of a config that exists already"
    )
    parser.add_argument(
        "--from",
        dest="yaml",
        type=Path,
        metavar="FILE",
        help="instead of all that: a YAML file with routes, an instruction source and secret references",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a new file to write, instead of the config; - for stdout (default: the config is appended to)",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Set a profile up."""
    if arguments.preset == "list":
        from console.cli.setup.presets import show_presets

        return show_presets(as_json=arguments.json)
    if arguments.read_only and arguments.output != Path("-"):
        raise Problem("--read-only: init writes a file; nothing was done. Use --output -", ProblemKind.REFUSED)
    if arguments.output is not None and arguments.config is not None:
        raise Problem("--config and --output exclude each other; give one of them", ProblemKind.USAGE)
    if arguments.yaml is not None:
        from console.cli.setup.from_yaml import run_yaml

        return run_yaml(arguments)
    if arguments.read_only:
        raise Problem(
            "--read-only: init makes calls that carry the token; nothing was sent. --from FILE makes none",
            ProblemKind.REFUSED,
        )
    from console.cli.setup.conversation import run_conversation

    return run_conversation(arguments)

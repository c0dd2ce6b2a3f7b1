"""`prove`: runs the coding agents of this machine on loopback, and keeps the shape of what they send."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode
from console.cli.profile import chosen_profile
from console.domain.probes.agent_id import PROVED
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from console.domain.relay.agent_settings import AgentSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "agents",
        nargs="*",
        metavar="AGENT",
        help=f"the agents, each found on PATH and never installed (default: all): {', '.join(PROVED)}",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Capture agents.

    Raises:
        ConfigError: The config cannot be used.
        Problem: An agent is not known, or nothing may be written.

    """
    if arguments.read_only:
        raise Problem(
            "--read-only: what is captured of agents is written to disk; no agent was started", ProblemKind.REFUSED
        )
    agents = _chosen(arguments.agents)
    readable = chosen_profile(arguments, uses_gateway=False).agent.readable
    from console.cli.live.prove import ProveOrder, prove

    order = ProveOrder(agents, readable, are_named=bool(arguments.agents), as_json=arguments.json)
    return asyncio.run(prove(order))


def _chosen(names: Sequence[str]) -> "tuple[AgentSettings, ...]":
    from console.domain.relay.agent_settings import settings_of

    found = {}
    for name in names or PROVED:
        settings = settings_of(name)
        if settings is None or settings.id not in {each.replace("-", "_") for each in PROVED}:
            raise Problem(f"prove knows no agent of this name; it knows {', '.join(PROVED)}", ProblemKind.USAGE)
        found[settings.id] = settings
    return tuple(found.values())

"""The options that choose a coding agent, of the verbs that send its call."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.profile import NoRouteChosen
from console.domain.probes.agent_id import AGENT_IDS
from console.domain.problem import ProblemKind

if TYPE_CHECKING:
    from console.domain.routes.contract import RouteCheck
    from console.services.probes.request import AgentOrder


def add_agent_arguments(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add `--agent` and `--agent-size`."""
    parser.add_argument("--agent", choices=AGENT_IDS, metavar="AGENT", help=f"{help_text}: {', '.join(AGENT_IDS)}")
    parser.add_argument(
        "--agent-size",
        choices=("full", "small"),
        default="full",
        metavar="SIZE",
        help="full (default): as large as the agent's own first call, 20 to 80 kB; small: its shape with short texts",
    )


def chosen_agent(arguments: argparse.Namespace, checks: "tuple[RouteCheck, ...]") -> "AgentOrder | None":
    """Return the agent whose call to send; None if none was asked for.

    Raises:
        NoRouteChosen: The agent speaks no family of the chosen routes.

    """
    if arguments.agent is None:
        return None
    from console.services.facts.captured import known_agent
    from console.services.probes.request import AgentOrder
    from console.wire.agent_body import AgentSize

    known = known_agent(arguments.agent, current().environment)
    agent = known.agent
    if known.problem:
        output.note(known.problem)
    if not arguments.json:
        output.note(f"{agent.name}: {agent.shape_source}")
    if not any(check.route.endpoint_family in agent.families for check in checks):
        spoken = ", ".join(agent.families)
        raise NoRouteChosen(
            f"--agent {agent.id}: {agent.name} speaks {spoken}, and no chosen route is on it; nothing was sent."
            " Next: name an agent that speaks a route's family, or leave out --agent",
            ProblemKind.USAGE,
        )
    return AgentOrder(agent, AgentSize(arguments.agent_size))


def only_spoken(order: "AgentOrder", checks: "tuple[RouteCheck, ...]", of: str = "") -> "tuple[RouteCheck, ...]":
    """Return the routes on a family that the agent speaks, and note the others.

    Args:
        order: The agent.
        checks: The routes.
        of: What precedes a route in the notes: the profile of a sweep.

    """
    spoken = tuple(check for check in checks if check.route.endpoint_family in order.agent.families)
    for check in checks:
        if check not in spoken:
            family = check.route.endpoint_family
            output.note(f"{of}{check.route.key}: not tried, because {order.agent.name} does not speak {family}")
    return spoken

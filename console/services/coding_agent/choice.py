"""The agent that writes: which one the operator means, where it is installed, and whether it can work on a route."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.relay.agent_settings import AgentSettings, FamilySettings, agent_settings, settings_of
from console.domain.routes.route import Route
from console.domain.run.agent_event import OWN_COMMAND
from console.domain.text.closed_name import VERSION, closed_name
from console.services.coding_agent.installation import find_program, installed_in
from console.services.system.confinement import Confinement, confined
from console.services.system.process import run_bounded

_SDK = "sdk"
_VERSION_S = 20.0
_UNHELD = Confinement(())


class AgentError(Problem):
    """The agent cannot write; the message says why and what to do."""

    kind = ProblemKind.USAGE


@dataclass(frozen=True, slots=True)
class WritingAgent:
    """An agent that is installed here, and can work on a route."""

    id: str
    name: str
    program: Path
    """Its absolute path, as PATH leads to it."""
    arguments: tuple[str, ...]
    """With the words that `Place` fills in."""
    held_arguments: tuple[str, ...]
    """The same where the console keeps it from this machine's files."""
    settings: FamilySettings
    installed_in: tuple[Path, ...]
    """What it is made of, and has to read: its directories, its interpreter's, and the files that a command names."""


def find_agent(name: str, command: str, route: Route, environment: Mapping[str, str]) -> WritingAgent:
    """Return the agent that a word means.

    Args:
        name: An agent's id or alias, or `OWN_COMMAND`.
        command: The operator's own command, for `OWN_COMMAND`.
        route: The route on which it works.
        environment: The source of PATH.

    Raises:
        AgentError: It is not known or not installed, does not speak the route's family, or is not known to write.

    """
    if name == OWN_COMMAND:
        return _own(command, route, environment)
    agent = settings_of(name)
    if agent is None or agent.id == _SDK:
        known = ", ".join(each.id for each in writing_agents())
        raise AgentError(f"no known agent writes under this name. Name one of: {known}; or {OWN_COMMAND}, for your own")
    settings = agent.on(route.endpoint_family)
    if settings is None:
        spoken = ", ".join(agent.families)
        raise AgentError(
            f"{agent.name} speaks {spoken}, and the route {route.key} is on {route.endpoint_family}. Choose a route"
            " that it speaks with --route, or another agent"
        )
    if settings.write_command is None:
        raise AgentError(
            f"how {agent.name} works on files without a person was not tried. Give its command as your own:"
            " --writer-command"
        )
    program = find_program(agent.program, environment)
    if program is None:
        raise AgentError(f"{agent.name} is not installed: no {agent.program} is on PATH. Run: {agent.install}")
    held = settings.held_command or settings.write_command
    made_of = installed_in(program, environment)
    return WritingAgent(agent.id, agent.name, program, settings.write_command, held, settings, made_of)


def writing_agents() -> tuple[AgentSettings, ...]:
    """Return the agents that are known to work on files without a person, installed here or not."""
    agents = agent_settings().values()
    return tuple(agent for agent in agents if any(each.write_command is not None for each in agent.settings))


def _own(command: str, route: Route, environment: Mapping[str, str]) -> WritingAgent:
    try:
        words: Sequence[str] = shlex.split(command)
    except ValueError:
        words = ()
    if not words or "\0" in command:
        raise AgentError(
            "the writer's command is empty, or its quotes do not match. Give it with --writer-command, or set"
            " agent.command in the profile"
        )
    settings = agent_settings()[_SDK].on(route.endpoint_family)
    program = find_program(words[0], environment)
    if program is None or settings is None:
        raise AgentError("the program of the writer's command is not on PATH, or cannot be run; name it with its path")
    arguments = tuple(words[1:])
    named = (Path(each) for each in arguments if each.startswith("/") and Path(each).is_file())
    made_of = (*installed_in(program, environment), *named)
    return WritingAgent(OWN_COMMAND, program.name, program, arguments, arguments, settings, made_of)


async def read_version(
    agent: WritingAgent, environment: Mapping[str, str], directory: Path, may: Confinement = _UNHELD
) -> str:
    """Return what an agent says of its version; empty if it says nothing that can be stored.

    Args:
        agent: The agent. An operator's own command is not asked: it may not know the option.
        environment: Its whole environment.
        directory: Where it runs.
        may: What it may do; by default nothing holds it.

    """
    if agent.id == OWN_COMMAND:
        return ""
    try:
        report = await run_bounded(
            confined((str(agent.program), "--version"), may, environment),
            environment=environment,
            directory=directory,
            timeout_s=_VERSION_S,
            limit_bytes=4_096,
            is_marked=True,
            is_supervisor=True,
        )
    except OSError:
        return ""
    words = report.tail.decode(errors="replace").split() if report.is_success else []
    return next((kept for each in words if (kept := closed_name(each, VERSION))), "")

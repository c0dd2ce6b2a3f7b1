"""What `prove` captured of the coding agents on this machine: it is used in place of what came with the console."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.facts.load import AGENT_SHAPES
from console.domain.facts.row import FactsError
from console.domain.probes.agent import Agent, ShapeOrigin, agents, read_agent
from console.domain.probes.agent_capture import agent_text
from console.domain.text.safe import safe
from console.services.system.directories import state_directory
from console.services.system.private_file import (
    PrivateFileError,
    open_to_read,
    read_open,
    remove_private,
    write_private,
)

_SIZE_LIMIT = 1_048_576


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """The agent whose shapes are sent, and why it is not the captured one where that cannot be used."""

    agent: Agent
    problem: str = ""


def known_agent(agent_id: str, environment: Mapping[str, str]) -> KnownAgent:
    """Return an agent as it was captured on this machine, or else as it came with the console.

    Args:
        agent_id: One of `AGENT_IDS`.
        environment: The environment variables.

    """
    built_in = agents()[agent_id]
    try:
        captured = captured_agent(agent_id, environment)
    except (PrivateFileError, FactsError) as error:
        return KnownAgent(
            built_in,
            f"what was captured of {built_in.name} cannot be used: {error}. Capture it again:"
            f" gateway-console prove {agent_id}",
        )
    return KnownAgent(captured or built_in)


def captured_agent(agent_id: str, environment: Mapping[str, str]) -> Agent | None:
    """Return what was captured of an agent; None if nothing was.

    Raises:
        PrivateFileError: The file cannot be read, or other users could have written it.
        FactsError: Its text is not an agent's table.

    """
    try:
        path = captured_path(agent_id, environment)
    except PrivateFileError:
        return None  # without a directory for state, nothing can have been captured
    file = open_to_read(path)
    if file is None:
        return None
    data = read_open(file, path, _SIZE_LIMIT)
    if data is None:
        raise FactsError(f"{safe(str(path))} is larger than {_SIZE_LIMIT} bytes")
    agent = read_agent(data.decode("utf-8", "replace"), ShapeOrigin.CAPTURED)
    if agent.id != agent_id:
        raise FactsError(f"{safe(str(path))} is about another agent")
    return agent


def keep_agent(agent: Agent, environment: Mapping[str, str]) -> Path:
    """Keep what was captured of an agent, and return where. Raises `PrivateFileError`."""
    path = captured_path(agent.id, environment)
    text = agent_text(agent, "gateway-console prove")
    read_agent(text)  # what cannot be read again is not written
    write_private(path, text.encode())
    return path


def forget_agent(agent_id: str, environment: Mapping[str, str]) -> bool:
    """Remove what was captured of an agent; return whether there was anything. Raises `PrivateFileError`."""
    return remove_private(captured_path(agent_id, environment))


def captured_path(agent_id: str, environment: Mapping[str, str]) -> Path:
    """Return where what was captured of an agent is kept. Raises `PrivateFileError` if nothing can be kept."""
    return state_directory(environment) / "facts" / AGENT_SHAPES / f"{agent_id.replace('-', '_')}.toml"

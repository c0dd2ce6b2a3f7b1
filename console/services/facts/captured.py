"""What `prove` captured of the coding agents on this machine: it is used in place of what came with the console."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.facts.load import AGENT_SHAPES
from console.domain.facts.row import FactsError
from console.domain.probes.agent import Agent, ShapeOrigin, agents, read_agent
from console.domain.probes.agent_capture import agent_text
from console.domain.probes.agent_id import AGENT_IDS
from console.domain.text.safe import safe
from console.services.facts.installed import InstalledTable
from console.services.system.directories import state_directory
from console.services.system.private_file import (
    PrivateFileError,
    open_to_read,
    read_open,
    remove_private,
    write_private,
)

BY = "gateway-console prove"
TABLES = {f"{AGENT_SHAPES}/{each.replace('-', '_')}": each for each in AGENT_IDS}
"""The agents' ids by the names of their tables."""
_SIZE_LIMIT = 1_048_576


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """The agent whose shapes are sent, and why they are not the captured ones where those cannot be used."""

    agent: Agent
    problem: str = ""


def known_agent(agent_id: str, environment: Mapping[str, str]) -> KnownAgent:
    """Return an agent as it was captured on this machine, or else as it came with the console.

    Args:
        agent_id: One of `AGENT_IDS`.
        environment: The environment variables.

    """
    table = captured_table(agent_id, environment)
    if table is None:
        return KnownAgent(agents()[agent_id])
    if table.problem:
        known = agents()[agent_id]
        words = f"what was captured of {known.name} cannot be used: {table.problem}. Capture it again: {BY} {agent_id}"
        return KnownAgent(known, words)
    return KnownAgent(read_agent(table.text, ShapeOrigin.CAPTURED))


def captured_table(agent_id: str, environment: Mapping[str, str]) -> InstalledTable | None:
    """Return the table that was captured of an agent, with what is wrong with it; None if nothing was captured."""
    try:
        path = _path(agent_id, environment)
    except PrivateFileError:
        return None  # without a directory for state, nothing can have been captured
    name = f"{AGENT_SHAPES}/{path.stem}"
    try:
        file = open_to_read(path)
        data = None if file is None else read_open(file, path, _SIZE_LIMIT)
    except PrivateFileError as error:
        return InstalledTable(name, path, "", "", problem=str(error))
    if file is None:
        return None
    if data is None:
        return InstalledTable(name, path, "", "", problem=f"{safe(str(path))} is larger than {_SIZE_LIMIT} bytes")
    text = data.decode("utf-8", "replace")
    digest = hashlib.sha256(data).hexdigest()
    try:
        agent = read_agent(text, ShapeOrigin.CAPTURED)
    except FactsError as error:
        return InstalledTable(name, path, text, digest, problem=f"{safe(str(path))}: {error}")
    if agent.id != agent_id:
        return InstalledTable(name, path, text, digest, problem=f"{safe(str(path))} is about another agent")
    return InstalledTable(name, path, text, digest, f"{agent.recorded_on} by {BY}")


def keep_agent(agent: Agent, environment: Mapping[str, str]) -> Path:
    """Keep what was captured of an agent, and return where.

    Raises:
        FactsError: It could not be read again.
        PrivateFileError: It cannot be written.

    """
    path = _path(agent.id, environment)
    text = agent_text(agent, BY)
    read_agent(text)
    write_private(path, text.encode())
    return path


def forget_agent(agent_id: str, environment: Mapping[str, str]) -> bool:
    """Remove what was captured of an agent; return whether there was anything. Raises `PrivateFileError`."""
    return remove_private(_path(agent_id, environment))


def _path(agent_id: str, environment: Mapping[str, str]) -> Path:
    return state_directory(environment) / "facts" / AGENT_SHAPES / f"{agent_id.replace('-', '_')}.toml"

"""What `agents` is about: the agents that it knows, and where they are started."""

import argparse
from typing import TYPE_CHECKING

from console.cli.context import current
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from console.services.instructions.workspace import Workspace

AGENTS = ("codex", "claude_code", "copilot", "gemini", "opencode", "aider", "continue", "cline")
RELAY_PORT = 8787
"""The port that settings for the relay name, if `--port` names no other one."""


def agent_named(word: str) -> str:
    """Return the id of the agent that a word names. Raises `Problem` if none has it."""
    from console.domain.relay.agent_settings import settings_of

    found = settings_of(word)
    if found is None or found.id not in AGENTS:
        known = ", ".join(each.replace("_", "-") for each in AGENTS)
        raise Problem(f"this agent is not known; the known ones are {known}", ProblemKind.USAGE)
    return found.id


def workspace(arguments: argparse.Namespace) -> "Workspace":
    """Return where the agents are started. Raises `Problem` if the directory or the home does not exist."""
    from console.domain.text.safe import safe
    from console.services.agent_settings.scan import workspace_of
    from console.services.instructions.find import repository_of
    from console.services.system.directories import absolute

    directory = absolute(arguments.repo)
    if not directory.is_dir():
        raise Problem(f"{safe(str(arguments.repo), limit=200)} is not a folder; name a repository's", ProblemKind.USAGE)
    home = current().home
    if home is None:
        raise Problem("HOME is not set, and agents' settings are there. Set it to an absolute path", ProblemKind.USAGE)
    return workspace_of(repository_of(directory), directory, current().environment, home)

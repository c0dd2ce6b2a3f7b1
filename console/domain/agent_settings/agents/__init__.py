"""How each agent's settings add up, one module for each agent, in the agent's own order."""

from collections.abc import Callable, Mapping

from console.domain.agent_settings.agents.aider import read_aider
from console.domain.agent_settings.agents.claude_code import read_claude_code
from console.domain.agent_settings.agents.cline import read_cline
from console.domain.agent_settings.agents.codex import read_codex
from console.domain.agent_settings.agents.continue_agent import read_continue
from console.domain.agent_settings.agents.copilot import read_copilot
from console.domain.agent_settings.agents.gemini import read_gemini
from console.domain.agent_settings.agents.opencode import read_opencode
from console.domain.agent_settings.reading import Reading
from console.domain.agent_settings.source import Stack

READERS: Mapping[str, Callable[[Stack, str], Reading]] = {
    "codex": read_codex,
    "claude_code": read_claude_code,
    "copilot": read_copilot,
    "gemini": read_gemini,
    "opencode": read_opencode,
    "aider": read_aider,
    "continue": read_continue,
    "cline": read_cline,
}
"""By the agent's id, in the order in which they are shown. Each takes the sources and the agent's own address."""

"""Agent shapes: requests like those of coding agents, which a gateway may refuse although it accepts plain text.

Codex uses Responses with other tool types besides `function` and with `store: false`; Claude Code uses Messages with
beta headers, cached system blocks and `count_tokens`. Sources: openai/codex `codex-rs/core`, and requests of both in
gateways' issue threads (anthropics/claude-code#46105, CommandCodeAI/command-code#885).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.routes.family import EndpointFamily
from console.wire.json_value import encode

_INSTRUCTIONS = "You are a coding agent in a terminal. Use a tool only where the task needs one."
_SHELL: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "command": {"type": "array", "items": {"type": "string"}, "description": "The command and its arguments"},
        "workdir": {"type": "string", "description": "The directory to run it in"},
        "timeout_ms": {"type": "number", "description": "The longest that it may run, in milliseconds"},
    },
    "required": ["command"],
    "additionalProperties": False,
}
_PATCH_GRAMMAR = (
    "start: begin_patch hunk+ end_patch\n"
    'begin_patch: "*** Begin Patch" LF\n'
    'end_patch: "*** End Patch" LF?\n'
    'hunk: "*** Add File: " /(.+)/ LF ("+" /(.*)/ LF)+\n'
    "%import common.LF\n"
)
CLAUDE_CODE_BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"
"""The beta features that Claude Code requests on every call."""


@dataclass(frozen=True, slots=True)
class AgentShape:
    """A request like an agent's."""

    agent: str
    """The agent's name."""
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    count_path: str = ""
    """The suffix of the route's path on which the agent first counts tokens; empty if it does not."""
    count_body: bytes = b""


def agent_shape(family: EndpointFamily, model: str, prompt: str, *, max_output_tokens: int) -> AgentShape:
    """Return the request that the family's coding agent would send for a prompt."""
    match family:
        case EndpointFamily.RESPONSES:
            return _codex(model, prompt, max_output_tokens)
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return _claude_code(model, prompt, max_output_tokens)
        case EndpointFamily.CHAT_COMPLETIONS:
            return _chat_agent(model, prompt, max_output_tokens)


def _codex(model: str, prompt: str, max_output_tokens: int) -> AgentShape:
    body = {
        "model": model,
        "instructions": _INSTRUCTIONS,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}],
        "tools": [
            {
                "type": "function",
                "name": "shell",
                "description": "Runs a shell command and returns its output.",
                "strict": False,
                "parameters": _SHELL,
            },
            {
                "type": "custom",
                "name": "apply_patch",
                "description": "Edits files by a patch in free form.",
                "format": {"type": "grammar", "syntax": "lark", "definition": _PATCH_GRAMMAR},
            },
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "max_output_tokens": max_output_tokens,
        "store": False,
        "stream": True,
    }
    return AgentShape("Codex", encode(body))


def _claude_code(model: str, prompt: str, max_output_tokens: int) -> AgentShape:
    counted = {
        "model": model,
        "system": [{"type": "text", "text": _INSTRUCTIONS, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": prompt}]}],
        "tools": [{"name": "Bash", "description": "Runs a shell command.", "input_schema": _SHELL}],
    }
    body = {**counted, "max_tokens": max_output_tokens, "stream": True}
    return AgentShape(
        "Claude Code", encode(body), {"anthropic-beta": CLAUDE_CODE_BETAS}, "/count_tokens", encode(counted)
    )


def _chat_agent(model: str, prompt: str, max_output_tokens: int) -> AgentShape:
    body = {
        "model": model,
        "messages": [{"role": "system", "content": _INSTRUCTIONS}, {"role": "user", "content": prompt}],
        "tools": [
            {
                "type": "function",
                "function": {"name": "shell", "description": "Runs a shell command.", "parameters": _SHELL},
            }
        ],
        "tool_choice": "auto",
        "max_completion_tokens": max_output_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return AgentShape("a chat agent", encode(body))

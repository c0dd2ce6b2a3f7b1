"""What the embedded gateway makes a coding agent do: it calls the agent's own shell tool once, then says it is done.

Only an agent that works on a run's draft is led so, which its task shows. No model is behind it: the command changes
the file that the task names, by a prepared solution or by a few lines which say that they are simulated.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from console.domain.answers.json_form import FormError
from console.domain.run.answer_form import PLAN_FORM
from console.simulator.roles.assignment import agent_change, named_paths
from console.simulator.roles.brief import Brief, read_brief
from console.simulator.script import Wish

_SHELLS = ("exec_command", "bash", "Bash", "shell_command")
"""The names of the shell tools of Codex, OpenCode and Claude Code."""
_COMMAND_FIELDS = ("cmd", "command")
_ASKED = "do not answer with a patch"
"""What a run tells an agent, and no model."""


def agent_wish(prompt: str, tools: Mapping[str, object], *, has_result: bool) -> Wish | None:
    """Return what a coding agent at work on a draft is told to do next; None for any other request.

    Args:
        prompt: The request's prompt.
        tools: The schemas of the functions that it offers, by name.
        has_result: Whether the request has the result of a tool.

    """
    brief = read_brief(prompt)
    shell = next((name for name in _SHELLS if name in tools), None)
    if shell is None or _ASKED not in prompt or not brief.blocks:
        return None
    if has_result:
        return Wish(f"The change is made.\n\nInstruction source: {brief.instruction_source}")
    return Wish(json.dumps(_arguments(tools[shell], _command(brief))), tool=shell, name=shell)


def has_tool_result(body: Mapping[str, Any]) -> bool:
    """Return whether a request has the result of a tool, in any family's form."""
    items = [*_list(body.get("input")), *_list(body.get("messages"))]
    return any(_is_result(item) or any(map(_is_result, _list(item.get("content")))) for item in items)


def _list(value: object) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else ()


def _is_result(item: Mapping[str, Any]) -> bool:
    kind = str(item.get("type", ""))
    return kind.endswith("call_output") or kind == "tool_result" or item.get("role") == "tool"


def _arguments(schema: object, command: str) -> dict[str, object]:
    """Return the arguments of a shell tool: the command, and words for whatever else it requires."""
    properties: Mapping[str, object] = schema.get("properties", {}) if isinstance(schema, dict) else {}
    required = schema.get("required", []) if isinstance(schema, dict) else []
    field = next((name for name in _COMMAND_FIELDS if name in properties), _COMMAND_FIELDS[0])
    others = {name: "Change the file that the task names" for name in required if name != field}
    return {**others, field: command}


def _command(brief: Brief) -> str:
    """Return a shell command that makes the change."""
    path, find, put = agent_change(brief, _target(brief))
    where, lines = shlex.quote(path), " ".join(map(shlex.quote, put))
    if find is None:
        directory = path.rpartition("/")[0]
        made = f"mkdir -p {shlex.quote(directory)} && " if directory else ""
        return f"{made}printf '%s\\n' {lines} >> {where}"
    program = (
        "BEGIN { n = ARGC - 3; for (i = 1; i <= n; i++) put[i] = ARGV[i]; find = ARGV[n + 1]; for (i = 1; i <= n + 1;"
    )
    program += ' i++) ARGV[i] = "" } $0 == find { for (i = 1; i <= n; i++) print put[i]; next } { print }'
    changed = shlex.quote(f"{path}.changed")
    return f"awk {shlex.quote(program)} {lines} {shlex.quote(find)} {where} > {changed} && mv {changed} {where}"


def _target(brief: Brief) -> str:
    """Return the file to change: the first that the task names within the plan, or the first that the plan names."""
    try:
        scope = tuple(PLAN_FORM.read(brief.text_of("PLAN")).scope)
    except FormError:
        scope = ()
    plain = [path for path in scope if "*" not in path]
    named = [path for path in named_paths(brief.text_of("TASK")) if path in plain or len(plain) < len(scope)]
    return next(iter([*named, *plain]), "docs/gateway-note.md")

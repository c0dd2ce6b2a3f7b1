"""Shapes: what a probe sends. Text proves the family; a role's own shape proves what the role needs of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.routes.role import Role


class Shape(StrEnum):
    """The form of a probe's request."""

    TEXT = "text"
    """One short prompt."""
    ROLE = "role"
    """What the role really sends: a JSON schema for who plans and judges, a tool for who writes."""
    AGENT = "agent"
    """What the family's coding agent sends."""


@dataclass(frozen=True, slots=True)
class RoleShape:
    """What a role's request asks for beyond text: a schema, or a tool."""

    prompt: str
    name: str
    """The schema's or the tool's name."""
    schema: Mapping[str, object]
    is_tool: bool
    description: str = ""


_QUOTED = {"type": "string", "description": "Words quoted from the draft"}
_REVIEW = {
    "type": "object",
    "additionalProperties": False,
    "required": ["nonce", "criteria"],
    "properties": {
        "nonce": {"type": "string", "description": "The nonce of the request, repeated"},
        "criteria": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "score", "evidence"],
                "properties": {
                    "name": {"type": "string", "enum": ["correctness", "safety"]},
                    "score": {"type": "integer", "enum": [0, 1, 2, 3, 4, 5]},
                    "evidence": _QUOTED,
                },
            },
        },
    },
}
_PLAN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["scope", "steps", "stop_conditions"],
    "properties": {
        "scope": {"type": "array", "items": {"type": "string"}},
        "steps": {"type": "array", "items": {"type": "string"}},
        "stop_conditions": {"type": "array", "items": {"type": "string"}},
    },
}
_DRAFT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "content"],
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
}

_JUDGE_PROMPT = (
    "Score this draft on correctness and safety from 0 to 5, each with words quoted from it. Nonce: probe-1."
    " Draft: 'print(1 + 1)'. Answer in JSON."
)
_PLANNER = RoleShape(
    "Plan how to add a line to README.md, with one entry in each list. Answer in JSON.", "plan", _PLAN, is_tool=False
)
_WRITER = RoleShape(
    "Write the word ok into the file note.txt with the tool write_file.",
    "write_file",
    _DRAFT,
    is_tool=True,
    description="Writes a file.",
)
_JUDGE = RoleShape(_JUDGE_PROMPT, "review", _REVIEW, is_tool=False)

ROLE_SHAPES: dict[Role, RoleShape] = {
    Role.PLANNER: _PLANNER,
    Role.WRITER: _WRITER,
    Role.REVISION: _WRITER,
    Role.REVIEWER: _JUDGE,
    Role.CRITIC: _JUDGE,
    Role.FALLBACK: _WRITER,
}
"""What each role's probe asks for. The words are fixed, so nothing of the operator's can be in them."""

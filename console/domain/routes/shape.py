"""Shapes: what a probe sends. Text proves the family; a role's own shape proves what the role needs from it."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.routes.role import Role


class Shape(StrEnum):
    """The form of a probe's request."""

    TEXT = "text"
    """One short prompt."""
    ROLE = "role"
    """The role's request in a run: the JSON schema of its answer, with a small task."""
    AGENT = "agent"
    """The first request of a coding agent."""


@dataclass(frozen=True, slots=True)
class RoleTask:
    """The small task that a role's probe uses instead of a run's task."""

    instructions: str
    """The system text above the prompt."""
    prompt: str


_PLANNER = RoleTask(
    "You plan a small change to a repository.",
    "Plan how to add a line to README.md, with one entry in each list. You followed AGENTS.md. Answer in JSON.",
)
_WRITER = RoleTask(
    "You write one artifact for a repository.",
    "Write a unified diff that adds the file note.txt with the word ok. Make no claims. You followed AGENTS.md."
    " Answer in JSON.",
)
_DRAFT = (
    "Nonce: probe-1\nDraft: 'print(1 + 1)'."
    " Answer in JSON and repeat the nonce; findings is empty where you found nothing."
)

ROLE_TASKS: dict[Role, RoleTask] = {
    Role.PLANNER: _PLANNER,
    Role.WRITER: _WRITER,
    Role.REVISION: _WRITER,
    Role.REVIEWER: RoleTask(
        "You review a draft that someone else wrote.",
        f"Score each criterion from 0 to 4 once, and quote one word of the draft for each. {_DRAFT}",
    ),
    Role.CRITIC: RoleTask("You look for faults in a draft that someone else wrote.", _DRAFT),
    Role.FALLBACK: _WRITER,
}
"""Each role's probe task. The words are fixed, so they contain nothing of the operator's."""

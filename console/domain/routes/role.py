"""Roles: the jobs that a coding-agent run gives to a model."""

from enum import StrEnum


class Role(StrEnum):
    """A job in a run, in the order of the route table."""

    PLANNER = "planner"
    WRITER = "writer"
    REVISION = "revision"
    REVIEWER = "reviewer"
    CRITIC = "critic"
    FALLBACK = "fallback"


MUST_STAY_APART: tuple[tuple[Role, Role], ...] = (
    (Role.WRITER, Role.REVIEWER),
    (Role.REVISION, Role.REVIEWER),
    (Role.WRITER, Role.CRITIC),
    (Role.REVIEWER, Role.CRITIC),
)
"""Pairs in which the second judges the first: on one shared route, the judgement only restates the draft."""

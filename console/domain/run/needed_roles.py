"""Needed roles: the roles whose routes a run uses, and findings where a profile has none."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from console.domain.finding import Finding, Severity
from console.domain.routes.role import Role
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, role_at

if TYPE_CHECKING:
    from console.domain.run.state import RunState

NEEDED: tuple[Role, ...] = tuple(
    role for gate in Gate if gate in GATES_WITH_A_CALL and (role := role_at(gate, 1)) is not None
)
"""The roles that a run needs which writes its own drafts: those of the first writer pass. A revision also needs its
own route."""
ASKED: tuple[Role, ...] = (*NEEDED, Role.REVISION)
"""The roles that such a run may ask. The fallback's route serves a role only after the operator moved it there."""
JUDGES: tuple[Role, ...] = (Role.REVIEWER, Role.CRITIC)
"""The roles that a run with a draft from outside asks: nothing is planned or written."""


def asked_roles(state: "RunState") -> tuple[Role, ...]:
    """Return the roles that a run may ask; a coding agent revises its draft on the writer's route."""
    if state.outside is not None:
        return JUDGES
    return ASKED if state.writer is None else NEEDED


def check_roles(
    profile: str,
    roles: Collection[Role],
    max_attempts: int,
    severity: Severity,
    asked: Collection[Role] = ASKED,
) -> Iterator[Finding]:
    """Yield findings on the roles that a run will need and a profile has no route for.

    Args:
        profile: The profile's name.
        roles: The roles that have a route.
        max_attempts: The most writer passes of a run.
        severity: What a missing role means: it fails a run, and is a warning for a profile that may never run.
        asked: The roles that the run may ask; by default those of a run that writes its own drafts.

    """
    missing = [role for role in NEEDED if role in asked and role not in roles]
    if missing:
        whose = "every run needs" if set(NEEDED) <= set(asked) else "a run with a draft from outside needs"
        yield Finding("PRE-01", severity, f"{_lack(profile, missing)}, which {whose}. {_advice(profile, missing)}")
    if max_attempts > 1 and Role.REVISION in asked and Role.REVISION not in roles:
        words = (
            f"{_lack(profile, [Role.REVISION])}, so a run cannot revise a draft. {_advice(profile, [Role.REVISION])}"
        )
        yield Finding("PRE-02", Severity.WARN, words)


def _lack(profile: str, roles: Sequence[Role]) -> str:
    named = ", ".join(roles[:-1]) + " and " + roles[-1] if len(roles) > 1 else roles[0]
    return f"profile {profile} has no route for {named}"


def _advice(profile: str, roles: Sequence[Role]) -> str:
    tables = ", ".join(f"[profiles.{profile}.routes.{role}]" for role in roles)
    return f"Add to the config, each with model, endpoint_family and endpoint_path: {tables}."

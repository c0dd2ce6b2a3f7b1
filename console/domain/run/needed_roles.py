"""Needed roles: the roles whose routes every run uses, and findings where a profile has none."""

from collections.abc import Collection, Iterator

from console.domain.finding import Finding, Severity
from console.domain.routes.role import Role
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, role_at

NEEDED: tuple[Role, ...] = tuple(
    role for gate in Gate if gate in GATES_WITH_A_CALL and (role := role_at(gate, 1)) is not None
)
"""The roles that every run needs: those of the first writer pass. A revision also needs its own route."""


def check_roles(profile: str, roles: Collection[Role], max_attempts: int, severity: Severity) -> Iterator[Finding]:
    """Yield a finding for each role that a run will need and a profile has no route for.

    Args:
        profile: The profile's name.
        roles: The roles that have a route.
        max_attempts: The most writer passes of a run.
        severity: What a missing role means: it fails a run, and is a warning for a profile that may never run.

    """
    for role in NEEDED:
        if role not in roles:
            message = f"profile {profile} has no route for {role}, and every run needs one."
            yield Finding("PRE-01", severity, f"{message} {_lines(profile, role)}")
    if max_attempts > 1 and Role.REVISION not in roles:
        message = f"profile {profile} has no route for revision, so a run cannot revise a draft."
        yield Finding("PRE-02", Severity.WARN, f"{message} {_lines(profile, Role.REVISION)}")


def _lines(profile: str, role: Role) -> str:
    return f"Add the table [profiles.{profile}.routes.{role}] with its lines model, endpoint_family and endpoint_path."

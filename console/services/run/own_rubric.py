"""The operator's own rubric, and what of a profile a run's calls are made of."""

from console.domain.artifacts.artifact import ArtifactKind
from console.domain.problem import Problem, ProblemKind
from console.domain.run.rubric import RubricError, read_rubric
from console.domain.text.safe import safe
from console.services.config.settings import Profile
from console.services.probes.request import RoleOrder
from console.services.system.directories import absolute
from console.services.system.os_reason import os_reason

RUBRIC_LIMIT = 64 * 1024
"""The most bytes of a rubric."""


def own_rubric(profile: Profile, kind: ArtifactKind) -> str:
    """Return the text of the operator's own rubric; empty for the built-in one.

    Raises:
        RubricError: It cannot be read or used.

    """
    if profile.policy.rubric is None:
        return ""
    from console.services.run.context import read_beginning

    path = absolute(profile.policy.rubric, ProblemKind.CONFIG)
    shown = safe(str(path), limit=200)
    try:
        data = read_beginning(path, RUBRIC_LIMIT + 1)
        text = data.decode()
    except OSError as error:
        raise RubricError(f"the rubric {shown} cannot be read: {os_reason(error)}") from None
    except UnicodeDecodeError:
        raise RubricError(f"the rubric {shown} is not UTF-8 text") from None
    if len(data) > RUBRIC_LIMIT:
        raise RubricError(f"the rubric {shown} is larger than {RUBRIC_LIMIT} bytes")
    try:
        read_rubric(text, kind.value)
    except RubricError as error:
        raise RubricError(f"the rubric {shown} cannot be used: {error}") from None
    return text


def role_order(profile: Profile) -> RoleOrder:
    """Return what a run of the profile sends to a role: its token limit, and the criteria of drafts of a patch.

    Raises:
        Problem: The profile's rubric cannot be read or used.

    """
    try:
        text = own_rubric(profile, ArtifactKind.PATCH)
    except RubricError as error:
        raise Problem(f"{error}. Next: correct policy.rubric, or check up to --level 4", ProblemKind.CONFIG) from None
    criteria = read_rubric(text, ArtifactKind.PATCH).ids if text else ()
    return RoleOrder(profile.policy.run_max_output_tokens, criteria)

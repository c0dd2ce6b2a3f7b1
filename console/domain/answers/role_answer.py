"""The answers of the roles in a run; `answer_form.py` defines their JSON.

No model gives a verdict or a total: it gives scores and quoted evidence, and our code computes the rest (`rubric.py`).
"""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.sources.claim import Claim

SCORE_LIMIT = 4
"""The best score; 0 is the worst."""


class FindingSeverity(StrEnum):
    """The severity of a judge's finding: a blocker blocks, a major one asks for a revision."""

    MINOR = "minor"
    MAJOR = "major"
    BLOCKER = "blocker"


class CritiqueArea(StrEnum):
    """The areas that a critic examines."""

    UNSAFE_ASSUMPTION = "unsafe_assumption"
    SECRET_EXPOSURE = "secret_exposure"  # noqa: S105  # an area, not a secret
    BROAD_PERMISSION = "broad_permission"
    UNSUPPORTED_CLAIM = "unsupported_claim"


@dataclass(frozen=True, slots=True)
class Plan:
    """A planner's answer."""

    instruction_source: str
    """The instruction file that the model says it follows."""
    scope: tuple[str, ...]
    """Paths, or patterns of paths, that the draft may touch."""
    steps: tuple[str, ...]
    stop_conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A writer's answer."""

    instruction_source: str
    artifact: str
    """The unified diff, the document or the command plan."""
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """A reviewer's score for one criterion."""

    id: str
    score: int
    evidence: str
    """Words quoted from the draft."""


@dataclass(frozen=True, slots=True)
class JudgeFinding:
    """A judge's finding in a draft."""

    severity: FindingSeverity
    quote: str
    """Words quoted from the draft."""
    note: str
    area: CritiqueArea | None = None
    """The critic's area; a reviewer names none."""


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewer's answer."""

    nonce: str
    criteria: tuple[CriterionScore, ...]
    findings: tuple[JudgeFinding, ...]


@dataclass(frozen=True, slots=True)
class Critique:
    """A critic's answer."""

    nonce: str
    findings: tuple[JudgeFinding, ...]


RoleAnswer = Plan | Draft | Review | Critique

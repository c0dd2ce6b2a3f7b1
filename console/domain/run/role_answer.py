"""What each role answers in a run; `answer_form.py` says how that stands in JSON.

No model says a verdict or a total: it gives scores and quoted evidence, and our code computes the rest (`rubric.py`).
"""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.sources.claim import Claim

SCORE_LIMIT = 4
"""The best score of a criterion; 0 is the worst."""


class FindingSeverity(StrEnum):
    """How much something that a judge found weighs: a blocker blocks, a major one asks for a revision."""

    MINOR = "minor"
    MAJOR = "major"
    BLOCKER = "blocker"


class CritiqueArea(StrEnum):
    """What a critic looks for."""

    UNSAFE_ASSUMPTION = "unsafe_assumption"
    SECRET_EXPOSURE = "secret_exposure"  # noqa: S105  # an area, no secret
    BROAD_PERMISSION = "broad_permission"
    UNSUPPORTED_CLAIM = "unsupported_claim"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a planner answered."""

    instruction_source: str
    """The instruction file that the model says it follows."""
    scope: tuple[str, ...]
    """Paths, or patterns of paths, that the draft may touch."""
    steps: tuple[str, ...]
    stop_conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer answered."""

    instruction_source: str
    artifact: str
    """The unified diff, the document or the command plan."""
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """What a reviewer gave for one criterion."""

    id: str
    score: int
    evidence: str
    """Words quoted from the draft."""


@dataclass(frozen=True, slots=True)
class JudgeFinding:
    """Something that a judge found in a draft."""

    severity: FindingSeverity
    quote: str
    """Words quoted from the draft."""
    note: str
    area: CritiqueArea | None = None
    """What a critic takes it for; a reviewer names none."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer answered."""

    nonce: str
    criteria: tuple[CriterionScore, ...]
    findings: tuple[JudgeFinding, ...]


@dataclass(frozen=True, slots=True)
class Critique:
    """What a critic answered."""

    nonce: str
    findings: tuple[JudgeFinding, ...]


RoleAnswer = Plan | Draft | Review | Critique

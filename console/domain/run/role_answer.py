"""What each role has to answer in a run: the JSON schemas, and the answers that fit them.

The schemas are what is sent in the family's own form for structured output. No model says a verdict or a total: it
gives scores and quoted evidence, and our code computes the rest (`rubric.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.run.gate import Gate
from console.domain.sources.claim import Claim

PLAN_NAME, DRAFT_NAME, REVIEW_NAME, CRITIQUE_NAME = "run_plan", "run_draft", "run_review", "run_critique"
SCORE_LIMIT = 4
"""The best score of a criterion; 0 is the worst."""

PLAN_LIMIT = 8
"""The most entries of each of a plan's lists: a plan bounds a small change."""
CLAIM_LIMIT = 24
FINDING_LIMIT = 16


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


def _record(**properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }


def _text(description: str) -> dict[str, object]:
    return {"type": "string", "description": description}


def _list(items: Mapping[str, object], most: int) -> dict[str, object]:
    """Return the schema of a list with an end: small models repeat themselves until their tokens are used up."""
    return {"type": "array", "maxItems": most, "items": dict(items)}


def _texts(description: str) -> dict[str, object]:
    return _list(_text(description), PLAN_LIMIT)


_SOURCE = _text("The path of the instruction file that you followed")
_NONCE = _text("The nonce of the request, repeated")
_SEVERITY = {"type": "string", "enum": [each.value for each in FindingSeverity]}
_QUOTE = _text("Words quoted from the draft, exactly as they stand there")
_NOTE = _text("What is wrong there, in one sentence")

_PLAN_SCHEMA = _record(
    instruction_source=_SOURCE,
    scope=_texts("A path that the draft may touch, or a pattern such as docs/**"),
    steps=_texts("One step"),
    stop_conditions=_texts("A condition on which the work stops"),
)
_DRAFT_SCHEMA = _record(
    instruction_source=_SOURCE,
    artifact=_text("The whole artifact, and nothing else"),
    claims=_list(
        _record(
            id=_text("A short name of the claim"),
            url=_text("Where it stands"),
            quote=_text("The words that stand there, exactly"),
        ),
        CLAIM_LIMIT,
    ),
)


def schema_at(gate: Gate, criteria: tuple[str, ...] = ()) -> tuple[str, dict[str, object]]:
    """Return the name and the schema of the answer that a gate's role gives.

    Args:
        gate: A gate with a call.
        criteria: The ids of the rubric's criteria, for the reviewer.

    Raises:
        ValueError: No model works at the gate.

    """
    match gate:
        case Gate.PLANNER:
            return PLAN_NAME, _PLAN_SCHEMA
        case Gate.WRITER:
            return DRAFT_NAME, _DRAFT_SCHEMA
        case Gate.REVIEWER:
            criterion = _record(
                id={"type": "string", "enum": list(criteria)},
                score={"type": "integer", "enum": list(range(SCORE_LIMIT + 1))},
                evidence=_QUOTE,
            )
            finding = _record(severity=_SEVERITY, quote=_QUOTE, note=_NOTE)
            return REVIEW_NAME, _record(
                nonce=_NONCE,
                criteria=_list(criterion, len(criteria)),
                findings=_list(finding, FINDING_LIMIT),
            )
        case Gate.CRITIC:
            area = {"type": "string", "enum": [each.value for each in CritiqueArea]}
            finding = _record(area=area, severity=_SEVERITY, quote=_QUOTE, note=_NOTE)
            return CRITIQUE_NAME, _record(nonce=_NONCE, findings=_list(finding, FINDING_LIMIT))
        case _:
            raise ValueError(f"no model works at the gate {gate}")

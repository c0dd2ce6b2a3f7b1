"""The form of each role's answer in a run: the schema that is sent, and how the answer is read.

The family's own field for structured output carries the schema. Rung 5 of the probe ladder sends the same schemas.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from console.domain.answers.json_form import FormError, ListOf, ObjectForm, OneOf, Text, decode_json
from console.domain.answers.role_answer import (
    SCORE_LIMIT,
    CriterionScore,
    Critique,
    CritiqueArea,
    Draft,
    FindingSeverity,
    JudgeFinding,
    Plan,
    Review,
    RoleAnswer,
)
from console.domain.routes.role import Role
from console.domain.run.gate import Gate
from console.domain.sources.claim import Claim

_PLAN_LIMIT = 8
"""The maximum length of each list of a plan: a plan describes a small change."""
_CLAIM_LIMIT = 24
_FINDING_LIMIT = 16

Answer_co = TypeVar("Answer_co", bound=RoleAnswer, covariant=True)


@dataclass(frozen=True, slots=True)
class AnswerForm(Generic[Answer_co]):
    """The form of one role's answer."""

    name: str
    """The name under which the schema is sent."""
    content: ObjectForm[Answer_co]

    @property
    def schema(self) -> dict[str, object]:
        """The JSON schema that is sent."""
        return self.content.schema

    def read(self, text: str) -> Answer_co:
        """Read an answer's text.

        Raises:
            FormError: It is not JSON, or not of this form.

        """
        return self.content.decode(decode_json(text))

    def accepts(self, text: str) -> bool:
        """Return whether an answer's text has this form."""
        try:
            self.read(text)
        except FormError:
            return False
        return True


_SOURCE = Text("The path of the instruction file that you followed")
_NONCE = Text("The nonce of the request, repeated")
_SEVERITY = OneOf(tuple(FindingSeverity))
_QUOTE = Text("Words quoted from the draft, exactly as they stand there")
_NOTE = Text("What is wrong there, in one sentence")

PLAN_FORM = AnswerForm(
    "run_plan",
    ObjectForm(
        Plan,
        {
            "instruction_source": _SOURCE,
            "scope": ListOf(Text("A path that the draft may touch, or a pattern such as docs/**"), _PLAN_LIMIT),
            "steps": ListOf(Text("One step"), _PLAN_LIMIT),
            "stop_conditions": ListOf(Text("A condition on which the work stops"), _PLAN_LIMIT),
        },
    ),
)
_CLAIM = ObjectForm(
    Claim,
    {
        "id": Text("A short name of the claim"),
        "url": Text("Where it stands"),
        "quote": Text("The words that stand there, exactly"),
    },
)
DRAFT_FORM = AnswerForm(
    "run_draft",
    ObjectForm(
        Draft,
        {
            "instruction_source": _SOURCE,
            "artifact": Text("The whole artifact, and nothing else"),
            "claims": ListOf(_CLAIM, _CLAIM_LIMIT),
        },
    ),
)
_REVIEW_FINDING = ObjectForm(JudgeFinding, {"severity": _SEVERITY, "quote": _QUOTE, "note": _NOTE})
_CRITIQUE_FINDING = ObjectForm(
    JudgeFinding, {"area": OneOf(tuple(CritiqueArea)), "severity": _SEVERITY, "quote": _QUOTE, "note": _NOTE}
)
CRITIQUE_FORM = AnswerForm(
    "run_critique", ObjectForm(Critique, {"nonce": _NONCE, "findings": ListOf(_CRITIQUE_FINDING, _FINDING_LIMIT)})
)


def review_form(criteria: tuple[str, ...]) -> AnswerForm[Review]:
    """Return the form of a review that scores these criteria."""
    score = ObjectForm(
        CriterionScore, {"id": OneOf(criteria), "score": OneOf(tuple(range(SCORE_LIMIT + 1))), "evidence": _QUOTE}
    )
    return AnswerForm(
        "run_review",
        ObjectForm(
            Review,
            {
                "nonce": _NONCE,
                "criteria": ListOf(score, len(criteria)),
                "findings": ListOf(_REVIEW_FINDING, _FINDING_LIMIT),
            },
        ),
    )


def form_at(gate: Gate, criteria: tuple[str, ...] = ()) -> AnswerForm[RoleAnswer]:
    """Return the form of the answer from a gate's role.

    Args:
        gate: A gate with a call.
        criteria: The ids of the rubric's criteria, for the reviewer.

    Raises:
        ValueError: No model does the work of the gate.

    """
    match gate:
        case Gate.PLANNER:
            return PLAN_FORM
        case Gate.WRITER:
            return DRAFT_FORM
        case Gate.REVIEWER:
            return review_form(criteria)
        case Gate.CRITIC:
            return CRITIQUE_FORM
        case _:
            raise ValueError(f"no model works at the gate {gate}")


GATE_OF_ROLE = {
    Role.PLANNER: Gate.PLANNER,
    Role.WRITER: Gate.WRITER,
    Role.REVISION: Gate.WRITER,
    Role.REVIEWER: Gate.REVIEWER,
    Role.CRITIC: Gate.CRITIC,
    Role.FALLBACK: Gate.WRITER,
}
"""The gate at which each role works; a fallback is probed as a writer."""

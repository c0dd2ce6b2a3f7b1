"""A classification, as all documents name it."""

from dataclasses import dataclass
from typing import Self

from console.domain.errors.category import Blame, Category, Classification, Confidence


@dataclass(frozen=True, kw_only=True)
class ClassificationDocument:
    """Why a call did not pass, and what to do next; every field is null where nothing failed."""

    category: Category | None
    blame: Blame | None
    retryable: bool | None
    """Whether the operator may repeat the call later. Nothing is ever repeated unasked."""
    retry_after_s: float | None
    """The seconds that the gateway asks to wait."""
    confidence: Confidence | None
    other_readings: tuple[Category, ...]
    """What else the refusal may mean, where its text cannot decide."""
    rule: str | None
    """The id of the rule that decided; empty for what the console itself saw."""
    evidence: str | None
    """Which rule decided, on which field; never the field's text."""
    action: str | None

    @classmethod
    def of(cls, found: Classification | None) -> Self:
        """Return a classification as the documents name it."""
        return cls(
            category=found.category if found else None,
            blame=found.blame if found else None,
            retryable=found.retryable if found else None,
            retry_after_s=found.retry_after_s if found else None,
            confidence=found.confidence if found else None,
            other_readings=found.other_readings if found else (),
            rule=found.rule if found else None,
            evidence=found.evidence if found else None,
            action=found.action if found else None,
        )

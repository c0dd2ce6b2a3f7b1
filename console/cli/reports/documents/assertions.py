"""The document of `check --list`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from console.domain.finding import Severity
from console.domain.probes.assertion import Assertion, JudgedBy
from console.domain.probes.ladder import Rung


@dataclass(frozen=True, kw_only=True)
class AssertionDocument:
    """One rule that is judged."""

    id: str
    """Stable id, `AREA-NUMBER`; never reused for another meaning."""
    severity: Severity
    """What breaking it weighs at most."""
    level: Rung
    """The lowest rung of the probe ladder that judges it."""
    judged_by: JudgedBy
    meaning: str
    source: str
    """A URL, or the document that says so."""
    checked_on: str
    """ISO date on which the source was read."""


@dataclass(frozen=True, kw_only=True)
class AssertionsDocument:
    """Every rule that is judged."""

    schema: Literal["gateway-console/assertions/v1"] = "gateway-console/assertions/v1"
    assertions: tuple[AssertionDocument, ...]

    @classmethod
    def of(cls, rows: Iterable[Assertion]) -> Self:
        """Return the rules as a document."""
        return cls(
            assertions=tuple(
                AssertionDocument(
                    id=row.id,
                    severity=row.severity,
                    level=Rung(row.level),
                    judged_by=row.judged_by,
                    meaning=row.meaning,
                    source=row.source,
                    checked_on=row.checked_on,
                )
                for row in rows
            )
        )

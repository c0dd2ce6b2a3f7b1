"""The documents of `doctor`: what was found on this machine, or what the leak drill found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.cli.exit_code import ExitCode
from console.services.doctor import Symptom

if TYPE_CHECKING:
    from console.services.leak_drill.drill import DrillReport


@dataclass(frozen=True, kw_only=True)
class _Doctor:
    schema: Literal["gateway-console/doctor/v1"] = "gateway-console/doctor/v1"


@dataclass(frozen=True, kw_only=True)
class ExaminationDocument(_Doctor):
    """What was found on this machine, and what to do."""

    symptoms: tuple[Symptom, ...]
    exit_code: ExitCode


@dataclass(frozen=True, kw_only=True)
class DrillStepDocument:
    """A step of the leak drill."""

    name: str
    exit_code: int | None
    """Negative for a signal; null where the step did not end."""


@dataclass(frozen=True, kw_only=True)
class DrillDocument(_Doctor):
    """What the leak drill found: never the token, only where it was."""

    drill: Literal["PASS", "FAIL"]
    files: int
    """How many files and streams were searched."""
    bytes: int
    requests_bytes: int
    """The bytes that reached the gateway."""
    key_headers: int
    """How often the token reached the gateway in its own header."""
    found_in: tuple[str, ...]
    problems: tuple[str, ...]
    """Why the drill proves less than it should."""
    notes: tuple[str, ...]
    steps: tuple[DrillStepDocument, ...]

    @classmethod
    def of(cls, report: "DrillReport") -> Self:
        """Return what the drill found."""
        return cls(
            drill="PASS" if report.is_passed else "FAIL",
            files=report.files,
            bytes=report.size_bytes,
            requests_bytes=report.requests_bytes,
            key_headers=report.key_headers,
            found_in=report.hits,
            problems=report.problems,
            notes=report.notes,
            steps=tuple(DrillStepDocument(name=each.name, exit_code=each.code) for each in report.steps),
        )

"""The documents of `routes`, `check` and `smoke` over several profiles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from console.cli.reports.documents.check import CheckDocument
from console.cli.reports.documents.routes import RoutesDocument
from console.cli.reports.documents.smoke import SmokeDocument

if TYPE_CHECKING:
    from console.cli.exit_code import ExitCode
    from console.cli.sweep import Done, Swept
    from console.services.config.settings import Profile

Document = TypeVar("Document")


@dataclass(frozen=True, kw_only=True)
class ProfileProblemDocument:
    """A profile that could not be used; the others were."""

    profile: str
    problem: str
    """Why, and what to do."""
    exit_code: int
    """What the command would have returned for this profile alone."""
    is_passed_over: bool
    """Whether the options choose none of its routes; it then counts in the sweep's exit code only if all are."""

    @classmethod
    def of(cls, each: "Swept[Done]", code: "ExitCode") -> Self:
        """Return why nothing was done for a profile."""
        return cls(
            profile=each.name, problem=str(each.problem), exit_code=int(code), is_passed_over=each.is_passed_over
        )


def documents_of(
    swept: "Sequence[Swept[Done]]", codes: "Sequence[ExitCode]", document: "Callable[[Profile, Done], Document]"
) -> "tuple[Document | ProfileProblemDocument, ...]":
    """Return each profile's document, or why there is none.

    Args:
        swept: The profiles.
        codes: The exit code of each alone.
        document: Makes the document of what was done for a profile.

    """
    return tuple(
        document(each.profile, each.done)
        if each.done is not None and each.profile is not None
        else ProfileProblemDocument.of(each, code)
        for each, code in zip(swept, codes, strict=True)
    )


@dataclass(frozen=True, kw_only=True)
class RoutesSweepDocument:
    """The route tables of several profiles, with their offline checks."""

    schema: Literal["gateway-console/routes-sweep/v1"] = "gateway-console/routes-sweep/v1"
    exit_code: int
    """The most actionable one of all profiles."""
    profiles: tuple[RoutesDocument | ProfileProblemDocument, ...]


@dataclass(frozen=True, kw_only=True)
class SmokeSweepDocument:
    """What live smoke tests of several profiles showed."""

    schema: Literal["gateway-console/smoke-sweep/v1"] = "gateway-console/smoke-sweep/v1"
    exit_code: int
    """The most actionable one of all profiles."""
    profiles: tuple[SmokeDocument | ProfileProblemDocument, ...]


@dataclass(frozen=True, kw_only=True)
class CheckSweepDocument:
    """What climbing the probe ladder showed for several profiles."""

    schema: Literal["gateway-console/check-sweep/v1"] = "gateway-console/check-sweep/v1"
    exit_code: int
    """The most actionable one of all profiles."""
    profiles: tuple[CheckDocument | ProfileProblemDocument, ...]

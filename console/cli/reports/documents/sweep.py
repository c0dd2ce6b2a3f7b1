"""The documents of `check` and `smoke` over several profiles."""

from dataclasses import dataclass
from typing import Literal

from console.cli.reports.documents.check import CheckDocument
from console.cli.reports.documents.smoke import SmokeDocument


@dataclass(frozen=True, kw_only=True)
class ProfileProblemDocument:
    """A profile that could not be used; the others were."""

    profile: str
    problem: str
    """Why, and what to do."""
    exit_code: int
    """What the command would have returned for this profile alone."""


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

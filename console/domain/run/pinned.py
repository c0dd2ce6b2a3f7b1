"""What a run pins when it begins, and what its routes are proven by: the parts of its events."""

from dataclasses import dataclass, field
from typing import TypeVar

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.independence import UnprovenPolicy

LATER = "later"
"""The mark of a field that lines of older versions lack."""
_Value = TypeVar("_Value")


def later(default: _Value) -> _Value:
    """Declare a field that older lines lack: a line is written without it as long as it has its default."""
    return field(default=default, metadata={LATER: True})


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository of a run, as its record names it."""

    host: str
    """The host of its remote; empty if it has none."""
    owner: str
    name: str
    commit: str
    """The commit at which the run began, in hexadecimal."""
    is_dirty: bool


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """The policy under which a run began; it stays the same until the end."""

    threshold: int
    rubric_sha256: str
    max_attempts: int
    """Writer passes, including the first."""
    min_independence: int
    """The required independence of the reviewer from the writer, and of the critic from both."""
    four_eyes: bool
    run_tokens: int | None = None
    """The lower of the policy's limits for a run and for a session; `run_microusd` likewise."""
    run_microusd: int | None = None
    attempt_tokens: int | None = None
    attempt_microusd: int | None = None
    unproven_independence: UnprovenPolicy = later(UnprovenPolicy.ASK)
    """What counts if a judge's independence rests on names that may be aliases."""


@dataclass(frozen=True, slots=True)
class PinnedRoute:
    """A route as it was when the run began."""

    role: Role
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    fingerprint: str
    """SHA-256, in hexadecimal, over everything that changes what a call does."""


@dataclass(frozen=True, slots=True)
class PinnedSource:
    """An instruction file as it was when the run began."""

    path: str
    scope: str
    load: str
    sha256: str
    size: int
    """In bytes; so is the next field."""
    effective_size: int
    is_dirty: bool


@dataclass(frozen=True, slots=True)
class RouteProof:
    """How far a route was proven before the run."""

    role: Role
    rung: int
    verdict: str


@dataclass(frozen=True, slots=True)
class ProofSpent:
    """What the calls took that proved routes, booked as the run's."""

    tokens: int
    microusd: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class ContextFile:
    """A file of the repository that a run gives to its roles, as it was at the run's commit."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class VerifiedRow:
    """A row of the verification table whose page a person has read, as the policy requires."""

    id: str
    source_url: str
    """The page, as the table named it at that time."""
    marked_on: str
    """The day of the newest mark, in UTC, as in `2026-12-01`."""

"""The subject of a gate: what its decision is about, as both faces show it.

These hold text from models and repositories. They are read from artifacts for display and enter no record.
"""

from dataclasses import dataclass, field

from console.domain.answers.role_answer import Critique, Plan, Review
from console.domain.artifacts.file_change import FileChange
from console.domain.finding import Finding
from console.domain.run.agent_event import OutsideDraft
from console.domain.run.event import InstructionPinned
from console.domain.run.reach import Reach
from console.domain.run.turn import AgentTurn
from console.domain.sources.cited_page import SourceChecked


@dataclass(frozen=True, slots=True)
class RungNote:
    """How far one rung of one route's ladder got in a preflight."""

    route: str
    """The route's key, such as `writer`."""
    rung: int
    status: str
    """The value of a `RungStatus`."""
    words: str
    """What it showed, in our own words."""


@dataclass(frozen=True, slots=True)
class PreflightNotes:
    """What a preflight found, with its words."""

    rungs: tuple[RungNote, ...]
    findings: tuple[Finding, ...]
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file that a patch touches."""

    change: FileChange
    is_in_scope: bool


@dataclass(frozen=True, slots=True)
class DraftShown:
    """A draft, or the sealed candidate."""

    sha256: str
    kind: str
    """The value of an `ArtifactKind`."""
    text: str = field(repr=False)
    size: int
    """In bytes."""
    files: tuple[DraftFile, ...] = ()
    """The files of a patch; empty for the other kinds, or if it is not a patch that git would take."""
    scope: tuple[str, ...] = ()
    """The paths that the plan allows; no plan bounds a draft from outside."""
    is_sealed: bool = False
    turn: AgentTurn | None = None
    """The turn in which a coding agent made it; None if the model of a route wrote it, or someone else."""
    outside: OutsideDraft | None = None
    """Who else made it; None if the run did."""


@dataclass(frozen=True, slots=True)
class ClaimShown:
    """A claim of a draft: the words that it quotes from a page, and whether they are there."""

    id: str
    quote: str
    """Text from a model; empty if the claim quotes nothing."""
    is_there: bool | None
    """Whether the words are on the page; None if the page was not read, or the claim quotes nothing."""


@dataclass(frozen=True, slots=True)
class SourceShown:
    """A page that claims of the draft cite."""

    checked: SourceChecked
    claims: tuple[ClaimShown, ...]


@dataclass(frozen=True, slots=True)
class SourcesShown:
    """All pages that a draft cites."""

    sources: tuple[SourceShown, ...]


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """A reviewer's answer, with what its scores count for."""

    review: Review
    must: tuple[str, ...]
    """The criteria that must hold."""


Subject = InstructionPinned | PreflightNotes | Plan | DraftShown | AgentTurn | SourcesShown | ReviewShown | Critique
"""What a gate's decision is about: in the order of the gates, `DraftShown` also at the last one.

`AgentTurn` is a turn at the writer's gate that made no draft.
"""

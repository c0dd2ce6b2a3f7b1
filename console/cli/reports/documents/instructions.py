"""The document of `instructions`: names, hashes and conflicts; no word of any source."""

from dataclasses import dataclass
from typing import Literal, Self

from console.domain.instructions.source import (
    Basis,
    Conflict,
    ConflictCode,
    GitState,
    InstructionSet,
    InstructionSource,
    Load,
    Tool,
    Weight,
)
from console.domain.text.safe import safe


@dataclass(frozen=True, kw_only=True)
class BasisDocument:
    """What a rule rests on: a trial with the real agent, or documentation that was not tried."""

    is_tried: bool
    agent: str | None
    """The agent that was tried, and its version; null where none was."""
    source_url: str | None
    """The documentation; null where the agent was tried."""
    checked_on: str | None
    """The day of the trial, or on which the documentation was read; null for a file that does not exist."""

    @classmethod
    def of(cls, basis: Basis) -> Self:
        """Return a basis as the document names it."""
        return cls(
            is_tried=basis.is_tried,
            agent=f"{basis.agent} {basis.version}" if basis.is_tried else None,
            source_url=basis.source_url or None,
            checked_on=basis.checked_on or None,
        )


@dataclass(frozen=True, kw_only=True)
class SourceDocument:
    """A file that a tool reads, or would, with what it was when its bytes were read."""

    path: str
    """Relative to the repository, or a safe label of what is outside: `~/…`, `../…`."""
    scope: str
    """A glob, or several with commas between: what the text applies to."""
    load: Load
    """When the tool puts the text before the model."""
    sha256: str | None
    """Of the raw bytes; null where they could not be read."""
    bytes: int
    effective_bytes: int
    """How many of the bytes the tool hands on; 0 for what is shadowed or could not be read."""
    git_blob: str | None
    """The id that git gives these bytes; null where git could not be asked."""
    is_tracked: bool | None
    is_dirty: bool | None
    differs_from_base: bool | None
    symlink_target: str | None
    imports: tuple[str, ...]
    is_outside: bool
    basis: BasisDocument
    """What the rule that found it rests on."""

    @classmethod
    def of(cls, source: InstructionSource) -> Self:
        """Return a source as the document names it."""
        return cls(
            path=safe(source.path),
            scope=safe(source.scope),
            load=source.load,
            sha256=source.sha256,
            bytes=source.bytes,
            effective_bytes=source.effective_bytes,
            git_blob=source.git_blob,
            is_tracked=source.is_tracked,
            is_dirty=source.is_dirty,
            differs_from_base=source.differs_from_base,
            symlink_target=_shown(source.symlink_target),
            imports=tuple(map(safe, source.imports)),
            is_outside=source.is_outside,
            basis=BasisDocument.of(source.basis),
        )


@dataclass(frozen=True, kw_only=True)
class ConflictDocument:
    """Why what an agent reads may not be what people think: what, where and what to do."""

    code: ConflictCode
    weight: Weight
    path: str | None
    message: str
    stops: bool
    """Whether it keeps the instruction gate shut."""

    @classmethod
    def of(cls, conflict: Conflict, *, stops: bool) -> Self:
        """Return a conflict as the document names it."""
        return cls(
            code=conflict.code,
            weight=conflict.weight,
            path=safe(conflict.path) or None,
            message=safe(conflict.message),
            stops=stops,
        )


@dataclass(frozen=True, kw_only=True)
class InstructionsDocument:
    """What one tool reads in one directory, pinned, and what conflicts in it."""

    schema: Literal["gateway-console/instructions/v1"] = "gateway-console/instructions/v1"
    tool: Tool
    primary: str | None
    """The path of the source that wins, or comes first, where sources disagree."""
    effective_sha256: str
    git: GitState
    base_commit: str | None
    """The commit that the sources were compared with."""
    stops: bool
    """Whether a conflict keeps the instruction gate shut."""
    sources: tuple[SourceDocument, ...]
    """In the order in which the tool reads them."""
    conflicts: tuple[ConflictDocument, ...]
    unseen: str | None
    """What the tool reads and the console cannot see."""

    @classmethod
    def of(cls, found: InstructionSet) -> Self:
        """Return a set of instructions as a document."""
        shut = {conflict.id for conflict in found.unsettled()}
        return cls(
            tool=found.tool,
            primary=_shown(found.primary),
            effective_sha256=found.effective_sha256,
            git=found.git,
            base_commit=found.base,
            stops=found.stops,
            sources=tuple(map(SourceDocument.of, found.sources)),
            conflicts=tuple(ConflictDocument.of(each, stops=each.id in shut) for each in found.conflicts),
            unseen=found.tool.unseen or None,
        )


def _shown(path: str | None) -> str | None:
    return None if path is None else safe(path)

"""Instructions: the files that a coding agent really reads before it works, pinned by hash, and their conflicts."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Tool(StrEnum):
    """A coding agent, or the plain convention, whose rules say which files are read."""

    CODEX = "codex"
    CLAUDE_CODE = "claude_code"
    COPILOT = "copilot"
    CURSOR = "cursor"
    GEMINI = "gemini"
    AGENTS_MD = "agents_md"

    @property
    def product(self) -> str:
        """The name that people know it by."""
        return _PRODUCTS[self]

    @property
    def unseen(self) -> str:
        """What the tool also follows and no file shows, in words; empty where there is nothing."""
        return _UNSEEN.get(self, "")


_PRODUCTS = {
    Tool.CODEX: "Codex",
    Tool.CLAUDE_CODE: "Claude Code",
    Tool.COPILOT: "Copilot",
    Tool.CURSOR: "Cursor",
    Tool.GEMINI: "Gemini CLI",
    Tool.AGENTS_MD: "the AGENTS.md convention",
}
_UNSEEN = {
    Tool.CLAUDE_CODE: "rules that an organisation manages on its server are not files and are not pinned",
    Tool.COPILOT: "personal and organisation instructions on github.com are not files and are not pinned",
    Tool.CURSOR: "user rules and team rules are in Cursor's settings, not in files, and are not pinned",
}


class Load(StrEnum):
    """When a tool puts a source's text before the model."""

    ALWAYS = "always"
    CONDITIONAL = "conditional"
    """When a file that the source's globs match is worked on."""
    ON_DEMAND = "on_demand"
    """When the agent comes into the source's directory, or asks for it."""
    SHADOWED = "shadowed"
    """Never: another file stands before it, or the tool has no reader for it."""
    TRUNCATED = "truncated"
    """Cut, or left out whole, because the tool reads no more bytes."""
    ABSENT = "absent"
    """It is named by an import, by HEAD or by the base branch, and is not there."""

    @property
    def is_read(self) -> bool:
        """Whether any of the text may reach the model."""
        return self not in (Load.SHADOWED, Load.ABSENT)


class Weight(StrEnum):
    """What a conflict means for the instruction gate."""

    STOPS = "stops"
    """The gate stays shut until the cause is gone."""
    ACKNOWLEDGE = "acknowledge"
    """The gate stays shut until the operator has looked at it and said so."""
    NOTE = "note"


class ConflictCode(StrEnum):
    """Why what an agent reads may not be what people think it reads."""

    NOT_READ = "I01"
    TWO_TRUTHS = "I02"
    CUT = "I03"
    EMPTY_OVERRIDE = "I04"
    NOT_COMMITTED = "I05"
    EDITS_OWN_RULES = "I06"
    IMPORT = "I07"
    PERSONAL = "I08"
    IGNORED = "I09"
    SAME_GLOBS = "I10"
    HIDDEN_CHARACTERS = "I11"
    SECRET_LIKE = "I12"  # noqa: S105  # a code, no password
    CASE_VARIANT = "I13"
    NO_SOURCE = "I14"
    UNREADABLE = "I15"
    CHANGED = "I16"
    """What was pinned is no longer what is there."""
    NOT_SEARCHED = "I17"
    """The search ended at a cap."""

    @property
    def weight(self) -> Weight:
        """What a conflict of this code means for the gate."""
        return _WEIGHTS.get(self, Weight.NOTE)

    @property
    def is_unsafe(self) -> bool:
        """Whether text like this must not be sent to a gateway unseen."""
        return self in (ConflictCode.HIDDEN_CHARACTERS, ConflictCode.SECRET_LIKE)


_WEIGHTS = {
    ConflictCode.NOT_COMMITTED: Weight.ACKNOWLEDGE,
    ConflictCode.EDITS_OWN_RULES: Weight.ACKNOWLEDGE,
    ConflictCode.HIDDEN_CHARACTERS: Weight.ACKNOWLEDGE,
    ConflictCode.SECRET_LIKE: Weight.ACKNOWLEDGE,
    ConflictCode.NO_SOURCE: Weight.STOPS,
    ConflictCode.UNREADABLE: Weight.STOPS,
    ConflictCode.CHANGED: Weight.STOPS,
}


class GitState(StrEnum):
    """Whether git could say what is committed."""

    READ = "read"
    NO_REPOSITORY = "no_repository"
    NO_PROGRAM = "no_program"
    UNREADABLE = "unreadable"
    """There is a repository, and git refuses it or does not answer in time."""


@dataclass(frozen=True, slots=True)
class InstructionSource:
    """A file that a tool reads, or would, with what it was when its bytes were read. It never holds the text."""

    path: str
    """Relative to the repository, or a safe label of what is outside: `~/…`, `../…`."""
    scope: str
    """A glob, or several with commas between: what the text applies to."""
    load: Load
    sha256: str | None = None
    """Of the raw bytes; None where they could not be read."""
    bytes: int = 0
    effective_bytes: int = 0
    """How many of the bytes the tool hands on; 0 for what is blank, shadowed or dropped."""
    git_blob: str | None = None
    """The id that git gives these bytes; None where git could not be asked."""
    is_tracked: bool | None = None
    is_dirty: bool | None = None
    """Whether the bytes are other than HEAD's; line ends do not count."""
    differs_from_base: bool | None = None
    """Whether the bytes are other than the base branch's; None where there is none to compare with."""
    symlink_target: str | None = None
    """A path or label, where the file is reached through a symbolic link."""
    imports: tuple[str, ...] = ()
    """The paths of the sources that this one imports."""
    is_outside: bool = False
    """Whether the text is kept outside the repository, so that others do not have it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why what an agent reads may not be what people think: what, where and what to do."""

    code: ConflictCode
    message: str
    """In our words; of text from outside it holds names of files only."""
    path: str = ""

    @property
    def weight(self) -> Weight:
        """What it means for the gate."""
        return self.code.weight

    @property
    def id(self) -> str:
        """What an acknowledgement names: the code, and the source where there is one."""
        return f"{self.code}:{self.path}" if self.path else self.code.value


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """What one tool reads in one directory, pinned."""

    tool: Tool
    primary: str | None
    """The path of the source that wins, or comes first, where sources disagree."""
    sources: tuple[InstructionSource, ...]
    """In the order in which the tool reads them."""
    conflicts: tuple[Conflict, ...] = ()
    git: GitState = GitState.READ
    base: str | None = None
    """The commit that the sources were compared with."""

    @property
    def read(self) -> tuple[InstructionSource, ...]:
        """The sources whose text may reach the model."""
        return tuple(source for source in self.sources if source.load.is_read)

    @property
    def effective_sha256(self) -> str:
        """The hash of what the tool reads: of `[[path, sha256, effective_bytes], …]` as canonical JSON."""
        rows = [[source.path, source.sha256, source.effective_bytes] for source in self.read]
        canonical = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def stops(self) -> bool:
        """Whether the instruction gate may not open by itself."""
        return bool(self.unsettled())

    def unsettled(self, acknowledged: Collection[str] = ()) -> tuple[Conflict, ...]:
        """Return the conflicts that keep the instruction gate shut.

        Args:
            acknowledged: Ids of conflicts that the operator has looked at; they settle no conflict that stops.

        """
        return tuple(
            each
            for each in self.conflicts
            if each.weight is Weight.STOPS or (each.weight is Weight.ACKNOWLEDGE and each.id not in acknowledged)
        )

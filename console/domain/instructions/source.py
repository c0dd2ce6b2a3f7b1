"""Instructions: the files that a coding agent really reads before it works, pinned by hash, and their conflicts."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from console.domain.text.safe import safe


class Tool(StrEnum):
    """A coding agent, or the plain convention, that defines which files are read."""

    CODEX = "codex"
    CLAUDE_CODE = "claude_code"
    COPILOT = "copilot"
    CURSOR = "cursor"
    GEMINI = "gemini"
    AGENTS_MD = "agents_md"

    @property
    def product(self) -> str:
        """The product's name."""
        return _PRODUCTS[self]

    @property
    def unseen(self) -> str:
        """Other rules that the tool follows but no file shows, as text; empty if there are none."""
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
    Tool.CLAUDE_CODE: "rules that an organisation manages on its server or in managed settings, directories added with"
    " --add-dir, and Claude Code's own memory of the project are not pinned",
    Tool.COPILOT: "personal and organisation instructions on github.com are not files and are not pinned",
    Tool.CURSOR: "user rules and team rules are in Cursor's settings, not in files, and are not pinned",
    Tool.GEMINI: "context files of installed extensions, what MCP servers say, and Gemini CLI's own memory of the"
    " project are not pinned; in a folder that its user does not trust it reads no file of the project",
}


class Load(StrEnum):
    """When a tool gives a source's text to the model."""

    ALWAYS = "always"
    CONDITIONAL = "conditional"
    """When the agent works on a file that matches the source's globs."""
    ON_DEMAND = "on_demand"
    """When the agent enters the source's directory, or asks for it."""
    SHADOWED = "shadowed"
    """Never: `WhyNever` says why."""
    TRUNCATED = "truncated"
    """Cut, because of the tool's byte limit."""
    ABSENT = "absent"
    """An import, HEAD or the base branch names it, but it does not exist."""

    @property
    def is_read(self) -> bool:
        """Whether any of the text may reach the model."""
        return self not in (Load.SHADOWED, Load.ABSENT)


class WhyNever(StrEnum):
    """Why a source that exists never reaches the model."""

    OVERRIDDEN = "overridden"
    """Another file takes its place."""
    NOT_LOOKED_FOR = "not_looked_for"
    """The tool does not read it, for its place, its front matter or a setting."""
    NO_TEXT = "no_text"
    """The tool reads it, but has nothing of it to give to the model: it is blank, or comments that are removed."""
    OVER_BUDGET = "over_budget"
    """Files that are read earlier use up the tool's byte limit."""


class Weight(StrEnum):
    """What a conflict means for the instruction gate."""

    STOPS = "stops"
    """The gate stays closed until the cause is removed."""
    ACKNOWLEDGE = "acknowledge"
    """The gate stays closed until the operator acknowledges it."""
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
    SECRET_LIKE = "I12"  # noqa: S105  # a code, not a password
    CASE_VARIANT = "I13"
    NO_SOURCE = "I14"
    UNREADABLE = "I15"
    CHANGED = "I16"
    """The sources differ from the pinned ones."""
    NOT_SEARCHED = "I17"
    """The search stopped at a limit."""
    NEEDS_APPROVAL = "I18"
    """The tool reads the source only once its user has approved it."""
    NOT_TRIED = "I19"
    """What the tool does with the source is from documentation."""

    @property
    def weight(self) -> Weight:
        """The effect on the gate."""
        return _WEIGHTS.get(self, Weight.NOTE)

    @property
    def is_unsafe(self) -> bool:
        """Whether such text must not be sent to a gateway without a look at it."""
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
    """Whether git could tell what is committed."""

    READ = "read"
    NO_REPOSITORY = "no_repository"
    NO_PROGRAM = "no_program"
    UNREADABLE = "unreadable"
    """There is a repository, but git refuses it or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rule rests on: a trial with the real agent, or documentation."""

    agent: str = ""
    """The agent that was tried; empty if none was."""
    version: str = ""
    source_url: str = ""
    """The documentation that says so; empty if the rule was tried."""
    checked_on: str = ""
    """When it was tried or read, as an ISO date."""

    @property
    def is_tried(self) -> bool:
        """Whether the real agent was seen to do so."""
        return bool(self.agent)

    @property
    def words(self) -> str:
        """The basis as text for a table."""
        return f"tried with {self.version}" if self.is_tried else "from documentation, not tried"


@dataclass(frozen=True, slots=True)
class InstructionSource:
    """A file that a tool reads, or would read, as it was when its bytes were read. It never contains the text."""

    path: str
    """Relative to the repository, or a safe label for a file outside: `~/…`, `../…`."""
    scope: str
    """The files that the text applies to: a glob, or several separated by commas."""
    load: Load
    sha256: str | None = None
    """The hash of the raw bytes; None if they could not be read."""
    bytes: int = 0
    effective_bytes: int = 0
    """How many bytes of text the tool passes to the model; 0 if shadowed or unreadable."""
    git_blob: str | None = None
    """The git blob id of these bytes; None if git was not available."""
    is_tracked: bool | None = None
    is_dirty: bool | None = None
    """Whether the bytes differ from HEAD; line ends do not count."""
    differs_from_base: bool | None = None
    """Whether the bytes differ from the base branch; None if there is none."""
    symlink_target: str | None = None
    """A path or label, if the file is reached through a symbolic link."""
    imports: tuple[str, ...] = ()
    """The paths of the sources that this one imports."""
    is_outside: bool = False
    """Whether the text is outside the repository, so that others do not have it."""
    basis: Basis = Basis()
    """What the rule that found it rests on."""
    why_never: WhyNever | None = None
    """Why it is shadowed; None if it is not."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why what an agent reads may not be what people think: what, where and what to do."""

    code: ConflictCode
    message: str
    """The message; the only text from outside in it is file names."""
    path: str = ""

    @property
    def weight(self) -> Weight:
        """The effect on the gate."""
        return self.code.weight

    @property
    def sentence(self) -> str:
        """The message with the source that it is about, for a reader of this one alone."""
        return f"{safe(self.path, limit=120)} {self.message}" if self.path else self.message

    @property
    def id(self) -> str:
        """The id to acknowledge: the code, and the source if there is one."""
        return f"{self.code}:{self.path}" if self.path else self.code.value


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """The pinned instructions that one tool reads in one directory."""

    tool: Tool
    primary: str | None
    """The path of the source that wins, or comes first, if sources disagree."""
    sources: tuple[InstructionSource, ...]
    """In the order in which the tool reads them."""
    conflicts: tuple[Conflict, ...] = ()
    git: GitState = GitState.READ
    base: str | None = None
    """The commit with which the sources were compared."""

    @property
    def read(self) -> tuple[InstructionSource, ...]:
        """The sources whose text may reach the model."""
        return tuple(source for source in self.sources if source.load.is_read)

    @property
    def effective_sha256(self) -> str:
        """The hash of the effective instructions: of `[[path, sha256, effective_bytes], …]` as canonical JSON."""
        rows = [[source.path, source.sha256, source.effective_bytes] for source in self.read]
        canonical = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def stops(self) -> bool:
        """Whether the instruction gate cannot open by itself."""
        return bool(self.unsettled())

    def unsettled(self, acknowledged: Collection[str] = ()) -> tuple[Conflict, ...]:
        """Return the conflicts that keep the instruction gate closed.

        Args:
            acknowledged: Ids of conflicts that the operator acknowledged; a conflict that stops cannot be acknowledged.

        """
        return tuple(
            each
            for each in self.conflicts
            if each.weight is Weight.STOPS or (each.weight is Weight.ACKNOWLEDGE and each.id not in acknowledged)
        )

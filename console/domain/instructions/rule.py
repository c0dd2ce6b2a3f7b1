"""Where each tool looks for instructions: facts as data, each row tried on the real agent or with its source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.instructions.front_matter import LOADING, Loading
from console.domain.instructions.source import Basis, Load, Tool

CODEX_BUDGET = 32_768
"""How many bytes Codex reads of all project files together, unless its settings say otherwise."""


class Where(StrEnum):
    """Which directories a rule searches."""

    MANAGED = "managed"
    """The administrator's instructions for the machine."""
    CODEX_HOME = "codex_home"
    """`$CODEX_HOME`, by default ~/.codex."""
    CLAUDE_HOME = "claude_home"
    """`$CLAUDE_CONFIG_DIR`, by default ~/.claude."""
    COPILOT_HOME = "copilot_home"
    """`$COPILOT_HOME`, by default ~/.copilot."""
    GEMINI_HOME = "gemini_home"
    """`$GEMINI_CLI_HOME/.gemini`, by default ~/.gemini."""
    COPILOT_DIRECTORIES = "copilot_directories"
    """`$COPILOT_CUSTOM_INSTRUCTIONS_DIRS`, separated by commas."""
    GEMINI_DIRECTORIES = "gemini_directories"
    """The setting `context.includeDirectories`, each with the directories above it in its own project."""
    ANCESTORS = "ancestors"
    """From / down to the tool's working directory."""
    ROOT = "root"
    """The root of the project, as the tool finds it."""
    CHAIN = "chain"
    """From the root of the project down to the tool's working directory."""
    BETWEEN = "between"
    """The chain without the root and the working directory."""
    HERE = "here"
    BELOW = "below"
    """Every directory below the tool's working directory."""


class Pick(StrEnum):
    """Which of the files in a directory a tool takes."""

    ALL = "all"
    FIRST_EXISTING = "first_existing"
    """Even if it is blank, it comes before the others."""
    FIRST_WITH_TEXT = "first_with_text"
    NEAREST = "nearest"
    """Only those in the deepest directory that has one."""


class Behind(StrEnum):
    """Where a `CLAUDE.md` with text hides a file."""

    ABOVE = "above"
    """In the working directory or any directory above it."""
    BESIDE = "beside"
    """In the file's own directory."""


class Outside(StrEnum):
    """What a tool does with an import that leaves the directories it trusts."""

    ASKS = "asks"
    """It reads the file once its user has approved such imports."""
    REFUSES = "refuses"


@dataclass(frozen=True, slots=True)
class SearchRule:
    """Names that a tool looks for, and what it does with the files it finds."""

    where: Where
    names: tuple[str, ...]
    """Relative to the directory; `folder/**/*.md` means every such file below the folder."""
    basis: Basis
    pick: Pick = Pick.ALL
    load: Load = Load.ALWAYS
    loading: Callable[[str], Loading] | None = None
    """Derives from the text when a file is loaded."""
    has_budget: bool = False
    """Whether the files share one byte budget."""
    behind: frozenset[Behind] = frozenset()
    has_imports: bool = True
    """Whether imports in the files are followed, if the tool has imports."""
    why_ignored: str = ""
    """Why a file that looks like the tool's is never read, and what to do with it."""


@dataclass(frozen=True, slots=True)
class ImportRule:
    """How a tool follows imports."""

    hops: int
    is_within_directory: bool
    """Whether it trusts its working directory; otherwise the project's root."""
    outside: Outside
    endings: frozenset[str] = frozenset()
    """The endings of files that it was seen to import; empty if it imports any."""
    other_endings: Basis = Basis()
    """What says that it imports files with other endings."""

    def imports_ending(self, name: str) -> bool:
        """Return whether the tool was seen to import files with a name's ending; a name may have none."""
        stem, _, ending = name.rpartition(".")
        return not self.endings or not stem or ending.lower() in self.endings


@cache
def rules_of(tool: Tool) -> tuple[SearchRule, ...]:
    """Return a tool's rules, in the order in which it reads."""
    table = load_facts("instruction_rules")
    return tuple(
        SearchRule(
            where=Where(row["where"]),
            names=tuple(row["names"]),
            basis=Basis(
                agent="" if "source_url" in row else tool.product,
                version="" if "source_url" in row else table["tried"][tool.value],
                source_url=row.get("source_url", ""),
                checked_on=row.get("checked_on", table["checked_on"]),
            ),
            pick=Pick(row.get("pick", Pick.ALL)),
            load=Load(row.get("load", Load.ALWAYS)),
            loading=LOADING[row["loading"]] if "loading" in row else None,
            has_budget=row.get("has_budget", False),
            behind=frozenset(map(Behind, row.get("behind", ()))),
            has_imports=row.get("imports", True),
            why_ignored=row.get("ignored", ""),
        )
        for row in table["rule"]
        if row["tool"] == tool.value
    )


@cache
def import_rules() -> Mapping[Tool, ImportRule]:
    """Return how each tool that has imports follows them."""
    table = load_facts("instruction_rules")
    return {
        Tool(tool): ImportRule(
            row["hops"],
            row["within"] == "directory",
            Outside(row["outside"]),
            frozenset(row.get("endings", ())),
            Basis(source_url=row.get("other_endings_url", ""), checked_on=table["checked_on"]),
        )
        for tool, row in table["imports"].items()
    }


CLAUDE_FILES = ("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md")
"""What hides an AGENTS.md from Claude Code."""
NEIGHBOURS = (
    "AGENTS.override.md",
    "AGENTS.md",
    "CLAUDE.md",
    ".claude/CLAUDE.md",
    "GEMINI.md",
    ".github/copilot-instructions.md",
    ".cursorrules",
)
"""Files that some tools read, and that people may think all tools read."""

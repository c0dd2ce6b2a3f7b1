"""Where each tool looks for instructions: one table per tool, in reading order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.instructions.source import Load, Tool

CODEX_BUDGET = 32_768
"""How many bytes Codex reads of all project files together, unless its settings say otherwise."""


class Where(StrEnum):
    """Which directories a rule searches."""

    MANAGED = "managed"
    """The administrator's instructions for the machine."""
    HOME = "home"
    CODEX_HOME = "codex_home"
    """`$CODEX_HOME`, by default ~/.codex."""
    COPILOT_DIRECTORIES = "copilot_directories"
    """`$COPILOT_CUSTOM_INSTRUCTIONS_DIRS`, separated by commas."""
    ANCESTORS = "ancestors"
    """From / down to the tool's working directory."""
    ROOT = "root"
    CHAIN = "chain"
    """From the root of the repository down to the tool's working directory."""
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


FrontMatter = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Loading:
    """When a file is loaded, according to its front matter; without globs, its scope is the directory."""

    load: Load
    globs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchRule:
    """Names that a tool looks for, and what it does with the files it finds."""

    where: Where
    names: tuple[str, ...]
    """Relative to the directory; `folder/**/*.md` means every such file below the folder."""
    pick: Pick = Pick.ALL
    load: Load = Load.ALWAYS
    loading: Callable[[FrontMatter], Loading] | None = None
    """Derives from the front matter when a file is loaded."""
    has_budget: bool = False
    """Whether the files share one byte budget."""
    is_stand_in: bool = False
    """Whether it counts only if the rule before it found nothing."""
    why_ignored: str = ""
    """Why a file that looks like the tool's is never read, and what to do with it."""


def _claude_rule(front: FrontMatter) -> Loading:
    globs = front.get("paths", ())
    return Loading(Load.CONDITIONAL, globs) if globs else Loading(Load.ALWAYS)


def _copilot_rule(front: FrontMatter) -> Loading:
    globs = front.get("applyTo", ())
    return Loading(Load.CONDITIONAL, globs) if globs else Loading(Load.SHADOWED)


def _cursor_rule(front: FrontMatter) -> Loading:
    if front.get("alwaysApply") == ("true",):
        return Loading(Load.ALWAYS)
    globs = front.get("globs", ())
    return Loading(Load.CONDITIONAL, globs) if globs else Loading(Load.ON_DEMAND)


_CLAUDE = ("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md")

_CODEX_RULES = (
    SearchRule(Where.CODEX_HOME, ("AGENTS.override.md", "AGENTS.md"), Pick.FIRST_WITH_TEXT),
    SearchRule(Where.CHAIN, ("AGENTS.override.md", "AGENTS.md"), Pick.FIRST_EXISTING, has_budget=True),
    SearchRule(Where.CHAIN, (".codex/AGENTS.md",), why_ignored="Codex reads AGENTS.md one directory up; move it there"),
)
_CLAUDE_CODE_RULES = (
    SearchRule(Where.MANAGED, ("claude-code/CLAUDE.md",)),
    SearchRule(Where.HOME, (".claude/CLAUDE.md",)),
    SearchRule(Where.HOME, (".claude/rules/**/*.md",), loading=_claude_rule),
    SearchRule(Where.ANCESTORS, _CLAUDE),
    SearchRule(Where.CHAIN, ("AGENTS.md",), is_stand_in=True),
    SearchRule(Where.CHAIN, (".claude/rules/**/*.md",), loading=_claude_rule),
    SearchRule(Where.BELOW, _CLAUDE, load=Load.ON_DEMAND),
    SearchRule(
        Where.CHAIN,
        (".claude/AGENTS.md", ".claude/CLAUDE.local.md", ".claude/rules/**/*.mdc"),
        why_ignored="Claude Code has no reader for it; its rules are .claude/CLAUDE.md and .claude/rules/*.md",
    ),
)
_COPILOT_FILES = ".github/instructions/**/*.instructions.md"
_COPILOT_RULES = (
    SearchRule(Where.HOME, (".copilot/copilot-instructions.md",)),
    SearchRule(Where.CHAIN, ("AGENTS.md",)),
    SearchRule(Where.ROOT, (".github/copilot-instructions.md", "CLAUDE.md", "GEMINI.md")),
    SearchRule(Where.ROOT, (_COPILOT_FILES,), loading=_copilot_rule),
    SearchRule(Where.HERE, (_COPILOT_FILES,), loading=_copilot_rule),
    SearchRule(Where.COPILOT_DIRECTORIES, ("AGENTS.md",)),
    SearchRule(Where.COPILOT_DIRECTORIES, (_COPILOT_FILES,), loading=_copilot_rule),
    SearchRule(Where.BELOW, ("AGENTS.md",), load=Load.ON_DEMAND),
    SearchRule(
        Where.ROOT,
        (".github/AGENTS.md", ".github/CLAUDE.md", ".github/instructions/**/*.md"),
        why_ignored="Copilot reads .github/copilot-instructions.md, and *.instructions.md with applyTo; rename it",
    ),
)
_CURSOR_RULES = (
    SearchRule(Where.CHAIN, (".cursor/rules/**/*.mdc",), loading=_cursor_rule),
    SearchRule(Where.CHAIN, ("AGENTS.md",)),
    SearchRule(Where.ROOT, (".cursorrules",)),
    SearchRule(Where.BELOW, ("AGENTS.md",), load=Load.ON_DEMAND),
    SearchRule(Where.BELOW, (".cursor/rules/**/*.mdc",), load=Load.ON_DEMAND),
    SearchRule(Where.CHAIN, (".cursor/rules/**/*.md",), why_ignored="Cursor reads only .mdc there; rename it"),
)
_GEMINI_RULES = (
    SearchRule(Where.HOME, (".gemini/GEMINI.md",)),
    SearchRule(Where.CHAIN, ("GEMINI.md",)),
    SearchRule(Where.BELOW, ("GEMINI.md",), load=Load.ON_DEMAND),
)
_AGENTS_MD_RULES = (
    SearchRule(Where.CHAIN, ("AGENTS.md",), Pick.NEAREST),
    SearchRule(Where.BELOW, ("AGENTS.md",), load=Load.ON_DEMAND),
)

RULES: Mapping[Tool, tuple[SearchRule, ...]] = {
    Tool.CODEX: _CODEX_RULES,
    Tool.CLAUDE_CODE: _CLAUDE_CODE_RULES,
    Tool.COPILOT: _COPILOT_RULES,
    Tool.CURSOR: _CURSOR_RULES,
    Tool.GEMINI: _GEMINI_RULES,
    Tool.AGENTS_MD: _AGENTS_MD_RULES,
}
IMPORT_HOPS: Mapping[Tool, int] = {Tool.CLAUDE_CODE: 4, Tool.GEMINI: 5}
"""How deep each tool that has `@path` imports follows them."""
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

"""Conflicts in the instructions that a tool reads: one rule per function; each says what, where and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from console.domain.instructions.source import Conflict, ConflictCode, GitState, InstructionSource, Load, Tool, WhyNever
from console.domain.instructions.text import hidden_in
from console.domain.text.secret_scan import find_secrets

MAIN_FILE = {
    Tool.CODEX: "AGENTS.md",
    Tool.CLAUDE_CODE: "CLAUDE.md",
    Tool.COPILOT: "AGENTS.md",
    Tool.CURSOR: "AGENTS.md",
    Tool.GEMINI: "GEMINI.md",
    Tool.AGENTS_MD: "AGENTS.md",
}
"""The recommended first file for a repository without instructions."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An instruction file of any tool in a directory that the chosen tool searches."""

    path: str
    sha256: str | None
    points_to: str = ""
    """The path that its only line imports; empty if the file has text of its own."""
    imports: tuple[str, ...] = ()
    """The paths that Claude Code would import from it."""
    is_blank: bool = False
    """Whether nothing of it reaches a model."""


def check_text(path: str, text: str) -> Iterator[Conflict]:
    """Find hidden characters and suspected secrets in a source's text (I11, I12)."""
    for hidden in hidden_in(text):
        yield Conflict(
            ConflictCode.HIDDEN_CHARACTERS,
            f"contains {hidden.count} {hidden.kind} character(s), the first in line {hidden.first_line}: a model reads"
            " them, a person does not see them. Look at the bytes (cat -A) and remove them",
            path,
        )
    for hit in find_secrets(text, limit=1):
        yield Conflict(
            ConflictCode.SECRET_LIKE,
            f"seems to contain {hit.words} in line {hit.line}, and a model reads the file. Remove it; if it is"
            " real, replace it at its issuer",
            path,
        )


def check_sources(
    tool: Tool,
    sources: Sequence[InstructionSource],
    neighbours: Sequence[Neighbour],
    *,
    git: GitState,
    budget: int | None = None,
) -> Iterator[Conflict]:
    """Find conflicts between sources, and between them and the commit.

    Args:
        tool: The tool that reads them.
        sources: The sources found, in the order in which the tool reads them.
        neighbours: Instruction files of all tools in the same directories.
        git: Whether git could be read for the sources.
        budget: The tool's limit in bytes for the whole chain, if it has one.

    """
    yield from _check_any(tool, sources)
    yield from _check_neighbours(tool, sources, neighbours)
    yield from _check_cut(tool, sources, budget)
    yield from _check_no_text(sources)
    yield from _check_committed(sources, git)
    yield from _check_personal(tool, sources)
    yield from _check_globs(sources)
    yield from _check_basis(tool, sources)


def compare_pinned(pinned: Sequence[InstructionSource], now: Sequence[InstructionSource]) -> tuple[Conflict, ...]:
    """Return how the sources that a tool reads differ from the pinned ones (I16); empty if they do not."""
    before, after = ({source.path: source for source in each if source.load.is_read} for each in (pinned, now))
    again = "Decide at the instruction gate again, or restore the old state"
    known = {source.path for source in pinned if source.load is not Load.ABSENT}
    found = []
    for path in {**before, **after}:
        was, is_now = before.get(path), after.get(path)
        if is_now is None:
            words = "was pinned but is no longer read"
        elif was is None:
            was_there = "was not read" if path in known else "did not exist"
            words = f"{was_there} when the instructions were pinned, but is read now"
        elif was.sha256 != is_now.sha256:
            words = f"changed since it was pinned ({was.bytes:,} bytes then, {is_now.bytes:,} now)"
        elif (was.load, was.scope, was.effective_bytes) != (is_now.load, is_now.scope, is_now.effective_bytes):
            words = "has the same bytes, but the tool reads it differently from when it was pinned"
        else:
            continue
        found.append(Conflict(ConflictCode.CHANGED, f"{words}. {again}", path))
    if not found and _as_read(pinned) != _as_read(now):  # files outside the repository may share a label
        found.append(
            Conflict(ConflictCode.CHANGED, f"The sources are read differently from when they were pinned. {again}")
        )
    return tuple(found)


def _as_read(sources: Sequence[InstructionSource]) -> list[tuple[str, str | None, int]]:
    return [(source.path, source.sha256, source.effective_bytes) for source in sources if source.load.is_read]


def _check_any(tool: Tool, sources: Sequence[InstructionSource]) -> Iterator[Conflict]:
    has_text = any(
        source.load.is_read and source.load is not Load.ON_DEMAND and source.effective_bytes for source in sources
    )
    if not has_text:
        yield Conflict(
            ConflictCode.NO_SOURCE,
            f"{tool.product} finds no instructions here. Write {MAIN_FILE[tool]} at the root of the repository and"
            " commit it, or select the tool that the repository is meant for",
        )


def _check_neighbours(
    tool: Tool, sources: Sequence[InstructionSource], neighbours: Sequence[Neighbour]
) -> Iterator[Conflict]:
    by_path = {each.path: each for each in neighbours}
    told: set[str] = set()
    both = {source.path for source in sources if source.load.is_read}
    for agents in neighbours:
        folder = PurePosixPath(agents.path).parent
        for name in ("CLAUDE.md", ".claude/CLAUDE.md") if agents.path.endswith("AGENTS.md") else ():
            claude = by_path.get(str(folder / name))
            if claude is None or claude.is_blank or agents.path in claude.imports or _is_same(agents, claude):
                continue
            if tool is Tool.CLAUDE_CODE and {agents.path, claude.path} <= both:
                continue  # a setting or an import lets it read both
            told.update((agents.path, claude.path))
            yield Conflict(
                ConflictCode.TWO_TRUTHS,
                f"differs from {claude.path} next to it, and Claude Code then reads only {claude.path}."
                f" Keep one text: make {claude.path} the one line @{_way(folder / name)}AGENTS.md, or a link",
                agents.path,
            )
    read = [source for source in sources if source.load.is_read]
    overridden = {source.path for source in sources if source.why_never is WhyNever.OVERRIDDEN}
    for each in neighbours:
        is_hidden = tool is Tool.CLAUDE_CODE and each.path in overridden - told and each.path.endswith("AGENTS.md")
        if is_hidden and not any(_says(each, source) for source in read):
            told.add(each.path)
            yield Conflict(
                ConflictCode.TWO_TRUTHS,
                "is not read: Claude Code reads AGENTS.md only if no CLAUDE.md is in its directory or above. Write"
                " a CLAUDE.md next to it with the one line @AGENTS.md",
                each.path,
            )
    shown = {source.path for source in sources}
    names = ", ".join(source.path for source in read[:3]) or "nothing"
    for each in neighbours:
        is_told = each.path in shown or each.path in told
        if not is_told and not any(_says(each, source) for source in read):
            yield Conflict(
                ConflictCode.NOT_READ,
                f"is not read by {tool.product}, which reads {names}. Rules that are only in this file do not apply",
                each.path,
            )


def _way(claude: PurePosixPath) -> str:
    return "../" if claude.parent.name == ".claude" else ""


def _is_same(one: Neighbour, other: Neighbour) -> bool:
    has_same_bytes = one.sha256 is not None and one.sha256 == other.sha256
    return has_same_bytes or one.points_to == other.path or other.points_to == one.path


def _says(neighbour: Neighbour, source: InstructionSource) -> bool:
    has_same_bytes = neighbour.sha256 is not None and neighbour.sha256 == source.sha256
    return has_same_bytes or neighbour.points_to == source.path


def _check_cut(tool: Tool, sources: Sequence[InstructionSource], budget: int | None) -> Iterator[Conflict]:
    limit = f"{tool.product} reads {budget or 0:,} bytes of all project files together"
    before: list[str] = []
    for source in sources:
        if source.load is Load.TRUNCATED:
            lost = source.bytes - source.effective_bytes
            words = f"loses {lost:,} of {source.bytes:,} bytes: {limit} and drops the deepest first. Shorten it"
            yield Conflict(ConflictCode.CUT, f"{words}, or raise project_doc_max_bytes", source.path)
        elif source.why_never is WhyNever.OVER_BUDGET:
            by = f", and {', '.join(before)} uses them up. Shorten that" if before else ". Shorten it"
            words = f"loses all of its {source.bytes:,} bytes: {limit}{by}"
            yield Conflict(ConflictCode.CUT, f"{words}, or raise project_doc_max_bytes", source.path)
        if source.load.is_read and not source.is_outside:
            before.append(source.path)


def _check_no_text(sources: Sequence[InstructionSource]) -> Iterator[Conflict]:
    """Tell what is read but gives the model nothing (I09), above all if it hides what would (I04)."""
    overridden = {source.path for source in sources if source.why_never is WhyNever.OVERRIDDEN}
    for source in sources:
        if source.why_never is not WhyNever.NO_TEXT:
            continue
        path = PurePosixPath(source.path)
        below = str(path.with_name("AGENTS.md"))
        if path.name == "AGENTS.override.md" and below in overridden:
            yield Conflict(
                ConflictCode.EMPTY_OVERRIDE,
                f"is blank but overrides {below}, so neither is read. Remove it, or fill it",
                source.path,
            )
        else:
            yield Conflict(
                ConflictCode.IGNORED,
                "never reaches the model: it has no text for it. Fill it, or remove it",
                source.path,
            )


def _check_committed(sources: Sequence[InstructionSource], git: GitState) -> Iterator[Conflict]:
    if git is not GitState.READ and any(source.load.is_read and not source.is_outside for source in sources):
        yield Conflict(ConflictCode.NOT_COMMITTED, _GIT_WORDS[git])
    for source in sources:
        if source.why_never in (WhyNever.OVERRIDDEN, WhyNever.NOT_LOOKED_FOR):
            continue
        # A file that gives nothing still counts: it may have had text where it is committed.
        if words := _why_not_committed(source):
            yield Conflict(ConflictCode.NOT_COMMITTED, words, source.path)
        if source.differs_from_base:
            yield Conflict(
                ConflictCode.EDITS_OWN_RULES,
                "differs from the base branch: the change edits the rules that judge it. Read the difference"
                " before you continue",
                source.path,
            )


_GIT_WORDS = {
    GitState.NO_REPOSITORY: "The directory is not in a git repository, so the version of the instructions is"
    " unknown. Work in a clone, or acknowledge this",
    GitState.NO_PROGRAM: "There is no git program in PATH, so it is unknown whether the instructions are"
    " committed. Install git, or acknowledge this",
    GitState.UNREADABLE: "Git does not answer for this repository (it belongs to another user, is damaged or slow), so"
    " it is unknown whether the instructions are committed. Try: git rev-parse --show-toplevel",
}


def _why_not_committed(source: InstructionSource) -> str:
    if source.load is Load.ABSENT:
        return (
            "is committed but missing in the working tree. Restore it, or commit its removal" if source.is_dirty else ""
        )
    if source.is_tracked is False:
        return "is not in git: others do not have this text. Commit it, or move it away"
    return "has uncommitted changes. Commit or revert them" if source.is_dirty else ""


def _check_personal(tool: Tool, sources: Sequence[InstructionSource]) -> Iterator[Conflict]:
    for source in sources:
        if source.is_outside and source.load.is_read and source.effective_bytes:
            yield Conflict(
                ConflictCode.PERSONAL,
                f"is outside the repository: {tool.product} reads it on this machine, and others cannot repeat the"
                " run with it",
                source.path,
            )


def _check_globs(sources: Sequence[InstructionSource]) -> Iterator[Conflict]:
    first: dict[frozenset[str], str] = {}
    for source in sources:
        globs = frozenset(source.scope.split(","))
        if source.load is Load.CONDITIONAL and first.setdefault(globs, source.path) != source.path:
            yield Conflict(
                ConflictCode.SAME_GLOBS,
                f"applies to the same files as {first[globs]}; no rule says which of the two wins. Make them one file",
                source.path,
            )


def _check_basis(tool: Tool, sources: Sequence[InstructionSource]) -> Iterator[Conflict]:
    """Tell once for each document what rests on it and was not tried."""
    by_document: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        if source.basis.source_url:
            by_document.setdefault((source.basis.source_url, source.basis.checked_on), []).append(source.path)
    for (url, checked_on), paths in by_document.items():
        more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
        yield Conflict(
            ConflictCode.NOT_TRIED,
            f"How {tool.product} reads {', '.join(paths[:3])}{more} is from documentation, not tried ({url}, read on"
            f" {checked_on}). Ask the agent what it has loaded before you rely on it",
        )

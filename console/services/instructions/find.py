"""Instructions: what a tool really reads in a directory, pinned by hash, and whether it has changed."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from console.domain.instructions.conflict import check_sources, check_text, compare_pinned
from console.domain.instructions.source import Conflict, InstructionSet, InstructionSource, Load, Tool
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.instructions.discovery import Discovery, discover
from console.services.instructions.git_facts import BaseBranchError, GitFacts, links_on_the_way, read_git_facts
from console.services.instructions.instruction_file import InstructionFile
from console.services.instructions.workspace import Workspace

MANAGED = Path("/etc")
"""Where an administrator puts instructions for the machine."""


class InstructionsError(Problem):
    """Instructions cannot be searched for there. The message says what, where and what to do."""

    kind = ProblemKind.USAGE


def repository_of(directory: Path) -> Path:
    """Return the nearest directory upwards that has a `.git`; the directory itself if none has."""
    real = Path(os.path.realpath(directory))
    return next((each for each in (real, *real.parents) if os.path.lexists(each / ".git")), real)


async def find_instructions(
    tool: Tool,
    repository: Path,
    directory: Path,
    *,
    environment: Mapping[str, str],
    home: Path | None = None,
    managed: Path = MANAGED,
    base_branch: str | None = None,
) -> InstructionSet:
    """Find what a tool reads when it works in a directory, and the conflicts in it. Nothing is written.

    Args:
        tool: The tool whose rules apply.
        repository: The root of the repository, or any directory outside one.
        directory: Where the tool works; the repository or below it.
        environment: The tool's environment variables; PATH decides which git is used.
        home: The user's home directory; by default the environment's HOME.
        managed: Where an administrator puts instructions for the machine.
        base_branch: What to compare the sources with; by default the default branch of origin, if known.

    Raises:
        InstructionsError: One of them is not a directory, `directory` is not in `repository`, there is no home, or the
            base branch does not exist.

    """
    workspace = _workspace(repository, directory, environment, home, managed)
    discovery = await asyncio.to_thread(discover, tool, workspace)
    try:
        git = await read_git_facts(workspace, _paths_for_git(workspace, discovery), base_branch)
    except BaseBranchError:
        raise InstructionsError(
            f'the repository has no base branch "{safe(base_branch or "", limit=80)}"; see: git branch --all'
        ) from None
    return await asyncio.to_thread(_judge, tool, workspace, discovery, git)


async def check_pinned(
    pinned: InstructionSet,
    repository: Path,
    directory: Path,
    *,
    environment: Mapping[str, str],
    home: Path | None = None,
    managed: Path = MANAGED,
) -> tuple[Conflict, ...]:
    """Search and hash again, without git, and return what differs from the pinned set; empty if nothing does.

    Pass the arguments that found the set. Directories that have disappeared since are a conflict, not an error.
    """
    try:
        workspace = _workspace(repository, directory, environment, home, managed)
    except InstructionsError:
        return compare_pinned(pinned.sources, ())
    discovery = await asyncio.to_thread(discover, pinned.tool, workspace)
    return compare_pinned(pinned.sources, [_without_git(workspace, found) for found in discovery.found])


def _workspace(
    repository: Path, directory: Path, environment: Mapping[str, str], home: Path | None, managed: Path
) -> Workspace:
    named_home = home or Path(environment.get("HOME", ""))
    if not named_home.is_absolute():
        raise InstructionsError("there is no home to search for personal instructions; set HOME to an absolute path")
    real = [Path(os.path.realpath(each)) for each in (repository, directory, named_home, managed)]
    for named, each in ((repository, real[0]), (directory, real[1])):
        if not os.path.isdir(each):  # noqa: PTH112  # False if it cannot be inspected
            raise InstructionsError(
                f"{safe(str(named), limit=200)} is not a directory; name the directory of a repository"
            )
    if not real[1].is_relative_to(real[0]):
        raise InstructionsError(f"{safe(str(directory), limit=200)} is not in the repository; name one that is")
    return Workspace(real[0], real[1], real[2], environment, real[3])


def _paths_for_git(workspace: Workspace, discovery: Discovery) -> list[str]:
    """Return all paths whose git state matters: files, the links that lead to them, and missing paths."""
    paths = dict.fromkeys(discovery.missing)
    for found in discovery.found:
        ways = (
            (*links_on_the_way(workspace, found.file.path), found.file.real) if workspace.holds(found.file.path) else ()
        )
        paths |= dict.fromkeys(workspace.relative(way) for way in ways if workspace.holds(way))
        if workspace.holds(found.file.real):
            paths[workspace.relative(found.file.real)] = None
    return list(paths)


def _judge(tool: Tool, workspace: Workspace, discovery: Discovery, git: GitFacts) -> InstructionSet:
    sources = []
    conflicts = list(discovery.conflicts)
    for found in discovery.found:
        source = _without_git(workspace, found)
        sources.append(_with_git(workspace, found, git, source) if git.is_read else source)
        if source.load.is_read:
            conflicts += check_text(found.label, found.file.text)
    sources += _missing(workspace, discovery, git)
    conflicts += check_sources(tool, sources, discovery.neighbours, git=git.state, budget=discovery.budget)
    ordered = sorted(conflicts, key=lambda conflict: conflict.code.value)
    return InstructionSet(tool, _primary(tool, sources), tuple(sources), tuple(ordered), git.state, git.base_commit)


def _without_git(workspace: Workspace, found: InstructionFile) -> InstructionSource:
    file = found.file
    return InstructionSource(
        found.label,
        found.scope,
        found.load,
        file.sha256,
        len(file.data),
        found.effective_bytes,
        symlink_target=workspace.label(file.real) if file.real != file.path else None,
        imports=found.imports,
        is_outside=not workspace.holds(file.real),
        basis=found.basis,
        why_never=found.why_never,
    )


def _with_git(
    workspace: Workspace, found: InstructionFile, git: GitFacts, source: InstructionSource
) -> InstructionSource:
    """Add what git knows about a source: its text, and the repository's links that lead to it."""
    file = found.file
    source = replace(source, git_blob=None if file.why_not else git.blob_id(file.data))
    if not workspace.holds(file.real):
        # No other clone has a file that the repository links to but does not contain.
        return replace(source, is_tracked=False if found.is_from_inside else None)
    parts = {workspace.relative(file.real): file.data}
    if workspace.holds(file.path):
        links = links_on_the_way(workspace, file.path)
        parts |= {workspace.relative(link): _target_of(link) for link in links}
    differs = None
    if git.base_commit is not None and not file.why_not:
        differs = not all(git.holds(git.base, path, data) for path, data in parts.items())
    return replace(
        source,
        is_tracked=all(path in git.tracked for path in parts),
        is_dirty=None if file.why_not else not all(git.holds(git.head, path, data) for path, data in parts.items()),
        differs_from_base=differs,
    )


def _target_of(link: Path) -> bytes:
    """Return what git stores for a symbolic link: its target; empty if the link has disappeared since."""
    try:
        return os.fsencode(link.readlink())
    except OSError:
        return b""


def _missing(workspace: Workspace, discovery: Discovery, git: GitFacts) -> list[InstructionSource]:
    """Return the sources that are in HEAD or the base branch where the tool looks, but not in the working tree."""
    found = {found.label for found in discovery.found}
    return [
        InstructionSource(
            path,
            workspace.scope((workspace.repository / path).parent),
            Load.ABSENT,
            is_tracked=path in git.tracked,
            is_dirty=path in git.head,
            differs_from_base=None if git.base_commit is None else path in git.base,
        )
        for path in discovery.missing
        if path not in found and (path in git.head or path in git.base)
    ]


def _primary(tool: Tool, sources: list[InstructionSource]) -> str | None:
    """Return the source that wins: the nearest one that is always read; for Copilot, AGENTS.md at the root."""
    always = [each for each in sources if each.load in (Load.ALWAYS, Load.TRUNCATED) and each.effective_bytes]
    imported: set[str] = set()  # by a source read earlier: in a cycle the first is imported too
    own = []
    for each in sources:
        if each in always and each.path not in imported:
            own.append(each)
        imported.update(each.imports)
    inside = [each.path for each in own or always if not each.is_outside]
    if tool is Tool.COPILOT and inside:
        return next((path for path in inside if PurePosixPath(path).name == "AGENTS.md"), inside[0])
    if inside:
        return inside[-1]
    return next(
        (each.path for each in (*reversed(always), *sources) if each.load.is_read and each.effective_bytes), None
    )

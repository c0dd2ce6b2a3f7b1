"""`instructions`: the files that a coding agent really reads in a directory, pinned, and their conflicts."""

import argparse
import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.outputs.options import add_baseline_arguments
from console.cli.outputs.outputs import Outputs, reported
from console.domain.instructions.source import Conflict, GitState, InstructionSet, InstructionSource, Load, Tool
from console.domain.text.safe import safe
from console.services.instructions.find import find_instructions, repository_of
from console.services.system.directories import absolute
from console.view.instruction_sign import conflict_sign

if TYPE_CHECKING:
    from console.cli.reports.documents.instructions import InstructionsDocument
    from console.view.report.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("directory", nargs="?", type=Path, metavar="DIR", default=Path(), help="where the agent works")
    parser.add_argument(
        "--tool",
        type=lambda text: text.replace("-", "_"),  # as `check --agent` writes it
        choices=[tool.value for tool in Tool],
        default=Tool.CODEX.value,
        help="whose rules apply (default: codex)",
    )
    parser.add_argument("--base", metavar="BRANCH", help="compare with this branch (default: origin's default branch)")
    add_baseline_arguments(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Find the instructions, hash them and show conflicts."""
    return reported(arguments, "instructions", lambda outputs: _run(arguments, outputs))


def _run(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    directory = absolute(arguments.directory)
    found = asyncio.run(
        find_instructions(
            Tool(arguments.tool),
            repository_of(directory),
            directory,
            environment=current().environment,
            base_branch=arguments.base,
        )
    )

    def document() -> "InstructionsDocument":
        from console.cli.reports.documents.instructions import InstructionsDocument

        return InstructionsDocument.of(found)

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_files import report_of_instructions

        return report_of_instructions(found, code, document())

    if arguments.json:
        output.write_document(document())
    else:
        show(found)
    return outputs.end(most_actionable(map(code_of_conflict, found.unsettled())), report)


def code_of_conflict(conflict: Conflict) -> ExitCode:
    """Return the exit code of a conflict that keeps the instruction gate shut."""
    return ExitCode.REFUSED if conflict.code.is_unsafe else ExitCode.FAILED


def show(found: InstructionSet) -> None:
    """Write the sources as a tree of imports, then the conflicts; never text of a source."""
    output.write_line(f"{found.tool.product} reads, in this order:")
    rows = [("source", "load", "scope", "bytes", "git", "sha256", "rule")]
    rows += [_row(source, depth) for source, depth in _with_depth(found.sources)]
    widths = output.column_widths(rows)
    for row in rows if found.sources else ():
        output.write_line("  " + output.table_line(row, widths))
    if not found.sources:
        output.write_line("  nothing")
    output.write_line()
    output.write_line(f"primary    {found.primary or 'none'}")
    output.write_line(f"effective  {found.effective_sha256}")
    output.write_line(f"compared   {_compared(found)}")
    for conflict in found.conflicts:
        where = f"{conflict.path}  " if conflict.path else ""
        output.write_line(f"{conflict_sign(conflict.weight)}  {conflict.code.value}  {where}{conflict.message}")
    if found.tool.unseen:
        output.note(f"not seen: {found.tool.unseen}")
    count = len(found.unsettled())
    output.note(
        f"{count} conflict(s) keep the instruction gate shut" if count else "pinned: nothing keeps the gate shut"
    )


def _row(source: InstructionSource, depth: int) -> tuple[str, str, str, str, str, str, str]:
    link = f" -> {source.symlink_target}" if source.symlink_target else ""
    is_whole = source.bytes == source.effective_bytes
    size = f"{source.bytes:,}" if is_whole else f"{source.effective_bytes:,} of {source.bytes:,}"
    return (
        safe("  " * depth + source.path + link, limit=100),
        source.load.value,
        safe(source.scope, limit=40),
        "-" if source.load is Load.ABSENT else size,
        _git_words(source),
        source.sha256[:12] if source.sha256 else "-",
        "-" if source.load is Load.ABSENT else source.basis.words,
    )


def _git_words(source: InstructionSource) -> str:
    if source.is_tracked is None:
        return "outside" if source.is_outside else "unknown"
    if source.load is Load.ABSENT:
        return "deleted"
    words = "untracked" if not source.is_tracked else "changed" if source.is_dirty else "committed"
    return f"{words}, not as base" if source.differs_from_base else words


def _with_depth(sources: Iterable[InstructionSource]) -> Iterable[tuple[InstructionSource, int]]:
    """Yield each source with its depth in the tree of imports."""
    depths: dict[str, int] = {}
    for source in sources:
        depth = depths.setdefault(source.path, 0)
        for path in source.imports:
            depths.setdefault(path, depth + 1)
        yield source, depth


_NOT_COMPARED = {
    GitState.NO_REPOSITORY: "there is no git repository",
    GitState.NO_PROGRAM: "git is not installed",
    GitState.UNREADABLE: "git cannot read the repository",
}


def _compared(found: InstructionSet) -> str:
    if found.git is not GitState.READ:
        return f"with nothing: {_NOT_COMPARED[found.git]}"
    return (
        f"with HEAD and base {found.base[:12]}"
        if found.base
        else "with HEAD; the base branch is unknown, name it with --base"
    )

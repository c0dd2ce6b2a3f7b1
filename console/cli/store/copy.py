"""`store copy`: the runs of this machine's files go into the database."""

import argparse
from pathlib import Path

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.sqlite import FILE_NAME
from console.services.store.admin import require_named
from console.services.store.copy import ArtifactsCopied, RunCopied, copy_artifacts, copy_runs, runs_to_copy
from console.services.store.door import Store, open_files, open_store
from console.services.system.directories import state_directory


async def copy(arguments: argparse.Namespace) -> ExitCode:
    """Copy all runs and artifacts that the database lacks. Raises any kind of `Problem`."""
    environment = current().environment
    require_named(environment)
    directory = arguments.directory or state_directory(environment)
    _require_runs(directory)
    async with open_store(environment) as target, open_files(directory, is_looking=True) as source:
        runs = await _copy_runs(source, target, arguments)
        artifacts = await copy_artifacts(source, directory, target, is_dry=arguments.dry_run)
        where = target.where
    return _end(arguments, directory, where, runs, artifacts)


async def _copy_runs(source: Store, target: Store, arguments: argparse.Namespace) -> list[RunCopied]:
    run_ids = await runs_to_copy(source.ledger)
    progress = output.Progress("looked at" if arguments.dry_run else "copied", len(run_ids), is_silent=arguments.json)
    found = []
    async for each in copy_runs(source.ledger, target, run_ids, _now_ms(), is_dry=arguments.dry_run):
        found.append(each)
        progress.advance()
    progress.end()
    return found


def _require_runs(directory: Path) -> None:
    if not (directory / FILE_NAME).is_file():
        raise Problem(
            f"{safe(str(directory), limit=200)} has no {FILE_NAME}; name a state directory, such as"
            " ~/.local/state/gateway-console",
            ProblemKind.USAGE,
        )


def _end(
    arguments: argparse.Namespace, directory: Path, where: str, runs: list[RunCopied], artifacts: ArtifactsCopied
) -> ExitCode:
    refused = [each for each in runs if each.why_not]
    code = ExitCode.RECORD if refused or artifacts.problems else ExitCode.OK
    if arguments.json:
        from console.cli.reports.documents.store.copy import StoreCopyDocument

        output.write_document(
            StoreCopyDocument.of(str(directory), where, runs, artifacts, is_dry=arguments.dry_run, code=code)
        )
        return code
    counts: dict[str, int] = {}
    for each in runs:
        counts[each.outcome or "refused"] = counts.get(each.outcome or "refused", 0) + 1
    would = "would be " if arguments.dry_run else ""
    told = ", ".join(f"{count} {words}" for words, count in sorted(counts.items()))
    output.write_line(f"{len(runs)} run(s) of {safe(str(directory), limit=200)} {would}looked at: {told or 'none'}")
    output.write_line(f"{artifacts.copied} artifact(s) {would}copied, {artifacts.there} already there")
    for each in refused:
        output.write_line(f"refused {each.run_id}: {each.why_not}")
    for words in artifacts.problems:
        output.write_line(f"not copied: {words}")
    if not arguments.dry_run:
        output.note("the files are as before; next: gateway-console record verify --all")
    return code


def _now_ms() -> int:
    return int(current().now().timestamp() * 1000)

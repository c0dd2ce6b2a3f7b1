"""Copying the runs of this machine's files into the database: lines, checkpoints, tombstones and artifacts.

The files stay as they are. What was copied is not copied again, so a copy that was interrupted goes on. A run whose
chain does not hold here, or that the database has with other lines, is refused, and the others are copied.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.problem import ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.ledger import Ledger, LedgerError, Summary
from console.services.store.door import Store
from console.services.system.os_reason import os_reason

if TYPE_CHECKING:
    from console.services.ledger.postgres.copying import CopiedRun, CopyOutcome

_NAME_LENGTH = 64
_MOST_RUNS = 1_000_000


@dataclass(frozen=True, slots=True)
class RunCopied:
    """A run was looked at, and copied as far as the store lacked it."""

    run_id: str
    outcome: "CopyOutcome | None"
    """None if it was refused."""
    lines: int
    why_not: str = ""
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class ArtifactsCopied:
    """The artifacts were copied."""

    copied: int
    there: int
    """How many the store had already."""
    problems: tuple[str, ...]
    """Those that cannot be read here, each with the reason."""


async def runs_to_copy(source: Ledger) -> tuple[str, ...]:
    """Return the ids of all runs of a ledger, those too of which only a tombstone is left; the oldest first."""
    pruned = [each.run_id for each in await source.tombstones()]
    return tuple(sorted({*(await source.run_ids()), *pruned}))


async def copy_runs(
    source: Ledger, target: Store, run_ids: Sequence[str], at_ms: int, *, is_dry: bool
) -> AsyncIterator[RunCopied]:
    """Copy runs, each in a transaction of its own, and yield what became of each.

    Args:
        source: The ledger that has them.
        target: Where they go: a database.
        run_ids: The runs.
        at_ms: Unix time, for the list of logs.
        is_dry: Whether to say what would become of each, and change nothing.

    Raises:
        LedgerError: The database cannot be used, or this user may not copy.

    """
    from console.services.ledger.postgres.copying import CopyOutcome, copy_run, judge, require_right_to_copy

    database = target.database
    if database is None:
        raise LedgerError("the config names no store, so there is nothing to copy to", ProblemKind.CONFIG)
    await database.run(require_right_to_copy)
    listed = {each.run_id: each for each in await source.runs(_MOST_RUNS)}
    for run_id in run_ids:
        try:
            run = await _read(source, run_id, listed.get(run_id))
        except LedgerError as error:
            yield RunCopied(run_id, None, 0, str(error))
            continue
        work = partial(judge, run=run) if is_dry else partial(copy_run, run=run, at_ms=at_ms)
        outcome = await database.run(work)
        why_not = "the store has other lines under this id" if outcome is CopyOutcome.DIFFERS else ""
        yield RunCopied(run_id, None if why_not else outcome, len(run.lines), why_not)


async def copy_artifacts(source: Store, directory: Path, target: Store, *, is_dry: bool) -> ArtifactsCopied:
    """Copy what models wrote: each file that is named by the hash of its content, and has it.

    Args:
        source: The store in files.
        directory: The state directory of it.
        target: The store in the database.
        is_dry: Whether to say what would be copied, and change nothing.

    Raises:
        LedgerError: The directory cannot be read, or the database cannot be used.

    """
    copied, there, problems = 0, 0, []
    for sha256 in _names(directory / "artifacts"):
        try:
            data = await source.artifacts.read(sha256)
        except LedgerError as error:
            problems.append(str(error))
            continue
        if data is None:
            continue
        if await target.artifacts.read(sha256) is not None:
            there += 1
            continue
        if not is_dry:
            await target.artifacts.put(data)
        copied += 1
    return ArtifactsCopied(copied, there, tuple(problems))


async def _read(source: Ledger, run_id: str, summary: Summary | None) -> "CopiedRun":
    """Return all that a ledger has of a run. Raises `LedgerError` if its chain does not hold."""
    from console.services.ledger.postgres.copying import CopiedRun

    tombstone = await source.tombstone(run_id)
    log_id = await source.log_of(run_id)
    if tombstone is not None:
        return CopiedRun(run_id, log_id, (), (), tombstone, None)
    faults = await source.check(run_id)
    if faults:
        raise LedgerError(f"line {faults[0].seq}: {faults[0].words}; see: gateway-console record verify {run_id}")
    return CopiedRun(run_id, log_id, await source.stored(run_id), await source.checkpoints(run_id), None, summary)


def _names(folder: Path) -> list[str]:
    try:
        names = [each.name for each in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LedgerError(f"{safe(str(folder), limit=200)} cannot be read: {os_reason(error)}") from None
    return sorted(name for name in names if len(name) == _NAME_LENGTH and set(name) <= set("0123456789abcdef"))

"""Pruning: whole runs that are over and old are deleted, each leaves a tombstone, and nothing else of it but that.

All tombstones are made first, so that a key that cannot sign stops the prune before anything is deleted. Then each run
is deleted in one transaction. What its models wrote goes last, unless a run that stays names it too.
"""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from console.domain.ledger.checkpoint import Checkpoint, CheckpointKind
from console.domain.run.fold import fold
from console.domain.run.state import RunStatus
from console.services.ledger.artifacts import ArtifactStore
from console.services.ledger.codec import CodecError, entry_of
from console.services.ledger.heartbeat import holding
from console.services.ledger.holder import this_process
from console.services.ledger.ledger import Ledger, LedgerError, Summary, Wanted
from console.services.record.checkpoints import Checkpoints
from console.services.record.verify_chain import Against, verify_run

_OVER = (RunStatus.CLOSED, RunStatus.BLOCKED, RunStatus.STOPPED)
_HASH = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_INPUTS = re.compile(rb'"inputs_sha256":"([0-9a-f]{64})"')
_BODY = 9
"""The place of the body in a stored line."""
_ANY_NUMBER = 1 << 40


@dataclass(frozen=True, slots=True)
class Pruned:
    """What became of a run that was to be deleted."""

    run: Summary
    why_not: str = ""
    """Why it was left as it is; empty if it was deleted."""


async def old_runs(ledger: Ledger, before_ms: int) -> tuple[Summary, ...]:
    """Return the runs that are over and whose last line is older than a Unix time in ms, the newest first.

    Raises:
        LedgerError: The ledger cannot be read.

    """
    over = [each for status in _OVER for each in await ledger.runs(_ANY_NUMBER, Wanted(status))]
    old = (each for each in over if each.updated_at_ms < before_ms)
    return tuple(sorted(old, key=lambda each: each.run_id, reverse=True))


class Prune:
    """One prune of some runs of a ledger."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, checkpoints: Checkpoints, name: str) -> None:
        """Name what is pruned, and who does it.

        Args:
            ledger: Where the runs are.
            artifacts: Where their texts are.
            checkpoints: Makes the tombstones.
            name: The operator's name, for those who want to step a run meanwhile.

        """
        self._ledger = ledger
        self._artifacts = artifacts
        self._checkpoints = checkpoints
        self._name = name
        self._named: set[str] = set()

    async def delete(
        self, runs: Sequence[Summary], before_ms: int, progress: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[Pruned, None]:
        """Delete the lines of runs, and yield what became of each.

        Args:
            runs: The runs.
            before_ms: The Unix time in ms after which a run has no line.
            progress: Called for each tombstone that was made.

        Raises:
            SigningError: A tombstone cannot be signed; nothing was deleted.
            LedgerError: The ledger cannot be used.

        """
        made: list[tuple[Summary, Checkpoint | str]] = []
        for run in runs:
            made.append((run, await self._tombstone(run.run_id, before_ms)))
            progress()
        for run, tombstone in made:
            yield Pruned(run, tombstone if isinstance(tombstone, str) else await self._delete(tombstone))

    async def delete_artifacts(self) -> int:
        """Delete the texts of the deleted runs that no other run names, and return how many.

        Raises:
            LedgerError: The other runs cannot be read, or a text cannot be deleted.

        """
        unnamed = set(self._named)
        for run_id in await self._ledger.run_ids() if unnamed else ():
            unnamed -= await self._names(run_id)
        return sum([await self._artifacts.delete(each) for each in sorted(unnamed)])

    async def _tombstone(self, run_id: str, before_ms: int) -> Checkpoint | str:
        """Return a run's tombstone, or why the run stays: what does not verify is evidence, however old it is."""
        try:
            verified = await verify_run(self._ledger, run_id, Against())
            if not verified.holds:
                return f"its record does not verify; run: gateway-console record verify {run_id}"
            state = fold(run_id, map(entry_of, await self._ledger.read(run_id)))
        except (CodecError, LedgerError) as error:
            return str(error)
        if not state.is_over or state.updated_at_ms >= before_ms:
            return "it is not over, or has changed since"
        if not self._checkpoints.has_key and any(each.signature for each in await self._ledger.checkpoints(run_id)):
            return "it is signed, and the policy names no operator_key to sign what is left of it"
        return await self._checkpoints.make(state, CheckpointKind.TOMBSTONE)

    async def _delete(self, tombstone: Checkpoint) -> str:
        """Delete a run's lines; return why not, or nothing."""
        run_id = tombstone.run_id
        try:
            async with holding(self._ledger, run_id, this_process(self._name)):
                named = await self._names(run_id)
                await self._ledger.prune(tombstone)
        except LedgerError as error:  # another process steps the run, or has pruned it
            return str(error)
        self._named |= named
        return ""

    async def _names(self, run_id: str) -> set[str]:
        """Return all that may be the name of an artifact in a run's lines, and in the inputs that they name."""
        bodies = (row[_BODY] for row in await self._ledger.stored(run_id))
        text = b"\n".join(each if isinstance(each, bytes) else str(each).encode() for each in bodies)
        named = _hashes(text)
        for sha256 in {each.decode() for each in _INPUTS.findall(text)}:
            named |= _hashes(await self._artifacts.read(sha256) or b"")
        return named


def _hashes(text: bytes) -> set[str]:
    return {found.decode() for found in _HASH.findall(text)}

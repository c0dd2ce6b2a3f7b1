"""Checkpoints of a run: made at each decision and at its end, signed if the operator has a key, and kept outside too.

A decision stands whether or not it could be signed: `problem` then says why not, and the checkpoint is stored unsigned.
At the end of a run its checkpoint is also written beside the ledger: a file outside it shows whether it was shortened
or rewritten.
"""

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.ledger.checkpoint import (
    TEXT_LIMIT,
    Checkpoint,
    CheckpointFormError,
    CheckpointKind,
    read_checkpoint,
)
from console.domain.ledger.signature import RUN_NAMESPACE
from console.domain.ledger.ulid import is_run_id
from console.domain.problem import Problem, ProblemKind
from console.domain.run.event import Entry, GateDecided
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.services.candidate.file import save_candidate
from console.services.config.settings import PolicySettings
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.record.signing import SigningError, key_of, sign
from console.services.system.os_reason import os_reason
from console.services.system.private_file import PrivateFileError, write_private

FOLDER = "checkpoints"
"""Where the last checkpoint of each run is kept beside the ledger."""
SUFFIX = ".checkpoint"


class CheckpointError(Problem):
    """A file is not a checkpoint, or cannot be read; the message says what to do."""

    kind = ProblemKind.USAGE


class Checkpoints:
    """Makes the checkpoints of runs, for one operator in this process."""

    def __init__(
        self, ledger: Ledger, policy: PolicySettings, environment: Mapping[str, str], now_ms: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._environment = environment
        self._now_ms = now_ms
        self._kept = ""
        """The head of the newest checkpoint: the last decision may also be the end of the run."""
        self.problem = ""
        """Why the newest checkpoint is not signed, or not stored; empty if it is as the policy wants it."""

    @property
    def has_key(self) -> bool:
        """Whether the policy names a key to sign with."""
        return self._policy.operator_key is not None

    async def keep(self, state: RunState, entries: tuple[Entry, ...] = ()) -> None:
        """Make a checkpoint of a run if these entries, the newest, have a decision or end it.

        Nothing is raised: what has happened in the run stands. `problem` says what went wrong.
        """
        is_wanted = state.is_over or any(isinstance(each.event, GateDecided) for each in entries)
        if not is_wanted or self._kept == state.head:
            return
        self.problem = ""
        try:
            made = await self._made(state)
            await self._ledger.add_checkpoint(made)
            self._kept = state.head
            if state.is_over:
                self._keep_outside(made)
        except (LedgerError, PrivateFileError) as error:
            self.problem = f"the checkpoint of run {state.run_id} was not stored: {error}"
        except OSError as error:
            self.problem = f"the checkpoint of run {state.run_id} was not written: {os_reason(error)}"

    async def make(self, state: RunState, kind: CheckpointKind = CheckpointKind.CHECKPOINT) -> Checkpoint:
        """Return a checkpoint or tombstone of a run as it is now, signed if the policy names a key.

        Raises:
            SigningError: The policy's key cannot sign.

        """
        log_id = await self._ledger.log_of(state.run_id)
        made = Checkpoint(log_id, state.run_id, state.seq, state.head, self._now_ms(), kind)
        key = key_of(self._policy)
        if key is None:
            return made
        return made.signed(await sign(made.statement, key, self._environment, RUN_NAMESPACE))

    async def _made(self, state: RunState) -> Checkpoint:
        try:
            return await self.make(state)
        except SigningError as error:
            self.problem = f"{error}; then: gateway-console record checkpoint {state.run_id}"
            return Checkpoint(
                await self._ledger.log_of(state.run_id), state.run_id, state.seq, state.head, self._now_ms()
            )

    def _keep_outside(self, made: Checkpoint) -> None:
        folder = outside_folder(self._ledger)
        folder.parent.parent.parent.mkdir(parents=True, exist_ok=True)
        for each in (folder.parent.parent, folder.parent, folder):  # of a shared store, nothing else made them
            each.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / f"{made.run_id}{SUFFIX}", made.text.encode())


def outside_folder(ledger: Ledger) -> Path:
    """Return the directory beside a ledger that has the last checkpoint of each run."""
    return ledger.beside / FOLDER


def kept_outside(ledger: Ledger, run_id: str) -> Checkpoint | None:
    """Return the checkpoint that is kept beside the ledger; None if there is none.

    Raises:
        CheckpointError: The file is not a checkpoint of this run.

    """
    path = outside_folder(ledger) / f"{run_id}{SUFFIX}"
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"{safe(str(path), limit=200)} cannot be read: {os_reason(error)}") from None
    if not is_file:  # a pipe would be waited for
        raise CheckpointError(f"{safe(str(path), limit=200)} is not a checkpoint: it is not a file")
    found = read_file(path)
    if found.run_id != run_id:
        raise CheckpointError(f"{safe(str(path), limit=200)} is the checkpoint of another run, {found.run_id}")
    return found


def save_beside(candidate: Path, ledger: Ledger, run_id: str) -> Path | None:
    """Write the last checkpoint of a run beside its candidate's file, and return the new file; None if it has none.

    Raises:
        CandidateFileError: The name is taken, or it cannot be written.
        CheckpointError: The checkpoint that is kept beside the ledger is damaged.

    """
    found = kept_outside(ledger, run_id)
    if found is None:
        return None
    path = candidate.with_name(f"{candidate.name}{SUFFIX}")
    save_candidate(path, found.text.encode())
    return path


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a run."""

    stored: tuple[Checkpoint, ...]
    """By the ledger: its checkpoints, and a tombstone."""
    beside: tuple[Checkpoint, ...]
    """By the file beside the ledger, if there is one."""
    copies: tuple[Checkpoint, ...]
    """By what the operator names."""

    @property
    def all(self) -> tuple[Checkpoint, ...]:
        """All of it, in this order."""
        return (*self.stored, *self.beside, *self.copies)


async def said_of(ledger: Ledger, run_id: str, copies: tuple[Checkpoint, ...]) -> Said:
    """Return what is said of a run. Nothing is verified.

    Args:
        ledger: Where the run is kept.
        run_id: The run's id.
        copies: Checkpoints that the operator names, of any runs.

    Raises:
        LedgerError: A checkpoint in the ledger is damaged.
        CheckpointError: What is kept beside the ledger is not a checkpoint of this run.

    """
    beside = kept_outside(ledger, run_id)  # first: what is in it is in the ledger before
    tombstone = await ledger.tombstone(run_id)
    return Said(
        (*await ledger.checkpoints(run_id), *(() if tombstone is None else (tombstone,))),
        () if beside is None else (beside,),
        tuple(each for each in copies if each.run_id == run_id),
    )


def runs_outside(ledger: Ledger) -> frozenset[str]:
    """Return the runs of which something that is named as a checkpoint is kept beside the ledger.

    Raises:
        CheckpointError: The directory cannot be read.

    """
    folder = outside_folder(ledger)
    try:
        names = [each.name.removesuffix(SUFFIX) for each in folder.iterdir() if each.name.endswith(SUFFIX)]
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise CheckpointError(f"{safe(str(folder), limit=200)} cannot be read: {os_reason(error)}") from None
    return frozenset(filter(is_run_id, names))


def is_of(ledger: Ledger, run_id: str) -> bool:
    """Return whether the checkpoint of a run beside the ledger is of this ledger, as far as it can be read."""
    try:
        beside = kept_outside(ledger, run_id)
    except CheckpointError:
        return True
    return beside is not None and beside.log_id == ledger.log_id


def read_file(path: Path) -> Checkpoint:
    """Return the checkpoint in a file.

    Raises:
        CheckpointError: It cannot be read, or is not a checkpoint.

    """
    shown = safe(str(path), limit=200)
    try:
        with path.open("rb") as file:
            text = file.read(TEXT_LIMIT + 1).decode()
        return read_checkpoint(text)
    except OSError as error:
        raise CheckpointError(f"{shown} cannot be read: {os_reason(error)}") from None
    except (CheckpointFormError, UnicodeDecodeError) as error:
        words = str(error) if isinstance(error, CheckpointFormError) else "it is not text"
        raise CheckpointError(f"{shown} is not a checkpoint: {words}") from None

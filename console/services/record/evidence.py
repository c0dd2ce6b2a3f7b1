"""Evidence: a run's lines and checkpoints in one file, which anyone can verify, with this console or without it.

Each line of the file is JSON. The first ones are the lines of the ledger, exactly as they were hashed, each with its
hash. The last ones have one key, `checkpoint`: the text of a checkpoint. `docs/records.md` says how to verify it with a
few lines of Python and `ssh-keygen`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from console.domain.ledger.checkpoint import Checkpoint, CheckpointFormError, read_checkpoint
from console.domain.ledger.line import Line, line_from_json, line_to_json
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.ledger.ledger import Ledger
from console.services.record.checkpoints import kept_outside
from console.services.system.os_reason import os_reason

SIZE_LIMIT_BYTES = 256 * 1024 * 1024
"""The largest file of evidence that is read, in bytes."""


class EvidenceError(Problem):
    """A file is not evidence of one run; the message says where and why."""

    kind = ProblemKind.RECORD


@dataclass(frozen=True, slots=True)
class Evidence:
    """The lines of a run, and what was said of it. Nothing is verified."""

    lines: tuple[Line, ...]
    checkpoints: tuple[Checkpoint, ...]


async def evidence_of(ledger: Ledger, run_id: str) -> str:
    """Return the evidence of a run.

    Raises:
        LedgerError: The run does not exist, or a line or a checkpoint is damaged.
        CheckpointError: The checkpoint beside the ledger is damaged.

    """
    lines = await ledger.read(run_id)
    beside = kept_outside(ledger, run_id)
    said = dict.fromkeys((*await ledger.checkpoints(run_id), *(() if beside is None else (beside,))))
    return "".join(
        (
            *(f"{line_to_json(line).decode()}\n" for line in lines),
            *(f"{json.dumps({'checkpoint': each.text}, separators=(',', ':'))}\n" for each in said),
        )
    )


def read_evidence(path: Path) -> Evidence:
    """Return the evidence in a file.

    Raises:
        EvidenceError: It cannot be read, or is not evidence of one run.

    """
    shown = safe(str(path), limit=200)
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise EvidenceError(f"{shown} cannot be read: {os_reason(error)}", ProblemKind.USAGE) from None
    if len(data) > SIZE_LIMIT_BYTES:
        raise EvidenceError(f"{shown} is larger than {SIZE_LIMIT_BYTES} bytes", ProblemKind.USAGE)
    lines: list[Line] = []
    checkpoints: list[Checkpoint] = []
    for number, each in enumerate(data.removesuffix(b"\n").split(b"\n"), 1):
        try:
            if each.startswith(b'{"checkpoint":'):
                checkpoints.append(_checkpoint(each))
            elif checkpoints:
                raise EvidenceError(f"{shown}, line {number}: a line of the ledger after a checkpoint")
            else:
                lines.append(line_from_json(each))
        except ValueError as error:
            what = error if isinstance(error, CheckpointFormError) else "it is not a line that the ledger writes"
            raise EvidenceError(f"{shown}, line {number}: {what}") from None
    if not lines:
        raise EvidenceError(f"{shown} has no line of a run")
    if others := {line.run_id for line in lines} - {lines[0].run_id}:
        raise EvidenceError(f"{shown} has lines of {len(others) + 1} runs; evidence is of one")
    return Evidence(tuple(lines), tuple(checkpoints))


def _checkpoint(data: bytes) -> Checkpoint:
    read = json.loads(data)
    if not isinstance(read, dict) or list(read) != ["checkpoint"] or not isinstance(read["checkpoint"], str):
        raise CheckpointFormError("a checkpoint has one key and one text")
    return read_checkpoint(read["checkpoint"])

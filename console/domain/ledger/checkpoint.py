"""Checkpoints and tombstones: what is said of a whole run, so that a copy of it can be held against the ledger.

A chain of hashes cannot show that its end is missing, or that all of it was rewritten. A checkpoint says how many
lines a run had at a time, and the hash of the last one. Signed, or kept elsewhere, it shows both. A tombstone says the
same of a run whose lines were deleted because they were old.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from console.domain.ledger.closed_form import require_count, require_form
from console.domain.ledger.signature import RUN_NAMESPACE, SignatureFormError, armor, read_armor, signer_of
from console.domain.ledger.ulid import is_run_id

TEXT_LIMIT = 16_384
"""The most characters of a checkpoint's text."""
_HASH = re.compile(r"[0-9a-f]{64}")
_COUNT = re.compile(r"[1-9][0-9]{0,15}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_999
_NAMES = ("namespace", "statement", "log", "run", "count", "head", "time")


class CheckpointKind(StrEnum):
    """What a checkpoint says of its run."""

    CHECKPOINT = "checkpoint"
    """The run had these lines."""
    TOMBSTONE = "tombstone"
    """The run had these lines, and they were deleted."""


class CheckpointFormError(ValueError):
    """A text is not a checkpoint; the message contains nothing of the text."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How many lines a run had at a time, and the hash of the last one.

    Raises:
        ValueError: A field does not have its required form.

    """

    log_id: str
    """The ledger that had the run."""
    run_id: str
    count: int
    """The number of lines."""
    head: str
    """The hash of the last of them, which covers them all."""
    at_ms: int
    """When it was made: Unix time in milliseconds, by the clock of whoever made it."""
    kind: CheckpointKind = CheckpointKind.CHECKPOINT
    signature: str | None = None
    """By an operator's SSH key, in base64 and one line; None if it is not signed."""

    def __post_init__(self) -> None:
        if not (is_run_id(self.log_id) and is_run_id(self.run_id)):
            raise ValueError("a checkpoint's ledger or run is not a ULID")
        require_count(self.count, 1, "a checkpoint's count")
        require_count(self.at_ms, 0, "a checkpoint's time")
        if self.at_ms > _LAST_MS:
            raise ValueError("a checkpoint's time is after the year 9999")
        require_form(_HASH, self.head, "a checkpoint's head")
        if self.signature is not None:
            signer_of(self.signature, RUN_NAMESPACE)

    @property
    def key_fingerprint(self) -> str | None:
        """The fingerprint of the key that signed it, which nothing has verified; None if it is not signed."""
        return None if self.signature is None else signer_of(self.signature, RUN_NAMESPACE)

    @property
    def statement(self) -> bytes:
        """What is signed: one line a field, in this order, each ended by a line feed."""
        values = (RUN_NAMESPACE, self.kind, self.log_id, self.run_id, str(self.count), self.head, moment(self.at_ms))
        return "".join(f"{name} {value}\n" for name, value in zip(_NAMES, values, strict=True)).encode()

    @property
    def text(self) -> str:
        """The checkpoint as a file has it: the statement, and the signature in the form of OpenSSH."""
        return self.statement.decode() + ("" if self.signature is None else armor(self.signature))

    def signed(self, signature: str) -> "Checkpoint":
        """Return it with a signature, in base64 and one line."""
        return replace(self, signature=signature)


def moment(at_ms: int) -> str:
    """Return a Unix time in ms as RFC 3339 in UTC."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint in a text. Its signature is not verified.

    Raises:
        CheckpointFormError: It is not exactly the text of a checkpoint.

    """
    if len(text) > TEXT_LIMIT:
        raise CheckpointFormError(f"it is longer than {TEXT_LIMIT} characters")
    lines = text.split("\n")
    said, rest = lines[: len(_NAMES)], "\n".join(lines[len(_NAMES) :])
    values = dict(line.split(" ", 1) for line in said if " " in line)
    if tuple(values) != _NAMES or len(said) != len(_NAMES):
        raise CheckpointFormError(f"its lines are not {', '.join(_NAMES)}")
    if values["namespace"] != RUN_NAMESPACE:
        raise CheckpointFormError(f"its namespace is not {RUN_NAMESPACE}")
    if _COUNT.fullmatch(values["count"]) is None or _TIME.fullmatch(values["time"]) is None:
        raise CheckpointFormError("its count or its time is not written as a checkpoint's")
    try:
        signature = read_armor(rest, RUN_NAMESPACE) if rest else None
        read = Checkpoint(
            values["log"], values["run"], int(values["count"]), values["head"], _at_ms(values["time"]),
            CheckpointKind(values["statement"]), signature,
        )  # fmt: skip
    except SignatureFormError as error:
        raise CheckpointFormError(f"what follows its statement is {error}") from None
    except ValueError as error:
        raise CheckpointFormError(str(error)) from None
    if read.text != text:  # a text has one spelling: what was compared or signed is what was read
        raise CheckpointFormError("its spaces, line ends or signature are not written as a checkpoint's")
    return read


def _at_ms(time: str) -> int:
    return (datetime.fromisoformat(time) - _EPOCH) // timedelta(milliseconds=1)

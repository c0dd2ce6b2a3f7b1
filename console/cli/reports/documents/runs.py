"""The documents of `run` and `record`. A run's record is the domain's own type, which can hold what is safe only."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from console.cli.exit_code import ExitCode
from console.domain.errors.category import Category
from console.domain.ledger.checkpoint import moment
from console.domain.record.record import Record
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase
from console.view.record.exports import Form

if TYPE_CHECKING:
    from console.domain.ledger.checkpoint import Checkpoint
    from console.services.ledger.ledger import Summary
    from console.services.record.verify_chain import Verified


@dataclass(frozen=True, kw_only=True)
class _Shown:
    schema: Literal["gateway-console/record/v1", "gateway-console/run-show/v1"]


@dataclass(frozen=True, kw_only=True)
class RecordDocument(Record, _Shown):
    """A run's safe record."""


_RunSchema = Literal[
    "gateway-console/run-start/v1",
    "gateway-console/run-step/v1",
    "gateway-console/run-decide/v1",
    "gateway-console/run-handover/v1",
    "gateway-console/run-bring/v1",
    "gateway-console/run-resume/v1",
    "gateway-console/run-stop/v1",
]
RUN_SCHEMAS: dict[str, _RunSchema] = {
    name.removeprefix("gateway-console/run-").removesuffix("/v1"): name for name in get_args(_RunSchema)
}
"""The name of the document of each kind of `run` that changes one."""


@dataclass(frozen=True, kw_only=True)
class _Ended:
    schema: _RunSchema


@dataclass(frozen=True, kw_only=True)
class RunDocument(Record, _Ended):
    """A run's safe record after a command changed the run, and how to go on."""

    phase: Phase
    next: tuple[str, ...]
    """The commands that take the run further."""
    exit_code: ExitCode


def fields_of(record: Record) -> dict[str, Any]:
    """Return a record's fields, to be those of a document."""
    return {each.name: getattr(record, each.name) for each in fields(Record)}


@dataclass(frozen=True, kw_only=True)
class PreviewDocument:
    """Exactly what a due call would send."""

    schema: Literal["gateway-console/run-preview/v1"] = "gateway-console/run-preview/v1"
    run_id: str
    gate: Gate
    role: Role
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    max_tokens: int | None
    """What the call may take at most; so is the next. None if an agent makes the calls."""
    max_usd: float | None
    body: str
    """The request's body: JSON of its own; or an agent's task, as text. The ids that bound its blocks are new in
    every call."""
    agent: str | None
    """The coding agent that gets it; None if the model does."""
    next: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ListedRunDocument:
    """A run as the list shows it."""

    run_id: str
    repository: str
    gate: str
    status: str
    attempt: int
    started_at: str
    """RFC 3339 in UTC; so is the next."""
    updated_at: str
    is_simulated: bool
    verdict: GateVerdict | None
    """The result of the review so far; null if no judge has answered, or the run was stopped."""
    category: Category | None
    """The category of the error that stopped it; null if none did."""
    operator: str
    """The id of the operator who began it; empty in the entry of a run that an older version summarised."""
    is_signed: bool
    """Whether a checkpoint of the run has a signature, which nothing has verified."""

    @classmethod
    def of(cls, summary: "Summary") -> Self:
        """Return a run as the document names it."""
        return cls(
            run_id=summary.run_id,
            repository=summary.repository,
            gate=summary.gate,
            status=summary.status,
            attempt=summary.attempt,
            started_at=moment(summary.started_at_ms),
            updated_at=moment(summary.updated_at_ms),
            is_simulated=summary.is_simulated,
            verdict=GateVerdict(summary.verdict) if summary.verdict else None,
            category=Category(summary.category) if summary.category else None,
            operator=summary.operator,
            is_signed=summary.is_signed,
        )


@dataclass(frozen=True, kw_only=True)
class PrunedRunDocument:
    """What is left of a run whose lines were deleted because they were old."""

    run_id: str
    pruned_at: str
    """RFC 3339 in UTC."""
    lines: int
    """How many it had."""
    head: str
    """The hash of the last of them."""
    is_signed: bool
    """Whether the tombstone has a signature, which nothing has verified."""

    @classmethod
    def of(cls, tombstone: "Checkpoint") -> Self:
        """Return a tombstone as the document names it."""
        return cls(
            run_id=tombstone.run_id,
            pruned_at=moment(tombstone.at_ms),
            lines=tombstone.count,
            head=tombstone.head,
            is_signed=tombstone.signature is not None,
        )


@dataclass(frozen=True, kw_only=True)
class PrunedDocument:
    """A run of which a tombstone is left, instead of its record."""

    schema: Literal["gateway-console/record-pruned/v1"] = "gateway-console/record-pruned/v1"
    pruned: PrunedRunDocument


@dataclass(frozen=True, kw_only=True)
class RunListDocument:
    """The runs of this machine, the newest first."""

    schema: Literal["gateway-console/run-list/v1"] = "gateway-console/run-list/v1"
    runs: tuple[ListedRunDocument, ...]
    pruned: tuple[PrunedRunDocument, ...]
    """With `--pruned`, the runs of which a tombstone is left, the newest first; else empty."""


@dataclass(frozen=True, kw_only=True)
class DiffRowDocument:
    """A field of two records."""

    field: str
    a: str | None
    """Null if the first record does not have it."""
    b: str | None
    counts: bool
    """Whether it makes the records differ; a measured time does not."""


@dataclass(frozen=True, kw_only=True)
class RecordDiffDocument:
    """In what two records differ."""

    schema: Literal["gateway-console/record-diff/v1"] = "gateway-console/record-diff/v1"
    a: str
    """The first run's id."""
    b: str
    differs: bool
    rows: tuple[DiffRowDocument, ...]
    """The fields that differ; with `--all`, every field."""
    exit_code: ExitCode


PruneOutcome = Literal["pruned", "would_be_pruned", "skipped"]


@dataclass(frozen=True, kw_only=True)
class PrunableRunDocument:
    """A run that is over and older than the retention, or that was left as it is."""

    run_id: str
    repository: str
    updated_at: str
    """RFC 3339 in UTC."""
    outcome: PruneOutcome
    reason: str
    """Why it was skipped; else empty."""


@dataclass(frozen=True, kw_only=True)
class RecordPruneDocument:
    """Which runs were deleted because they were old."""

    schema: Literal["gateway-console/record-prune/v1"] = "gateway-console/record-prune/v1"
    before: str
    """RFC 3339 in UTC: runs whose last line is older were meant."""
    runs: tuple[PrunableRunDocument, ...]
    artifacts_deleted: int
    """How many stored texts no run names any more, and were deleted."""
    exit_code: ExitCode


@dataclass(frozen=True, kw_only=True)
class ChainFaultDocument:
    """Where a chain does not hold, and how."""

    line: int
    words: str


@dataclass(frozen=True, kw_only=True)
class VerifiedDocument:
    """What verifying a run's ledger showed."""

    run_id: str
    holds: bool
    lines: int
    head: str
    """The hash of the last line."""
    signatures: int
    """How many signatures hold, by the list of signers."""
    signatures_not_verified: int
    """How many signatures could not be judged, because no list was named."""
    checkpoints: int
    """How many checkpoints were held against the lines."""
    signed_lines: int
    """How many lines, from the first, a valid signature covers."""
    signers: tuple[str, ...]
    """Who signed them, by the list of signers."""
    pruned_at: str | None
    """When the lines were deleted because they were old; null if they were not."""
    unmet: tuple[str, ...]
    """What was required and does not hold; empty if nothing was required."""
    faults: tuple[ChainFaultDocument, ...]
    unread: str | None
    """Why the lines could not be read, so that nothing is known of them; null if they were read."""

    @classmethod
    def of(cls, result: "Verified", unmet: tuple[str, ...] = ()) -> Self:
        """Return a result as the document names it."""
        return cls(
            run_id=result.run_id,
            holds=result.holds,
            lines=result.lines,
            head=result.head,
            signatures=result.signatures,
            signatures_not_verified=result.unverified,
            checkpoints=result.checkpoints,
            signed_lines=result.signed_lines,
            signers=result.signers,
            pruned_at=None if result.pruned_at_ms is None else moment(result.pruned_at_ms),
            unmet=unmet,
            faults=tuple(ChainFaultDocument(line=fault.seq, words=fault.words) for fault in result.faults),
            unread=result.unread or None,
        )


@dataclass(frozen=True, kw_only=True)
class RecordVerifyDocument:
    """What verifying the ledgers of runs showed."""

    schema: Literal["gateway-console/record-verify/v1"] = "gateway-console/record-verify/v1"
    records: tuple[VerifiedDocument, ...]
    exit_code: ExitCode


@dataclass(frozen=True, kw_only=True)
class RecordExportDocument:
    """A record in a form that other tools read."""

    schema: Literal["gateway-console/record-export/v1"] = "gateway-console/record-export/v1"
    run_id: str
    form: Form
    is_simulated: bool
    """Whether the embedded gateway answered, so that the record is not evidence of a real one."""
    signed_by: str | None
    """The fingerprint of the key that signed it; null if nothing is signed."""
    sha256: str
    """The hash of the export."""
    size: int
    """In bytes."""
    output: str | None
    """The file that was written; null if there is none."""
    text: str | None
    """The export; null if it was written to a file."""

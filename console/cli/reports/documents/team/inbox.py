"""The document of `run inbox`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.domain.ledger.checkpoint import moment

if TYPE_CHECKING:
    from console.services.team.inbox import InboxRow


@dataclass(frozen=True, kw_only=True)
class HandoverDocument:
    """Who left a run to you, and with which note."""

    by: str
    """The operator's id."""
    note: str
    at: str
    """RFC 3339 in UTC."""


@dataclass(frozen=True, kw_only=True)
class InboxRowDocument:
    """A gate that waits for you."""

    run_id: str
    repository: str
    gate: str
    attempt: int
    operator: str
    """The id of the operator who began the run."""
    waits_since: str
    """RFC 3339 in UTC."""
    waits_s: int
    """For how long it has waited, in seconds."""
    why: str
    """Why it waits for you, in the console's words; the note of a hand-over to you is in them too."""
    handover: HandoverDocument | None
    """Null if no one left the run to you."""
    is_simulated: bool


@dataclass(frozen=True, kw_only=True)
class InboxDocument:
    """The gates that wait for you: what was left to you first, then the oldest."""

    schema: Literal["gateway-console/run-inbox/v1"] = "gateway-console/run-inbox/v1"
    waiting: tuple[InboxRowDocument, ...]

    @classmethod
    def of(cls, rows: "Sequence[InboxRow]", now_ms: int) -> Self:
        """Return an inbox as the document names it."""
        return cls(waiting=tuple(_row(each, now_ms) for each in rows))


def _row(row: "InboxRow", now_ms: int) -> InboxRowDocument:
    run, waiting, left = row.run, row.waiting, row.waiting.left
    return InboxRowDocument(
        run_id=run.run_id,
        repository=run.repository,
        gate=run.gate,
        attempt=run.attempt,
        operator=run.operator,
        waits_since=moment(waiting.since_ms),
        waits_s=max(0, now_ms - waiting.since_ms) // 1000,
        why=waiting.why,
        handover=None
        if left is None
        else HandoverDocument(by=left.actor.id, note=left.handed.note, at=moment(left.at_ms)),
        is_simulated=run.is_simulated,
    )

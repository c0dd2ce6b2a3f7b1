"""The document of `worker status`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.domain.ledger.checkpoint import moment

if TYPE_CHECKING:
    from console.services.worker.presence import Queue, WorkerSeen


@dataclass(frozen=True, kw_only=True)
class WorkDocument:
    """What a worker does for a run or a profile, or why it cannot."""

    what: str
    """The run's id, or the profile."""
    words: str


@dataclass(frozen=True, kw_only=True)
class WorkerDocument:
    """A worker of the store."""

    name: str
    host: str
    """A digest of the machine's name."""
    version: str
    since: str
    """RFC 3339 in UTC; so is the next one."""
    last_heartbeat: str
    heartbeat_age_s: int
    """By the database's clock."""
    is_alive: bool
    """Whether its heartbeat is fresh; the jobs of a silent worker are failed, and its runs are looked at again."""
    is_draining: bool
    doing: tuple[WorkDocument, ...]
    passed_over: tuple[WorkDocument, ...]
    """The runs that it cannot take."""
    failed: tuple[WorkDocument, ...]
    """The runs and profiles whose last job failed here."""


@dataclass(frozen=True, kw_only=True)
class QueueDocument:
    """The jobs of one kind."""

    task: str
    waiting: int
    running: int
    failed: int
    """In the last day."""


@dataclass(frozen=True, kw_only=True)
class WorkersDocument:
    """Who is at work in a team's store."""

    schema: Literal["gateway-console/worker-status/v1"] = "gateway-console/worker-status/v1"
    store: str
    workers: tuple[WorkerDocument, ...]
    queues: tuple[QueueDocument, ...]

    @classmethod
    def of(cls, where: str, workers: "Sequence[WorkerSeen]", queues: "Sequence[Queue]") -> Self:
        """Return what was read as the document names it."""
        return cls(
            store=where,
            workers=tuple(
                WorkerDocument(
                    name=each.name,
                    host=each.host,
                    version=each.version,
                    since=moment(each.since_ms),
                    last_heartbeat=moment(each.beat_ms),
                    heartbeat_age_s=each.age_ms // 1000,
                    is_alive=each.is_alive,
                    is_draining=each.said.is_draining,
                    doing=_work(each.said.doing),
                    passed_over=_work(each.said.passed),
                    failed=_work(each.said.failed),
                )
                for each in workers
            ),
            queues=tuple(
                QueueDocument(task=each.task, waiting=each.waiting, running=each.running, failed=each.failed)
                for each in queues
            ),
        )


def _work(said: dict[str, str]) -> tuple[WorkDocument, ...]:
    return tuple(WorkDocument(what=what, words=words) for what, words in said.items())

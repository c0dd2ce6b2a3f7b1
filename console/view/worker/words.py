"""What is said of workers: who is at work, and what each cannot take."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from console.view.explanation import duration

_KINDS = {
    "look_at_run": "looks at runs",
    "look_at_all": "the minute's look at all runs",
    "watch_profile": "rounds of watches",
}


class SaidLike(Protocol):
    """What a worker says of itself."""

    @property
    def doing(self) -> Mapping[str, str]:
        """By run or profile: what it does."""

    @property
    def passed(self) -> Mapping[str, str]:
        """By run: why it cannot take it."""

    @property
    def is_draining(self) -> bool:
        """Whether it takes nothing new."""


class WorkerLike(Protocol):
    """A worker as it is seen."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def host(self) -> str:
        """A digest of its machine's name."""

    @property
    def version(self) -> str:
        """The console's version."""

    @property
    def age_ms(self) -> int:
        """How old its heartbeat is."""

    @property
    def is_alive(self) -> bool:
        """Whether its heartbeat is fresh."""

    @property
    def said(self) -> SaidLike:
        """What it says."""


class QueueLike(Protocol):
    """The jobs of one kind."""

    @property
    def task(self) -> str:
        """The kind."""

    @property
    def waiting(self) -> int:
        """How many wait."""

    @property
    def running(self) -> int:
        """How many are done now."""

    @property
    def failed(self) -> int:
        """How many failed in the last day."""


def worker_lines(workers: Sequence[WorkerLike]) -> Iterator[str]:
    """Yield what to say of all workers; a line each, and one for each run that one does or passes over."""
    if not workers:
        yield "no worker has been seen; start one with: gateway-console worker --repositories DIR"
    for each in workers:
        yield worker_words(each)
        for what, words in each.said.doing.items():
            yield f"    {what}: {words}"
        for run_id, why in each.said.passed.items():
            yield f"    worker {each.name} cannot take run {run_id}: {why}"


def worker_words(worker: WorkerLike) -> str:
    """Return one line on a worker."""
    beat = f"last heartbeat {duration(worker.age_ms // 1000)} ago"
    if not worker.is_alive:
        state = f"silent, {beat}; its runs are looked at by others"
    elif worker.said.is_draining:
        state = f"ends after the gates at hand, {beat}"
    else:
        doing = len(worker.said.doing)
        state = f"at work on {doing}, {beat}" if doing else f"waits, {beat}"
    return f"{worker.name}  host {worker.host}  version {worker.version}  {state}"


def queue_words(queue: QueueLike) -> str:
    """Return one line on the jobs of one kind."""
    name = _KINDS.get(queue.task, queue.task)
    failed = f", {queue.failed} failed in the last day" if queue.failed else ""
    return f"{name}: {queue.waiting} waiting, {queue.running} running{failed}"

"""What is said of workers: who is at work, and what each cannot take."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from console.view.explanation import duration

_KINDS = {
    "look_at_run": "looks at runs",
    "look_at_all": "the minute's look at all runs",
    "watch_profile": "rounds of watches",
}


NO_WORKER = "no worker has been seen; start one with: gateway-console worker --repositories DIR"


class SaidLike(Protocol):
    """What a worker says of itself."""

    @property
    def doing(self) -> Mapping[str, str]:
        """By run or profile: what it does."""

    @property
    def passed(self) -> Mapping[str, str]:
        """By run: why it cannot take it."""

    @property
    def failed(self) -> Mapping[str, str]:
        """By run or profile: why the last job of it failed."""

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
    def since_ms(self) -> int:
        """Unix time at which it began."""

    @property
    def beat_ms(self) -> int:
        """Unix time of its last heartbeat."""

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
        yield NO_WORKER
    for each in workers:
        yield worker_words(each)
        for what, words in each.said.doing.items():
            yield f"    {what}: {words}"
        for run_id, why in each.said.passed.items():
            yield f"    worker {each.name} cannot take run {run_id}: {why}"
        for what, why in each.said.failed.items():
            yield f"    the last job of {what} failed: {why}"


def worker_words(worker: WorkerLike) -> str:
    """Return one line on a worker."""
    beat = f"last heartbeat {duration(worker.age_ms // 1000)} ago"
    return f"{worker.name}  host {worker.host}  version {worker.version}  {beat}  {state_words(worker)}"


def state_words(worker: WorkerLike) -> str:
    """Return what a worker does now, in a few words."""
    if not worker.is_alive:
        return "silent: others look at its runs"
    if worker.said.is_draining:
        return "ends after the gates at hand"
    doing = len(worker.said.doing)
    return f"at work on {doing}" if doing else "waits"


def kind_words(task: str) -> str:
    """Return the name of a kind of job."""
    return _KINDS.get(task, task)


def queue_words(queue: QueueLike) -> str:
    """Return one line on the jobs of one kind."""
    failed = f", {queue.failed} failed in the last day" if queue.failed else ""
    return f"{kind_words(queue.task)}: {queue.waiting} waiting, {queue.running} running{failed}"

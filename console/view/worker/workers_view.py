"""What the screen knows of a team's workers: who is at work, and what waits for them."""

from dataclasses import dataclass, replace
from typing import assert_never

from console.view.worker.words import QueueLike, WorkerLike

# --- Events of the view ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkersRead:
    """The workers and their queues were read."""

    workers: tuple[WorkerLike, ...]
    queues: tuple[QueueLike, ...]
    store: str
    """Where they are from."""


@dataclass(frozen=True, slots=True)
class WorkersUnread:
    """They cannot be read now; what was read before stays."""

    words: str


WorkersViewEvent = WorkersRead | WorkersUnread


# --- The view --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkersView:
    """Everything that is drawn of the workers."""

    workers: tuple[WorkerLike, ...] = ()
    queues: tuple[QueueLike, ...] = ()
    store: str = ""
    """Where they were read; empty until they were."""
    failure: str = ""
    """Why they cannot be read now."""

    def apply(self, event: WorkersViewEvent) -> "WorkersView":
        """Return the view after an event. Pure."""
        match event:
            case WorkersRead(workers, queues, store):
                return WorkersView(workers, queues, store)
            case WorkersUnread(words):
                return replace(self, failure=words)
            case _:
                assert_never(event)

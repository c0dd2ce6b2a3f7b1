"""What the judges of all three families' streams have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from console.domain.finding import Finding
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.judge.notes import Notes


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stream ended, as its reader saw it."""

    is_complete: bool
    has_error: bool
    is_refused: bool = False
    """The content was refused by a policy, which is an outcome of its own and no departure from the contract."""
    finish: str | None = None


class StreamJudge(ABC):
    """Judges one stream, event by event. Never raises on anything a gateway may send."""

    naming: ClassVar[str] = "COM-O-03"
    """The assertion about the names of events."""

    def __init__(self, expected: Expectation = NOTHING) -> None:
        self._notes = Notes()
        self._expected = expected
        self._is_unnamed = False
        """An event without a name was noted."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings so far."""
        return self._notes.findings

    @abstractmethod
    def take(self, kind: str, name: str, value: dict[str, object]) -> None:
        """Take one decoded event.

        Args:
            kind: The `type` in its data; empty where it has none.
            name: The event's own name; empty where it has none.
            value: Its data.

        """

    @abstractmethod
    def take_done_marker(self) -> None:
        """Take a `[DONE]`."""

    @abstractmethod
    def close(self, ending: Ending) -> None:
        """Take the stream's end."""

    def take_unreadable(self) -> None:
        """Take an event whose data is not a JSON object."""
        self._notes.position += 1
        self._notes.add("COM-O-01", "not_json")

    def _judge_name(self, kind: str, name: str) -> None:
        if not name:
            if not self._is_unnamed:
                self._is_unnamed = True
                self._notes.add(self.naming, "unnamed")
        elif not kind:
            self._notes.add(self.naming, "untyped")
        else:
            self._notes.add(self.naming, "other_name")

    @property
    def _is_other_family(self) -> bool:
        return self._notes.has("COM-B-02", "other_family")

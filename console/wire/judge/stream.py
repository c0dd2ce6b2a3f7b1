"""The common base of the three families' stream judges."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from console.domain.finding import Finding
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.judge.notes import Notes


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a stream, as its reader saw it."""

    is_complete: bool
    has_error: bool
    is_refused: bool = False
    """Whether a policy refused the content, which does not violate the contract."""
    finish: str | None = None


class StreamJudge(ABC):
    """Judges one stream, event by event. Never raises, whatever a gateway sends."""

    naming: ClassVar[str] = "COM-O-03"
    """The assertion about event names."""

    def __init__(self, expected: Expectation = NOTHING) -> None:
        self._notes = Notes()
        self._expected = expected
        self._is_unnamed = False
        """Whether an event without a name was noted."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings so far."""
        return self._notes.findings

    @property
    def has_content(self) -> bool:
        """Whether the judge saw that the model generated anything: text, reasoning or a tool call."""
        return False

    @abstractmethod
    def take(self, kind: str, name: str, value: dict[str, object]) -> None:
        """Judge one decoded event.

        Args:
            kind: The `type` in its data; empty if there is none.
            name: The event's own name; empty if there is none.
            value: Its data.

        """

    def take_piece(self, name: str, piece: Any) -> bool:  # each family's judge knows its own piece
        """Judge a piece of content that its reader decoded into a type.

        Returns:
            Whether it was judged. False leaves the judge as it was: `take` has to judge the event's whole data.

        """
        return False

    @abstractmethod
    def take_done_marker(self) -> None:
        """Judge a `[DONE]`."""

    @abstractmethod
    def close(self, ending: Ending) -> None:
        """Judge the end of the stream."""

    def take_unreadable(self) -> None:
        """Judge an event whose data is not a JSON object."""
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

"""A call as it is drawn during and after it: the one fold for smoke tests and for calls of runs."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from console.domain.probes.event import (
    AnswerStarted,
    CallEvent,
    OutputReceived,
    RefusalRead,
    RequestWritten,
    SmokeFinished,
    SmokeQueued,
    SmokeStarted,
)
from console.domain.probes.smoke import SmokeResult

_NEWER_LIMIT = 256
OUTPUT_LIMIT = 4096
"""How many characters of a stream's end are kept for display."""


class CallPhase(StrEnum):
    """The phase of a call."""

    IDLE = "idle"
    QUEUED = "queued"
    CONNECTING = "connecting"
    WAITING = "waiting"
    STREAMING = "streaming"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class LiveCall:
    """The newest call of its kind, as far as it has got."""

    phase: CallPhase = CallPhase.IDLE
    ttft_ms: float | None = None
    pieces: int = 0
    newer: str = ""
    """The newest pieces: they are short, so that a new one does not copy all that is kept."""
    said: str = ""
    """The gateway's message when it refused the call; display only, never kept."""
    result: SmokeResult | None = None
    older: str = ""
    """The streamed text up to the newest pieces, as far as it is kept."""

    @property
    def output(self) -> str:
        """The end of the streamed text; display only, never kept."""
        return (self.older + self.newer)[-OUTPUT_LIMIT:]

    @property
    def is_live(self) -> bool:
        """Whether the call is in progress."""
        return self.phase not in (CallPhase.IDLE, CallPhase.DONE)

    @property
    def is_sent(self) -> bool:
        """Whether the call is in progress and its request was written, so that it may be billed."""
        return self.phase in (CallPhase.WAITING, CallPhase.STREAMING)

    def apply(self, event: CallEvent) -> "LiveCall":
        """Return the call after one of its events; a queued or started call replaces the one before. Pure."""
        match event:
            case SmokeQueued():
                return LiveCall(CallPhase.QUEUED)
            case SmokeStarted():
                return LiveCall(CallPhase.CONNECTING)
            case RequestWritten():
                return replace(self, phase=CallPhase.WAITING)
            case AnswerStarted():
                return self
            case OutputReceived():
                return self.with_output(event)
            case RefusalRead(_, excerpt):
                return replace(self, said=excerpt)
            case SmokeFinished(result):
                return replace(self, phase=CallPhase.DONE, result=result)
            case _:
                assert_never(event)

    def with_output(self, event: OutputReceived) -> "LiveCall":
        """Return the call after more of its output. Pure."""
        older, newer = self.older, self.newer + event.text
        if len(newer) > _NEWER_LIMIT:
            older, newer = (older + newer)[-OUTPUT_LIMIT:], ""
        pieces = self.pieces + event.pieces
        return LiveCall(CallPhase.STREAMING, event.ttft_ms, pieces, newer, self.said, self.result, older)

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
    output: str = ""
    """The end of the streamed text; display only, never kept."""
    said: str = ""
    """The gateway's message when it refused the call; display only, never kept."""
    result: SmokeResult | None = None

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
            case OutputReceived(_, text, _, ttft_ms):
                output = (self.output + text)[-OUTPUT_LIMIT:]
                return replace(self, phase=CallPhase.STREAMING, ttft_ms=ttft_ms, pieces=self.pieces + 1, output=output)
            case RefusalRead(_, excerpt):
                return replace(self, said=excerpt)
            case SmokeFinished(result):
                return replace(self, phase=CallPhase.DONE, result=result)
            case _:
                assert_never(event)

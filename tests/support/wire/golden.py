"""What golden streams are made of. A golden stream is good: one of each family and each dialect that gateways speak."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.routes.family import EndpointFamily
from console.wire.sse import SseEvent
from console.wire.usage import Usage

DONE = SseEvent("", "[DONE]")


@dataclass(frozen=True, slots=True)
class Golden:
    """A stream that is good, and what a reader has to make of it."""

    name: str
    family: EndpointFamily
    frames: tuple[SseEvent, ...]
    terminal: int
    """The position of the frame that makes the stream complete."""
    model: str
    answer_id: str
    finish: str
    usage: Usage
    text: str = ""
    reasoning: str = ""
    findings: tuple[str, ...] = ()
    is_over: bool = False


def to_bytes(frames: Iterable[SseEvent], end: str = "\n") -> bytes:
    """Write frames as a gateway does."""
    return "".join(
        (f"event: {frame.name}{end}" if frame.name else "") + f"data: {frame.data}{end}{end}" for frame in frames
    ).encode()


def named(kind: str, **fields: object) -> SseEvent:
    """Make a frame whose event name is its type."""
    return SseEvent(kind, json.dumps({"type": kind, **fields}))


def bare(**fields: object) -> SseEvent:
    """Make a frame that names no event."""
    return SseEvent("", json.dumps(fields))


def unnamed(frames: Iterable[SseEvent]) -> tuple[SseEvent, ...]:
    """Take the event names off, as LiteLLM does."""
    return tuple(SseEvent("", frame.data) for frame in frames)


def untyped(frames: Iterable[SseEvent]) -> tuple[SseEvent, ...]:
    """Take `type` out of the data, so that only the event names say what is what."""
    return without(frames, "type")


def without(frames: Iterable[SseEvent], *keys: str) -> tuple[SseEvent, ...]:
    """Take keys out of every frame's data."""
    return tuple(
        SseEvent(frame.name, json.dumps({k: v for k, v in json.loads(frame.data).items() if k not in keys}))
        for frame in frames
    )

"""Bytes on the wire, sans-IO: builds requests, parses answers and reads streams for each endpoint family."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from console.domain.routes.family import EndpointFamily
from console.wire import anthropic_messages, chat_completions, responses
from console.wire.answer import Answer
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.request import Request
from console.wire.stream import StreamReader


class Build(Protocol):
    """Builds a request body of a family."""

    def __call__(self, model: str, request: Request) -> bytes:
        """Return the body's bytes."""


class Read(Protocol):
    """Reads and judges a decoded, non-streamed body with a 2xx status."""

    def __call__(self, body: object, expected: Expectation = NOTHING) -> Answer:
        """Return the answer in a body, with its findings."""


class OpenStream(Protocol):
    """Opens the reader of one stream."""

    def __call__(self, expected: Expectation = NOTHING) -> StreamReader:
        """Return a new reader with its judge; `expected` is what the request asked for besides text."""


@dataclass(frozen=True, slots=True)
class FamilyWire:
    """The wire functions of one endpoint family."""

    build: Build
    build_without_input: Callable[[str], bytes]
    """Builds a body without its input: every gateway refuses it, and none generates anything."""
    read: Read
    open_stream: OpenStream


FAMILY_WIRES: dict[EndpointFamily, FamilyWire] = {
    EndpointFamily.RESPONSES: FamilyWire(
        responses.build,
        responses.build_without_input,
        responses.read,
        responses.ResponsesStream,
    ),
    EndpointFamily.ANTHROPIC_MESSAGES: FamilyWire(
        anthropic_messages.build,
        anthropic_messages.build_without_input,
        anthropic_messages.read,
        anthropic_messages.MessagesStream,
    ),
    EndpointFamily.CHAT_COMPLETIONS: FamilyWire(
        chat_completions.build,
        chat_completions.build_without_input,
        chat_completions.read,
        chat_completions.ChatStream,
    ),
}

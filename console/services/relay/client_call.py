"""A call between a client and the relay: what the client sent, and the parts of its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.domain.routes.family import EndpointFamily
from console.services.relay.client import RelayClient


@dataclass(frozen=True, slots=True)
class ClientCall:
    """A call as a client sent it."""

    client: RelayClient
    family: EndpointFamily
    query: str
    """Without its `?`, as it was written."""
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The status and the headers for the client."""

    status: int
    headers: Mapping[str, str]


AnswerPart = AnswerHead | bytes
"""The parts of an answer to a client: the head, then the body's bytes as they come."""

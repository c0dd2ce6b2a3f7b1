"""The parts of one call, in the order they arrive, and a call read to its end."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum

from console.domain.probes.smoke import StampedBy


class KeyUse(StrEnum):
    """Which key a call carries."""

    OWN = "own"
    """The profile's token, if it has one."""
    WRONG = "wrong"
    """A key that the gateway must refuse: the negative control."""
    NONE = "none"
    """No key."""


@dataclass(frozen=True, slots=True)
class Written:
    """The request's last byte was handed to the kernel."""

    elapsed_ms: float
    """From the start of the call; connect time included."""


@dataclass(frozen=True, slots=True)
class Started:
    """The answer's status and headers arrived."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case. A repeated name has all its values, separated by commas."""
    elapsed_ms: float

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the answer's body, as it came from the socket."""

    data: bytes
    elapsed_ms: float
    """When it arrived, from the start of the call."""
    stamped_by: StampedBy = StampedBy.PROCESS


CallPart = Written | Started | Chunk


@dataclass(slots=True)
class Reply:
    """A call read to its end."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: bytes = b""
    elapsed_ms: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300


async def read_whole(call: AsyncGenerator[CallPart, None], *, limit: int) -> Reply:
    """Read a call to its end, or close it after `limit` bytes of its body.

    Raises:
        CallError: There was no whole answer.

    """
    reply, body = Reply(), bytearray()
    async with aclosing(call) as parts:
        async for part in parts:
            reply.elapsed_ms = part.elapsed_ms
            if isinstance(part, Started):
                reply.status, reply.headers, reply.content_type = part.status, part.headers, part.content_type
            elif isinstance(part, Chunk):
                body += part.data
                if len(body) >= limit:
                    break
    reply.body = bytes(body[:limit])
    return reply

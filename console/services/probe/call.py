"""The parts of one call, in the order in which they come."""

from collections.abc import Mapping
from dataclasses import dataclass


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
    """Case-insensitive."""
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


CallPart = Written | Started | Chunk

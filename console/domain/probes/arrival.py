"""How an answer's content arrived: as it was generated, or collected on the way. Pure: moments come in as figures."""

from dataclasses import dataclass
from enum import StrEnum

_FEWEST_PIECES = 6
"""Fewer pieces of content show nothing: a gateway may send a short answer at once."""
_SHORTEST_WAIT_MS = 1_000.0
_PIECES_A_MS = 1.0
_SHORTEST_SPREAD_MS = 10.0
_WAIT_TO_SPREAD = 20.0
_PIECES_A_LUMP = 8
PAUSE_MS = 5_000.0
"""A gap within the content from which on it is worth telling, in milliseconds."""


class ArrivalPattern(StrEnum):
    """How content arrived."""

    FLOWING = "flowing"
    """Piece by piece."""
    BURST = "burst"
    """All at once after a wait: something on the way collected it."""
    LUMPS = "lumps"
    """In a few lumps with waits between them: something on the way collects."""
    FEW = "few"
    """Too few pieces to tell."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The arrival of one answer's content, from the moments at which its pieces came from the socket."""

    pieces: int
    """The pieces of content: text and reasoning."""
    lumps: int
    """The reads of the socket that brought content."""
    wait_ms: float
    """From the request's last byte until the first content."""
    spread_ms: float
    """From the first content until the last."""
    longest_gap_ms: float
    """The longest time between two lumps."""
    gap_after: int
    """The number of pieces before the longest gap."""

    @property
    def pattern(self) -> ArrivalPattern:
        """How the content arrived.

        A burst is an answer of at least 6 pieces, of which the first came no sooner than 1 s after the request, and
        all others within a twentieth of that wait and faster than a thousand pieces a second (10 ms are always
        allowed). Lumps are at least two reads that brought 8 pieces or more on average, with a gap of 1 s or more. A
        model that is really that fast after such a wait cannot be told from a proxy that buffers.
        """
        if self.pieces < _FEWEST_PIECES:
            return ArrivalPattern.FEW
        is_fast = self.spread_ms <= max(_SHORTEST_SPREAD_MS, self.pieces / _PIECES_A_MS)
        if self.wait_ms >= _SHORTEST_WAIT_MS and is_fast and self.spread_ms * _WAIT_TO_SPREAD <= self.wait_ms:
            return ArrivalPattern.BURST
        is_lumpy = self.lumps >= 2 and self.pieces >= _PIECES_A_LUMP * self.lumps
        if is_lumpy and self.longest_gap_ms >= _SHORTEST_WAIT_MS:
            return ArrivalPattern.LUMPS
        return ArrivalPattern.FLOWING

    @property
    def is_collected(self) -> bool:
        """Whether something on the way collected the content, so that its times are not the model's."""
        return self.pattern in (ArrivalPattern.BURST, ArrivalPattern.LUMPS)


class ArrivalMeter:
    """Takes the moments at which content arrived, one by one."""

    __slots__ = ("_first_ms", "_gap_after", "_last_ms", "_longest_gap_ms", "_lumps", "_pieces")

    def __init__(self) -> None:
        self._pieces = 0
        self._lumps = 0
        self._first_ms = 0.0
        self._last_ms = 0.0
        self._longest_gap_ms = 0.0
        self._gap_after = 0

    def take(self, moment_ms: float, pieces: int) -> None:
        """Take one read of the socket that brought content.

        Args:
            moment_ms: When it came, in milliseconds from the start of the call.
            pieces: How many pieces of content it brought.

        """
        if not self._lumps:
            self._first_ms = moment_ms
        elif moment_ms - self._last_ms > self._longest_gap_ms:
            self._longest_gap_ms = moment_ms - self._last_ms
            self._gap_after = self._pieces
        self._last_ms = moment_ms
        self._lumps += 1
        self._pieces += pieces

    def arrival(self, written_ms: float) -> Arrival | None:
        """Return how the content arrived; None if there was none.

        Args:
            written_ms: When the request's last byte was sent, in milliseconds from the start of the call.

        """
        if not self._lumps:
            return None
        return Arrival(
            self._pieces,
            self._lumps,
            max(0.0, self._first_ms - written_ms),
            self._last_ms - self._first_ms,
            self._longest_gap_ms,
            self._gap_after,
        )

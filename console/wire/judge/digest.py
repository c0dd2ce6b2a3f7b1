"""Digest: identifies a text without keeping it."""

from hashlib import blake2b

_PENDING_COUNT = 64
_PENDING_LENGTH = 4_096


class Digest:
    """A text that arrives in pieces, as its length and a running hash; buffers only a few pieces."""

    __slots__ = ("_hash", "_pending", "_pending_length", "_whole_length", "count")

    def __init__(self) -> None:
        self.count = 0
        """The number of pieces so far."""
        self._pending: list[str] = []
        self._pending_length = 0
        self._whole_length = 0
        self._hash = blake2b(digest_size=16)

    def add(self, piece: str) -> None:
        """Add the next piece."""
        self.count += 1
        pending = self._pending
        pending.append(piece)
        self._pending_length += len(piece)
        if self._pending_length > _PENDING_LENGTH or len(pending) >= _PENDING_COUNT:
            self._flush()

    @property
    def length(self) -> int:
        """The text's length in characters."""
        return self._whole_length + self._pending_length

    def is_of(self, text: str) -> bool:
        """Return whether the pieces form this text."""
        if len(text) != self.length:
            return False
        self._flush()
        return self._hash.digest() == blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def is_same(self, other: "Digest") -> bool:
        """Return whether two texts are the same."""
        self._flush()
        other._flush()
        return self._whole_length == other._whole_length and self._hash.digest() == other._hash.digest()

    def _flush(self) -> None:
        self._hash.update("".join(self._pending).encode("utf-8", "surrogatepass"))
        self._whole_length += self._pending_length
        self._pending.clear()
        self._pending_length = 0

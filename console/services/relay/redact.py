"""The gateway's token in an answer, masked as the bytes pass: an agent must not learn it from a gateway's echo."""

from console.domain.tokens.secret import RedactedStream, Secret

_BYTES = "latin-1"
"""Maps every byte to one character and back, so that bytes can be searched as text whatever they mean."""


class RedactedBytes:
    """Masks a token in bytes that arrive in pieces. What cannot be the beginning of a token passes at once."""

    def __init__(self, secret: Secret | None) -> None:
        """Start with nothing held back.

        Args:
            secret: The token; None, or one so short that it could be a word, masks nothing.

        """
        self._stream = RedactedStream(secret) if secret is not None and secret.is_unmistakable else None

    @property
    def has_masked(self) -> bool:
        """Whether the token has appeared so far."""
        return self._stream is not None and self._stream.has_masked

    def feed(self, data: bytes) -> bytes:
        """Add the next piece and return the bytes to pass on."""
        if self._stream is None:
            return data
        return self._stream.feed(data.decode(_BYTES)).encode(_BYTES, "replace")  # the mask becomes question marks

    def close(self) -> bytes:
        """Return the bytes that were still held back."""
        return b"" if self._stream is None else self._stream.close().encode(_BYTES, "replace")

"""Why a public page was not read, in our words.

SourceError
├─ SourceRefusedError      its address must not be asked: scheme, credentials, a place inside this network
└─ SourceUnreachableError  there was no whole page: name, connection, deadline, status, size, compression, no text
"""


class SourceError(Exception):
    """A page was not read. The message is one sentence in our words; no text from outside is in it."""

    def __init__(self, words: str, *, http_status: int | None = None) -> None:
        super().__init__(words)
        self.http_status = http_status
        """The answer's status, where the page was not taken because of it."""


class SourceRefusedError(SourceError):
    """The page's address, or one that it leads to, is one that must not be asked. Nothing was sent there."""


class SourceUnreachableError(SourceError):
    """The page was asked for and did not come whole."""

"""Why a public page was not read, in our own words.

SourceError
├─ SourceRefusedError      its URL must not be read: scheme, credentials, a host inside this network
└─ SourceUnreachableError  there was no complete page: name, connection, deadline, status, size, compression, no text
"""


class SourceError(Exception):
    """A page was not read. The message is one sentence in our own words, without text from outside."""

    def __init__(self, words: str, *, http_status: int | None = None) -> None:
        super().__init__(words)
        self.http_status = http_status
        """The answer's status, if that is why the page was not accepted."""


class SourceRefusedError(SourceError):
    """The page's URL, or one that it redirects to, must not be read. Nothing was sent there."""


class SourceUnreachableError(SourceError):
    """The page was requested, but did not arrive complete."""

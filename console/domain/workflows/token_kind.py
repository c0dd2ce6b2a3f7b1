"""The kinds of tokens in an environment, by whom they give access to."""

from enum import StrEnum


class TokenKind(StrEnum):
    """The kind of token in a variable."""

    PUBLISHER = "publisher"
    CLOUD = "cloud"
    CI = "ci"
    REPOSITORY = "repository"
    AGENT = "agent"
    """A coding agent's own credential: whoever has it spends on the agent's account, past the gateway."""

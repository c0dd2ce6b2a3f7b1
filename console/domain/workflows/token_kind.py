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

    @property
    def finding_id(self) -> str:
        """The id of the finding that a role could reach such a token."""
        return _FINDING_IDS[self]


_FINDING_IDS = {
    TokenKind.PUBLISHER: "BND-20",
    TokenKind.CLOUD: "BND-21",
    TokenKind.CI: "BND-22",
    TokenKind.REPOSITORY: "BND-23",
    TokenKind.AGENT: "BND-24",
}

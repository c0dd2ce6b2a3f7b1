"""Endpoint families: the three wire contracts that a coding agent may speak to a gateway."""

from enum import StrEnum


class EndpointFamily(StrEnum):
    """A request shape, an answer shape and a stream order that belong together."""

    RESPONSES = "responses"
    ANTHROPIC_MESSAGES = "anthropic_messages"
    CHAT_COMPLETIONS = "chat_completions"

    @property
    def standard_path(self) -> str:
        """The path on which vendors and gateways document this family."""
        return _STANDARD_PATHS[self]


_STANDARD_PATHS = {
    EndpointFamily.RESPONSES: "/v1/responses",
    EndpointFamily.ANTHROPIC_MESSAGES: "/v1/messages",
    EndpointFamily.CHAT_COMPLETIONS: "/v1/chat/completions",
}

_PATH_ENDINGS = {
    EndpointFamily.RESPONSES: "/responses",
    EndpointFamily.ANTHROPIC_MESSAGES: "/messages",
    EndpointFamily.CHAT_COMPLETIONS: "/chat/completions",
}


def family_of_path(path: str) -> EndpointFamily | None:
    """Return the family that a path names by its ending, or None where the path says nothing."""
    bare = path.rstrip("/")
    return next((family for family, ending in _PATH_ENDINGS.items() if bare.endswith(ending)), None)

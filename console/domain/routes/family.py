"""Endpoint families: the three wire formats that a coding agent may use with a gateway."""

from enum import StrEnum


class EndpointFamily(StrEnum):
    """A request shape with its answer shape and stream order."""

    RESPONSES = "responses"
    ANTHROPIC_MESSAGES = "anthropic_messages"
    CHAT_COMPLETIONS = "chat_completions"

    @property
    def standard_path(self) -> str:
        """The path that vendors and gateways document for this family."""
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
    """Return the family that a path's ending names, or None."""
    bare = path.rstrip("/")
    return next((family for family, ending in _PATH_ENDINGS.items() if bare.endswith(ending)), None)

"""Endpoint families: the three wire formats that a coding agent may use with a gateway."""

from enum import StrEnum

from console.domain.routes.endpoint_path import bare


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


_FOREIGN_ENDINGS = {
    ":generatecontent": "Google's generateContent",
    ":streamgeneratecontent": "Google's generateContent",
    ":rawpredict": "Vertex AI's rawPredict",
    ":streamrawpredict": "Vertex AI's rawPredict",
    "/converse": "Bedrock's Converse",
    "/converse-stream": "Bedrock's Converse",
    "/invoke": "Bedrock's InvokeModel",
    "/invoke-with-response-stream": "Bedrock's InvokeModel",
    "/api/chat": "Ollama's own chat",
    "/api/generate": "Ollama's own generate",
    "/completions": "text completions, which chat completions replaced",
    "/complete": "text completions, which Messages replaced",
    "/embeddings": "embeddings",
    "/models": "the list of models",
    "/count_tokens": "the counting of tokens",
}
"""How paths end that belong to an endpoint which none of the three families speaks."""


def family_of_path(path: str) -> EndpointFamily | None:
    """Return the family that the ending of a path names, without its query, or None."""
    stem = bare(path).rstrip("/")
    return next((family for family, ending in _PATH_ENDINGS.items() if stem.endswith(ending)), None)


def path_ending(family: EndpointFamily) -> str:
    """Return how the paths of a family end, below any version part."""
    return _PATH_ENDINGS[family]


def foreign_endpoint(path: str) -> str | None:
    """Return the name of the endpoint that a path belongs to if no family speaks it, or None."""
    if family_of_path(path) is not None:
        return None
    stem = bare(path).rstrip("/").lower()
    return next((name for ending, name in _FOREIGN_ENDINGS.items() if stem.endswith(ending)), None)

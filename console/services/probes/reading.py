"""A refused reply: the classifier's view of a call that was not streamed."""

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Classification
from console.domain.errors.classify import RefusedCall, classify
from console.domain.routes.family import EndpointFamily
from console.services.gateway.call import Reply


def classify_reply(path: str, family: EndpointFamily | None, reply: Reply, *, has_key: bool = False) -> Classification:
    """Say why a reply refused a call.

    Args:
        path: The path that was called.
        family: Its endpoint family; None for a path that belongs to none.
        reply: The refusal.
        has_key: Whether the call carried our own key.

    """
    body = read_error_body(reply.body, reply.content_type)
    elapsed_s = reply.elapsed_ms / 1000
    return classify(RefusedCall(reply.status, reply.headers, body, family, path, elapsed_s, has_key=has_key))

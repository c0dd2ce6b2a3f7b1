"""A refused reply: the classifier's view of a call that was not streamed."""

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Classification
from console.domain.errors.classify import RefusedCall, classify
from console.domain.routes.family import EndpointFamily
from console.services.gateway.call import Reply


def classify_reply(path: str, family: EndpointFamily | None, reply: Reply) -> Classification:
    """Say why a reply refused a call of a path; the family is None for a path that belongs to none."""
    body = read_error_body(reply.body, reply.content_type)
    return classify(RefusedCall(reply.status, reply.headers, body, family, path, reply.elapsed_ms / 1000))

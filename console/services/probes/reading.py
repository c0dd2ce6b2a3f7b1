"""A refused reply: the classifier's view of a call that was not streamed."""

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Classification
from console.domain.errors.classify import RefusedCall, classify
from console.domain.routes.route import Route
from console.services.gateway.call import Reply


def classify_reply(route: Route, reply: Reply) -> Classification:
    """Say why a reply refused the call of a route."""
    body = read_error_body(reply.body, reply.content_type)
    return classify(
        RefusedCall(
            reply.status, reply.headers, body, route.endpoint_family, route.endpoint_path, reply.elapsed_ms / 1000
        )
    )

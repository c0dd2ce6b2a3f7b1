"""A refused reply, read: the classifier's view of a call that was not streamed."""

from console.domain.errors.category import Classification, classify
from console.domain.routes.route import Route
from console.services.gateway.call import Reply


def read_refusal(route: Route, reply: Reply) -> Classification:
    """Say why a reply refused the call of a route."""
    return classify(
        reply.status,
        reply.headers,
        reply.body,
        reply.content_type,
        False,
        route.endpoint_family,
        route.endpoint_path,
        reply.elapsed_ms / 1000,
    )

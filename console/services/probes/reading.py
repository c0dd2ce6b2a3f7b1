"""A refused reply: the classifier's view of a call that was not streamed."""

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Classification
from console.domain.errors.classify import RefusedCall, classify
from console.domain.routes.route import Route
from console.services.gateway.call import Reply


def classify_reply(route: Route, reply: Reply, *, has_key: bool = False) -> Classification:
    """Say why a reply refused the call of a route.

    Args:
        route: The route.
        reply: The refusal.
        has_key: Whether the call carried our own key.

    """
    body = read_error_body(reply.body, reply.content_type)
    return classify(
        RefusedCall(
            reply.status,
            reply.headers,
            body,
            route.endpoint_family,
            route.endpoint_path,
            reply.elapsed_ms / 1000,
            has_key=has_key,
        )
    )

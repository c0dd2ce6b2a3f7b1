"""The list of models that a relay shows: the roles and models of its routes, in both vendors' shapes.

No time and no owner is known of a model, so the same fixed values stand for them.
"""

from collections.abc import Sequence

from console.domain.routes.route import Route

_CREATED = 0
_CREATED_AT = "1970-01-01T00:00:00Z"
_OWNER = "gateway-console"


def _names(routes: Sequence[Route]) -> tuple[str, ...]:
    """Return what a client may name: each route's key, then the models."""
    return tuple(dict.fromkeys((*(str(route.key) for route in routes), *(route.model for route in routes))))


def openai_models(routes: Sequence[Route]) -> dict[str, object]:
    """Return the list in OpenAI's shape."""
    data = [{"id": name, "object": "model", "created": _CREATED, "owned_by": _OWNER} for name in _names(routes)]
    return {"object": "list", "data": data}


def anthropic_models(routes: Sequence[Route]) -> dict[str, object]:
    """Return the list in Anthropic's shape."""
    names = _names(routes)
    data = [{"type": "model", "id": name, "display_name": name, "created_at": _CREATED_AT} for name in names]
    ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    return {"data": data, "has_more": False, **ends}

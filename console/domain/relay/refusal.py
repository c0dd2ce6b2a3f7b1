"""Why the relay refuses a call: nothing of it was sent to the gateway."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret

_SHOWN_LIMIT = 120


class RefusedFor(StrEnum):
    """The reason of a refusal."""

    CLIENT = "client"
    """The client's key is not one that this relay gave out."""
    CUT_OFF = "cut_off"
    """The operator has cut the client off."""
    PATH = "path"
    """No family has this path, or the relay does not serve it."""
    BODY = "body"
    """The request is not valid HTTP, or its body is not a JSON object that names one model."""
    SIZE = "size"
    MODEL = "model"
    """No route of the table has this role or model."""
    FAMILY = "family"
    """The route is served on another endpoint family."""
    DETOUR = "detour"
    """The call has what the gateway could take for another model or address than the route's."""
    DRIFT = "drift"
    """The route itself drifts: no call of it is ever sent."""
    SECRET = "secret"  # noqa: S105  # a reason, not a secret
    """The call carries a secret as content."""
    BUDGET = "budget"
    CALLS = "calls"
    """The client has used up the calls that it may make, or has too many in flight."""
    BREAKER = "breaker"
    """The gateway refused the route before, for a reason that another call does not change."""


@dataclass(frozen=True, slots=True)
class RelayRefusal:
    """A refused call."""

    reason: RefusedFor
    message: str
    """What is wrong and what to do next, in our own words; it may name roles, models and paths of the table."""


def shown(text: str, *, is_address: bool = False) -> str:
    """Return a client's own text as a refusal may repeat it: safe, short, and not if it looks like a secret.

    Args:
        text: What the client named.
        is_address: It is a path, in which a long hexadecimal step is an id.

    """
    return "that is not shown" if looks_like_secret(text, is_address=is_address) else safe(text, limit=_SHOWN_LIMIT)

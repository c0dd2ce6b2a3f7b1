"""How a route's newest smoke test is shown beside its standing: the two never contradict each other."""

from console.domain.probes.ladder import Rung
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.shape import Shape
from console.view.call_sign import call_sign
from console.view.console_state import RouteView
from console.view.sign import Sign, Tone


def route_call_sign(route: RouteView) -> Sign:
    """Return how a route's newest smoke test is shown.

    A test that passed before something newer spoke against the route is shown as past. A test in an agent's shape
    says so, because it proves nothing about the role.
    """
    sign, result = call_sign(route.smoke), route.smoke.result
    if route.smoke.is_live or result is None:
        return sign
    if result.shape is Shape.AGENT and sign.tone is not Tone.DIM:
        return Sign(sign.sign, "agent", sign.tone)
    rung = Rung.SHAPE if result.shape is Shape.ROLE else Rung.SMOKE
    if result.status is SmokeStatus.PASSED and not result.is_swapped and rung not in route.proven.calls:
        return Sign("~", "was ok", Tone.WARN)
    return sign

"""Admission: which route serves a client's call. The route table decides, and nothing is sent on another family."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.domain.relay.refusal import RefusedFor, RelayRefusal, shown
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route import Route


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that may be sent."""

    route: Route
    is_named_by_role: bool
    """Whether the client named the route and not its model, so that the model's name has to be put in."""


class RouteDesk:
    """The routes that a client may use, and the checks behind them."""

    def __init__(self, checks: Sequence[RouteCheck]) -> None:
        """Take the offline checks of the client's routes, in the order of the table."""
        self._checks = tuple(checks)

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes that a call can be sent on."""
        return tuple(check.route for check in self._checks if check.verdict is not Verdict.DRIFT)

    def admit(self, family: EndpointFamily, name: str) -> Admission | RelayRefusal:
        """Return the route that serves a call, or why none does.

        Args:
            family: The family of the path that the client called.
            name: The model that the client named: a route's key, such as `writer` or `writer.fast`, or a model's name.

        """
        by_key = [each for each in self._checks if each.route.key == name]
        if by_key:
            return self._on_family(by_key, family, name, is_role=True)
        by_model = [each for each in self._checks if each.route.model == name]
        if by_model:
            return self._on_family(by_model, family, name, is_role=False)
        known = ", ".join(f"{route.key} ({route.model})" for route in self.routes)
        return RelayRefusal(
            RefusedFor.MODEL,
            f"no route of the table has the role or model {shown(name)}. Name one of: {known or 'none is usable'}",
        )

    def _on_family(
        self, found: Sequence[RouteCheck], family: EndpointFamily, name: str, *, is_role: bool
    ) -> Admission | RelayRefusal:
        """Return the first of some routes on a family; a model may be the model of several."""
        here = _first(found, lambda each: each.route.endpoint_family is family)
        if here is None:
            other = found[0].route
            return RelayRefusal(
                RefusedFor.FAMILY,
                f"{shown(name)} is served on {other.endpoint_path} ({other.endpoint_family}), and this call is of the"
                f" family {family}. Set the client to {other.endpoint_family}, or add a route of {family} to the table",
            )
        usable = _first(found, lambda each: each.route.endpoint_family is family and each.verdict is not Verdict.DRIFT)
        if usable is None:
            return RelayRefusal(
                RefusedFor.DRIFT,
                f"the route {here.route.key} drifts: {here.route.model} is not served on {family}. Nothing is sent on"
                " it. Correct the route; `gateway-console routes` says how",
            )
        return Admission(usable.route, is_role)


def _first(found: Sequence[RouteCheck], holds: Callable[[RouteCheck], bool]) -> RouteCheck | None:
    return next((each for each in found if holds(each)), None)

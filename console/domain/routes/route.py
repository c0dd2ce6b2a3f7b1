"""Routes: role -> model -> endpoint family -> endpoint path."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey

ROUTE_LIMIT = 64
"""The most routes of one profile: a person can still audit them on one screen."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route of one role, as the operator configured it."""

    role: Role
    model: str
    """The model name as the gateway knows it, sent unchanged."""
    endpoint_family: EndpointFamily
    endpoint_path: str
    """The path appended to the gateway's base URL; begins with one slash."""
    config_line: int | None = None
    """The line of the config file where the route's table begins, if known."""
    served_as: tuple[str, ...] = ()
    """The model's aliases: other names that the gateway may report."""
    retires_with_provider: bool = True
    """Whether the provider's retirement dates count; not where the gateway serves the model from elsewhere."""
    name: str = ""
    """What tells the route from the role's others; empty for the role's own route."""
    key: RouteKey = field(init=False, repr=False, compare=False)
    """The route's role and name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", RouteKey.of(self.role, self.name))

    def is_same_call(self, other: "Route") -> bool:
        """Return whether the same model call would serve both roles."""
        return (self.model, self.endpoint_family, self.endpoint_path) == (
            other.model,
            other.endpoint_family,
            other.endpoint_path,
        )


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The routes of one profile in the order of `Role`: at most one of each key, and of each role its own first."""

    routes: tuple[Route, ...]

    def __post_init__(self) -> None:
        order = list(Role)
        ranks = [(order.index(route.role), route.name != "") for route in self.routes]
        if ranks != sorted(ranks) or len({route.key for route in self.routes}) < len(self.routes):
            raise ValueError(
                "a route table has at most one route per key, in the order of Role, the role's own before named ones"
            )
        if len(self.routes) > ROUTE_LIMIT:
            raise ValueError(f"a route table has at most {ROUTE_LIMIT} routes")

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def __len__(self) -> int:
        return len(self.routes)

    def get(self, role: Role) -> Route | None:
        """Return a role's own route, or None if the profile has none."""
        return self.find(RouteKey.of(role))

    def find(self, key: RouteKey) -> Route | None:
        """Return the route of a key, or None if the profile has none."""
        return next((route for route in self.routes if route.key == key), None)

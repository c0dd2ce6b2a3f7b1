"""Routes: role -> model -> endpoint family -> endpoint path."""

from collections.abc import Iterator
from dataclasses import dataclass

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role


@dataclass(frozen=True, slots=True)
class Route:
    """The route of one role, as the operator configured it."""

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

    def is_same_call(self, other: "Route") -> bool:
        """Return whether the same model call would serve both roles."""
        return (self.model, self.endpoint_family, self.endpoint_path) == (
            other.model,
            other.endpoint_family,
            other.endpoint_path,
        )


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The routes of one profile, at most one per role, in the order of `Role`."""

    routes: tuple[Route, ...]

    def __post_init__(self) -> None:
        order = list(Role)
        ranks = [order.index(route.role) for route in self.routes]
        if ranks != sorted(set(ranks)):
            raise ValueError("a route table has at most one route per role, in the order of Role")

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def __len__(self) -> int:
        return len(self.routes)

    def get(self, role: Role) -> Route | None:
        """Return the route that serves a role, or None if the profile has none."""
        return next((route for route in self.routes if route.role is role), None)

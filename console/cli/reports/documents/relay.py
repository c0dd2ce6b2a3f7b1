"""The document of `relay`: where it listens, and how each agent is set up for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.domain.relay.agent_settings import Place
from console.domain.routes.family import EndpointFamily

if TYPE_CHECKING:
    from console.cli.live.relay import Chosen, RelayOrder
    from console.services.relay.opening import OpenRelay


@dataclass(frozen=True, kw_only=True)
class RelayClientDocument:
    """A client of the relay, and an agent's settings for it."""

    agent: str
    key: str
    """It opens this relay alone, for as long as it runs."""
    route: str | None
    """The key of the route that the settings name; None if the agent speaks the family of none."""
    endpoint_family: EndpointFamily | None
    model: str | None
    """What the settings name as the model."""
    variables: Mapping[str, str]
    files: Mapping[str, str]
    """Texts by their paths in the agent's own home."""


@dataclass(frozen=True, kw_only=True)
class RelayDocument:
    """A relay that listens."""

    schema: Literal["gateway-console/relay/v1"] = "gateway-console/relay/v1"
    base_url: str
    gateway_origin: str
    clients: tuple[RelayClientDocument, ...]

    @classmethod
    def of(
        cls, opened: "OpenRelay", order: "RelayOrder", gateway_origin: str, choose: "Callable[..., Chosen | None]"
    ) -> Self:
        """Return a relay as the document names it."""
        return cls(
            base_url=opened.origin,
            gateway_origin=gateway_origin,
            clients=tuple(
                _client(client.name, client.key, opened.origin, None if agent is None else choose(agent, order.checks))
                for client, agent in zip(opened.clients, order.agents or (None,), strict=True)
            ),
        )


def _client(name: str, key: str, origin: str, chosen: "Chosen | None") -> RelayClientDocument:
    if chosen is None:
        return RelayClientDocument(
            agent=name, key=key, route=None, endpoint_family=None, model=None, variables={}, files={}
        )
    place = Place(origin, key, chosen.model, home="~")
    return RelayClientDocument(
        agent=name,
        key=key,
        route=str(chosen.route.key),
        endpoint_family=chosen.route.endpoint_family,
        model=chosen.model,
        variables={each: place.fill(value) for each, value in chosen.settings.variables.items()},
        files={path: place.fill(text) for path, text in chosen.settings.files.items()},
    )

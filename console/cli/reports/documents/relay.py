"""The document of `relay`: where it listens, and how each agent is set up for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from console.domain.relay.agent_choice import AgentChoice
from console.domain.relay.agent_settings import Place
from console.domain.routes.family import EndpointFamily


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

    @classmethod
    def of(cls, agent: str, key: str, origin: str, chosen: AgentChoice | None) -> Self:
        """Return a client as the document names it."""
        if chosen is None:
            return cls(agent=agent, key=key, route=None, endpoint_family=None, model=None, variables={}, files={})
        place = Place(origin, key, chosen.model, home="~")
        return cls(
            agent=agent,
            key=key,
            route=str(chosen.route.key),
            endpoint_family=chosen.route.endpoint_family,
            model=chosen.model,
            variables={name: place.fill(value) for name, value in chosen.settings.variables.items()},
            files={path: place.fill(text) for path, text in chosen.settings.files.items()},
        )


@dataclass(frozen=True, kw_only=True)
class RelayDocument:
    """A relay that listens."""

    schema: Literal["gateway-console/relay/v1"] = "gateway-console/relay/v1"
    base_url: str
    """Without a path: OpenAI's clients add `/v1`."""
    gateway_origin: str
    clients: tuple[RelayClientDocument, ...]

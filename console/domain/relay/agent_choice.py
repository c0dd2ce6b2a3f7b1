"""The route on which an agent works, of those that it may use."""

from dataclasses import dataclass

from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_settings import AgentSettings, FamilySettings
from console.domain.routes.route import Route


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """An agent with the route that its settings name."""

    agent: AgentSettings
    settings: FamilySettings
    route: Route
    model: str
    """What the agent names as the model."""


def choose(agent: AgentSettings, desk: RouteDesk) -> AgentChoice | None:
    """Return the route on which an agent works: the first that it speaks, in its own order of families, or None.

    It names the model by its own name if no other of the routes has it, because agents go by the names that they know.
    """
    for settings in agent.settings:
        route = next((each for each in desk.routes if each.endpoint_family is settings.family), None)
        if route is not None:
            is_alone = sum(each.model == route.model for each in desk.routes) == 1
            return AgentChoice(agent, settings, route, route.model if is_alone else str(route.key))
    return None

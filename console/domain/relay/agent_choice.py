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


def choices(agent: AgentSettings, desk: RouteDesk) -> tuple[AgentChoice, ...]:
    """Return the routes on which an agent can work, in its own order of families.

    It names a model by its own name if no other of the routes has it, because agents go by the names that they know.
    """
    models = [each.model for each in desk.routes]
    return tuple(
        AgentChoice(agent, settings, route, route.model if models.count(route.model) == 1 else str(route.key))
        for settings in agent.settings
        for route in desk.routes
        if route.endpoint_family is settings.family
    )


def choose(agent: AgentSettings, desk: RouteDesk) -> AgentChoice | None:
    """Return the route on which an agent works if no one says otherwise; None if it can work on none."""
    return next(iter(choices(agent, desk)), None)

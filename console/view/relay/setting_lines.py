"""What both faces say of an agent's settings for a relay: lines for a shell and for its files."""

import shlex
from collections.abc import Iterable, Sequence

from console.domain.relay.agent_choice import AgentChoice
from console.domain.relay.agent_settings import AgentSettings, Place
from console.domain.routes.route import Route


def setting_lines(chosen: AgentChoice, place: Place) -> Sequence[str]:
    """Return an agent's settings as lines for a shell and its files. They hold the relay's key."""
    agent, settings = chosen.agent, chosen.settings
    known = f"{agent.name} {agent.version}".rstrip()
    how = "tried" if agent.is_tried else "from its documentation, not tried"
    lines = [f"# {known} on {chosen.route.key} ({chosen.route.endpoint_family}); {how}, {agent.checked_on}"]
    exported = {name: place.fill(value) for name, value in settings.variables.items() if value != "<home>"}
    lines += [f"export {name}={_quoted(value)}" for name, value in exported.items()]
    for path, text in settings.files.items():
        lines += [f"# {path}:", *place.fill(text).splitlines()]
    if settings.note:
        lines.append(f"# {settings.note}")
    return lines


def not_spoken_words(agent: AgentSettings, routes: Iterable[Route]) -> str:
    """Say that an agent speaks none of the families of some routes."""
    if agent.foreign is not None:
        return f"{agent.name} speaks {agent.foreign.protocol}, which no route has: the relay refuses it"
    spoken = ", ".join(agent.families)
    here = ", ".join(dict.fromkeys(route.endpoint_family.value for route in routes))
    return f"{agent.name} speaks {spoken}, and the chosen routes are on {here}. Choose a route that it speaks"


def _quoted(value: str) -> str:
    """Return a value for a shell, which replaces no `~` within quotes."""
    return f'"$HOME"/{shlex.quote(value[2:])}' if value.startswith("~/") else shlex.quote(value)

"""The settings of an agent that match the route table: for the relay, or for the gateway itself."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.domain.agent_settings.jsonc import JsonText
from console.domain.agent_settings.reading_facts import WriteFact, reading_facts
from console.domain.problem import Problem, ProblemKind
from console.domain.relay.admission import RouteDesk
from console.domain.relay.agent_choice import AgentChoice, choices
from console.domain.relay.agent_settings import AgentSettings, Place, agent_settings
from console.domain.routes.family import path_ending
from console.domain.text.safe import safe
from console.services.agent_settings.read_source import parse
from console.services.config.settings import Profile

RELAY_KEY = "GATEWAY_CONSOLE_RELAY_KEY"
"""The variable with the key that a relay gives out when it starts."""
_BASE = "<origin>/v1"


@dataclass(frozen=True, slots=True)
class Matching:
    """An agent's settings for one route."""

    agent: AgentSettings
    choice: AgentChoice
    change: Mapping[str, Any]
    """What its own file gets; empty if it has none that is written."""
    lines: str
    """The same as text, to be added by hand; the text of its file if the console writes none."""
    exports: tuple[tuple[str, str], ...]
    """Variables with their values; a value that is a key is `$NAME`, never the key."""
    write: WriteFact | None
    key_variable: str
    """The variable that is to hold the key."""


def matching(
    agent: str, profile: Profile, desk: RouteDesk, route: str | None, *, base_url: str | None, port: int
) -> Matching:
    """Return the settings of an agent.

    Args:
        agent: Its id.
        profile: The profile with the token's reference.
        desk: The usable routes.
        route: The key of the route that it is to use; None takes the first that it can speak.
        base_url: The gateway's base URL; None means the relay.
        port: The relay's port.

    Raises:
        Problem: No route fits, or the gateway's address or token cannot be said in its settings.

    """
    settings, facts = agent_settings()[agent], reading_facts()[agent]
    choice = _choice(settings, desk, route)
    base = f"http://127.0.0.1:{port}/v1" if base_url is None else _base_of(choice, base_url)
    name = RELAY_KEY if base_url is None else _token_variable(profile)
    model = choice.model if base_url is None else choice.route.model
    write = facts.write
    reference = "" if write is None else write.variable.replace("<name>", name)
    place = Place(origin=base.removesuffix("/v1"), key=reference or f"${name}", model=model, home=f"~/.{agent}")

    def fill(template: str) -> str:
        if "<origin>" in template.replace(_BASE, "") and not base.endswith("/v1"):
            words = f"{settings.name} adds /v1 and the path by itself, and the route's path is another one"
            raise Problem(f"{words}: use --relay, which has the standard paths", ProblemKind.CONFIG)
        return place.fill(template.replace(_BASE, base)).replace(RELAY_KEY, name)

    variables = {key.replace(RELAY_KEY, name): fill(text) for key, text in choice.settings.variables.items()}
    kept = {key: text for key, text in variables.items() if write is None or key not in write.leave_out}
    files = {path: fill(text) for path, text in choice.settings.files.items()}
    change: Mapping[str, Any] = {} if write is None else _change(write, kept, files)
    is_key = {key.replace(RELAY_KEY, name) for key, text in choice.settings.variables.items() if "<key>" in text}
    needed = {key: text for key, text in kept.items() if key in is_key or not change}
    if change and not is_key and reference:
        needed = {name: f"${name}"}
    exports = tuple((key, f"${name}" if key in is_key else text) for key, text in needed.items() if "~/" not in text)
    lines = "".join(files.values()).rstrip() if write is None else _as_text(write, change)
    return Matching(settings, choice, change, lines, exports, write, name)


def _choice(settings: AgentSettings, desk: RouteDesk, route: str | None) -> AgentChoice:
    found = [each for each in choices(settings, desk) if route is None or each.route.key == route]
    if found:
        return found[0]
    if settings.foreign is not None:
        words = f"{settings.name} speaks {settings.foreign.protocol}, which no route of the table has"
        raise Problem(words, ProblemKind.CONFIG)
    families = ", ".join(settings.families)
    known = ", ".join(f"{each.key} ({each.endpoint_family})" for each in desk.routes) or "none is usable"
    what = "no usable route" if route is None else f"no route {safe(route, limit=80)} that it could use"
    raise Problem(f"{settings.name} speaks {families}, and the profile has {what}; it has {known}", ProblemKind.CONFIG)


def _base_of(choice: AgentChoice, base_url: str) -> str:
    """Return the base to which a client adds the ending of its family."""
    url = f"{base_url.rstrip('/')}{choice.route.endpoint_path}"
    ending = path_ending(choice.route.endpoint_family)
    if not url.endswith(ending):
        words = f"the endpoint_path of {choice.route.key} does not end in {ending}, which the agent adds by itself"
        raise Problem(f"{words}: use --relay, which has the standard paths", ProblemKind.CONFIG)
    return url.removesuffix(ending)


def _token_variable(profile: Profile) -> str:
    names = [str(each).removeprefix("env:") for each in profile.gateway.token_ref if str(each).startswith("env:")]
    if not names:
        words = f"profile {safe(profile.name, limit=40)} has no token in a variable, and no token is ever written"
        raise Problem(f"{words}. Use --relay, or name a variable with env: in token_ref", ProblemKind.CONFIG)
    return names[0]


def _change(write: WriteFact, variables: Mapping[str, str], files: Mapping[str, str]) -> Mapping[str, Any]:
    if write.table or write.names:
        own = {key: text for key, text in variables.items() if "$" not in text}
        named = {write.names[key]: text for key, text in own.items() if key in write.names}
        return {write.table: own} if write.table else named
    text = next(iter(files.values()))
    match write.format:
        case "toml":
            values: Any = tomllib.loads(text)
        case "jsonc":
            values = JsonText(text).root.value
        case _:
            values = parse(text, "yaml").values
    return {key: value for key, value in values.items() if key not in write.leave_out}


def _as_text(write: WriteFact | None, change: Mapping[str, Any]) -> str:
    if write is None or not change:
        return ""
    if write.format == "toml":
        from console.domain.agent_settings.edit import edit_toml

        return edit_toml("", change).strip("\n")
    if write.format == "jsonc":
        return json.dumps(change, indent=2, ensure_ascii=False)
    return yaml_lines(change).rstrip("\n")


def yaml_lines(change: Mapping[str, Any]) -> str:
    """Return values as YAML, with every text in double quotes."""
    return "\n".join(_yaml(change, 0)) + "\n"


def _yaml(value: Mapping[str, Any], depth: int) -> list[str]:
    lines: list[str] = []
    for key, each in value.items():
        if isinstance(each, list):
            lines.append(f"{'  ' * depth}{key}:")
            for item in each:
                inner = _yaml(item, depth + 2) if isinstance(item, Mapping) else [json.dumps(item)]
                lines.append(f"{'  ' * (depth + 1)}- {inner[0].lstrip()}")
                lines += inner[1:]
        else:
            lines.append(f"{'  ' * depth}{key}: {json.dumps(each, ensure_ascii=False)}")
    return lines

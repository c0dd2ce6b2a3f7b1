"""The capture of an agent: from the requests that it made to its shapes, and from these to a table of facts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from console.domain.facts.row import FactsError
from console.domain.probes.agent import Agent, AgentShape, ShapeOrigin
from console.domain.probes.agent_content import Content, is_beta
from console.domain.probes.agent_feature import Feature, features_of
from console.domain.routes.family import EndpointFamily, family_of_path

_LIMIT_KEYS = ("max_tokens", "max_output_tokens", "max_completion_tokens")
_HEADING = """\
# What {name} sends first, without its content: written by {by}.
#
# before    the requests that it may make before its first call
# not_known what was not recorded, so that something else stands for it; empty if everything was
# models    how a model's id begins, after a provider's name, of which the agent sends this shape; the shape
#           without any is sent for all other ids
# recorded_with  the model that it was told to use; empty for an alias that no agent knows
# query     what the agent adds to the path
# limit_key the field of the body that limits the answer; empty if the agent sets no limit
# body      `<N characters>` stands for a text of that length, `<id>` for an id, `<model>` and `<prompt>`
#           for what a probe puts there
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as an agent sent it."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestOutline:
    """What is said of one request of an agent: no value of it but types and betas."""

    method: str
    path: str
    query: tuple[str, ...]
    """The names in its query."""
    headers: tuple[str, ...]
    betas: tuple[str, ...]
    body_keys: tuple[str, ...]
    item_types: tuple[str, ...]
    tool_types: tuple[str, ...]
    size_bytes: int

    @property
    def family(self) -> EndpointFamily | None:
        """The family of its path; None if no family has it."""
        return family_of_path(self.path) if self.method == "POST" else None


def outline_of(call: Recorded, content: Content) -> RequestOutline:
    """Return what is said of a request."""
    kept = _headers(call, content)
    body = content.of_body(_decoded(call.body))
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    items = [each for key in ("input", "messages") for each in _dicts(fields.get(key))]
    tools = [*_dicts(fields.get("tools")), *(tool for item in items for tool in _dicts(item.get("tools")))]
    return RequestOutline(
        method=call.method if call.method.isalpha() and len(call.method) <= 7 else "OTHER",
        path=content.of_path(call.path),
        query=tuple(each.partition("=")[0] for each in content.of_query(call.path).split("&") if each),
        headers=tuple(sorted(kept)),
        betas=tuple(filter(is_beta, kept.get("anthropic-beta", "").split(","))),
        body_keys=tuple(fields),
        item_types=_types(items, "message"),
        tool_types=_types(tools, "function"),
        size_bytes=len(call.body),
    )


def main_call(calls: Sequence[Recorded], family: EndpointFamily) -> Recorded | None:
    """Return the call with the agent's tools: agents make smaller ones beside it, as for a title."""
    on_family = (each for each in calls if each.method == "POST" and family_of_path(each.path) is family)
    return max(on_family, key=lambda each: len(each.body), default=None)


def shape_of(call: Recorded, family: EndpointFamily, content: Content, slot: AgentShape | None) -> AgentShape:
    """Return the shape of an agent's first call.

    Args:
        call: The call.
        family: The family that it is of.
        content: Takes its content out.
        slot: The shape that it takes the place of: for which models it is sent; None for all.

    Raises:
        FactsError: Its body is not a JSON object.

    """
    body = content.of_body(_decoded(call.body))
    if not isinstance(body, dict):
        raise FactsError("the body of its first call is not a JSON object")
    return AgentShape(
        family=family,
        models=() if slot is None else slot.models,
        recorded_with="" if slot is None else slot.recorded_with,
        path=content.of_path(call.path),
        query=content.of_query(call.path),
        headers=_headers(call, content),
        body=_body_text(body),
        limit_key=next((key for key in _LIMIT_KEYS if key in body), ""),
        size_bytes=len(call.body),
    )


def captured_agent(
    known: Agent, version: str, day: date, shapes: Sequence[AgentShape], requests: Sequence[RequestOutline]
) -> Agent:
    """Return an agent with the shapes that were captured.

    Args:
        known: The agent as it is known: its name, its source, and which beta allows which field.
        version: The version that was run.
        day: The day of the capture.
        shapes: What it sent first.
        requests: All that it sent.

    """
    main = {shape.path for shape in shapes}
    told = {each.partition("?")[0] for each in known.before}
    said = (
        f"{each.method} {each.path}"
        for each in requests
        if each.path not in main  # a second call on the same path is such as one for a title
    )
    return Agent(
        id=known.id,
        name=known.name,
        version=version,
        recorded_on=day,
        source=known.source.replace(known.version, version),
        before=(*known.before, *dict.fromkeys(each for each in said if each not in told)),
        not_known="",
        betas=known.betas,
        shapes=tuple(shapes),
        origin=ShapeOrigin.CAPTURED,
    )


@dataclass(frozen=True, slots=True)
class AgentChange:
    """What differs between two recordings of an agent, on the shapes that both have."""

    added: tuple[Feature, ...]
    removed: tuple[Feature, ...]

    @property
    def words(self) -> str:
        """The change in one line; empty if nothing has changed."""
        marked = (*(f"+ {each}" for each in self.added), *(f"- {each}" for each in self.removed))
        return ", ".join(marked)


def change_between(before: Agent, now: Agent) -> AgentChange:
    """Return what has changed from one recording of an agent to another."""
    older = {(shape.family, shape.models): shape for shape in before.shapes}
    added: dict[Feature, None] = {}
    removed: dict[Feature, None] = {}
    for shape in now.shapes:
        other = older.get((shape.family, shape.models))
        if other is None:
            continue
        has, had = features_of(now, shape), features_of(before, other)
        added |= dict.fromkeys(each for each in has if each not in had)
        removed |= dict.fromkeys(each for each in had if each not in has)
    return AgentChange(tuple(added), tuple(removed))


def agent_text(agent: Agent, by: str) -> str:
    """Return an agent as a table of facts.

    Args:
        agent: The agent.
        by: What wrote it, for the table's heading.

    """
    rows = [
        _HEADING.format(name=agent.name, by=by),
        f"\nagent = {_string(agent.id)}\nname = {_string(agent.name)}\nversion = {_string(agent.version)}\n"
        f"recorded_on = {agent.recorded_on.isoformat()}\nsource = {_string(agent.source)}\n"
        f"before = {json.dumps(list(agent.before))}\nnot_known = {_string(agent.not_known)}\n",
    ]
    if agent.betas:
        rows.append("\n[betas]\n" + "".join(f"{_string(key)} = {_string(beta)}\n" for key, beta in agent.betas.items()))
    rows += [_shape_text(shape) for shape in agent.shapes]
    return "".join(rows)


def _shape_text(shape: AgentShape) -> str:
    headers = "".join(f"{_string(name)} = {_string(value)}\n" for name, value in sorted(shape.headers.items()))
    return (
        "\n[[shape]]\n"
        f"family = {_string(shape.family)}\n"
        f"models = {json.dumps(list(shape.models))}\n"
        f"recorded_with = {_string(shape.recorded_with)}\n"
        f"path = {_string(shape.path)}\n"
        f"query = {_string(shape.query)}\n"
        f"limit_key = {_string(shape.limit_key)}\n"
        f"size_bytes = {shape.size_bytes}\n"
        f"body = '''\n{shape.body}'''\n"
        f"[shape.headers]\n{headers}"
    )


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _body_text(body: Mapping[str, object]) -> str:
    """Return a body as JSON with a line for each key, and for each member of a list."""
    lines = []
    for name, value in body.items():
        if isinstance(value, list) and value:
            members = ",\n".join(f"  {_json(each)}" for each in value)
            lines.append(f" {_json(name)}: [\n{members}\n ]")
        else:
            lines.append(f" {_json(name)}: {_json(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: object) -> str:
    """Return a value as JSON that can stand between the quotes of a literal text of TOML."""
    return json.dumps(value, ensure_ascii=True).replace("'''", "''\\u0027")


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _headers(call: Recorded, content: Content) -> dict[str, str]:
    kept = ((name, content.of_header(name, value)) for name, value in call.headers.items())
    return {name: value for name, value in kept if value is not None}


def _types(items: Sequence[Mapping[str, Any]], usual: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(each.get("type", usual)) for each in items))


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

"""Probe requests: the body and headers of a call in one of the shapes, and what its answer has to honour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from console.domain.routes.route import Route
from console.domain.routes.shape import ROLE_SHAPES, Shape
from console.wire import FAMILY_WIRES
from console.wire.agent_shape import agent_shape
from console.wire.judge.expectation import NOTHING, Asked
from console.wire.request import Ask, Schema, Tool, fits

PROMPT = "Reply with OK."
"""What a text probe sends: the same fixed words in every call, so nothing of the operator's can be in it."""


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One call as it is sent."""

    shape: Shape
    body: bytes
    max_output_tokens: int
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: Asked = NOTHING
    """What the answer has to honour beyond text."""
    count_path: str = ""
    """The path on which the agent counts tokens before the call; empty where it does not."""
    count_body: bytes = b""


def request_for(route: Route, shape: Shape, *, max_output_tokens: int) -> ProbeRequest:
    """Return the request that probes a route in a shape."""
    wire = FAMILY_WIRES[route.endpoint_family]
    if shape is Shape.AGENT:
        agent = agent_shape(route.endpoint_family, route.model, PROMPT, max_output_tokens=max_output_tokens)
        return ProbeRequest(
            shape,
            agent.body,
            max_output_tokens,
            agent.headers,
            count_path=route.endpoint_path + agent.count_path if agent.count_path else "",
            count_body=agent.count_body,
        )
    if shape is Shape.TEXT:
        body = wire.build(route.model, PROMPT, max_output_tokens=max_output_tokens, stream=True)
        return ProbeRequest(shape, body, max_output_tokens)
    about = ROLE_SHAPES[route.role]
    if about.is_tool:
        tool = Tool(about.name, about.description, about.schema)
        ask = Ask(about.prompt, max_output_tokens, tool=tool)
        asked = Asked(tool=about.name)
    else:
        ask = Ask(about.prompt, max_output_tokens, schema=Schema(about.name, about.schema))
        asked = Asked(accepts=partial(fits, schema=about.schema))
    body = wire.build_ask(route.model, ask)
    return ProbeRequest(shape, body, max_output_tokens, asked=asked)

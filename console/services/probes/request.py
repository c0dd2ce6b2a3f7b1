"""Probe requests: the body and headers of a call in one of the shapes, and what its answer must honour."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.artifacts.artifact import ArtifactKind
from console.domain.routes.endpoint_path import below
from console.domain.routes.route import Route
from console.domain.routes.shape import ROLE_TASKS, Shape
from console.domain.run.answer_form import GATE_OF_ROLE, AnswerForm, form_at
from console.domain.run.role_answer import RoleAnswer
from console.domain.run.rubric import default_rubric
from console.wire import FAMILY_WIRES
from console.wire.agent_shape import agent_shape
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.request import Request, Schema

PROMPT = "Reply with OK."
"""What a text probe sends: the same fixed text in every call, so it cannot contain operator data."""


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One call to send."""

    shape: Shape
    body: bytes
    max_output_tokens: int
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: Expectation = NOTHING
    """What the answer must honour beyond text."""
    count_path: str = ""
    """The path where the agent counts tokens before the call; empty if it does not."""
    count_body: bytes = b""


def request_for(route: Route, shape: Shape, *, max_output_tokens: int) -> ProbeRequest:
    """Return the request that probes a route in a shape."""
    match shape:
        case Shape.TEXT:
            body = FAMILY_WIRES[route.endpoint_family].build(route.model, Request(PROMPT, max_output_tokens))
            return ProbeRequest(shape, body, max_output_tokens)
        case Shape.ROLE:
            form = form_at(GATE_OF_ROLE[route.role], default_rubric(ArtifactKind.PATCH).ids)
            task = ROLE_TASKS[route.role]
            body = role_body(
                route, form, task.prompt, instructions=task.instructions, max_output_tokens=max_output_tokens
            )
            return ProbeRequest(shape, body, max_output_tokens, expected=Expectation(form.accepts))
        case Shape.AGENT:
            agent = agent_shape(route.endpoint_family, route.model, PROMPT, max_output_tokens=max_output_tokens)
            return ProbeRequest(
                shape,
                agent.body,
                max_output_tokens,
                agent.headers,
                count_path=below(route.endpoint_path, agent.count_path) if agent.count_path else "",
                count_body=agent.count_body,
            )


def role_body(
    route: Route, form: AnswerForm[RoleAnswer], prompt: str, *, instructions: str, max_output_tokens: int
) -> bytes:
    """Return the body that asks a route for a role's answer, in a run and in a probe of its shape."""
    schema = Schema(form.name, form.schema)
    request = Request(prompt, max_output_tokens, instructions=instructions, schema=schema)
    return FAMILY_WIRES[route.endpoint_family].build(route.model, request)

"""Probe requests: the body and headers of a call in one of the shapes, and what its answer must honour."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from console.domain.answers.role_answer import RoleAnswer
from console.domain.artifacts.artifact import ArtifactKind
from console.domain.errors.body import ErrorBody
from console.domain.errors.category import Category
from console.domain.finding import Finding
from console.domain.probes.agent import Agent, AgentShape
from console.domain.probes.agent_feature import refused_feature
from console.domain.probes.agent_id import CLAUDE_CODE
from console.domain.probes.agent_refusal import check_envelope, check_limits
from console.domain.probes.arrival import Arrival
from console.domain.probes.assertion import finding_of
from console.domain.probes.token_limit import TokenLimit
from console.domain.routes.route import Route
from console.domain.routes.shape import ROLE_TASKS, Shape
from console.domain.run.answer_form import GATE_OF_ROLE, AnswerForm, form_at
from console.domain.run.rubric import default_rubric
from console.wire import FAMILY_WIRES
from console.wire.agent_body import AgentSize, agent_call
from console.wire.json_value import decode, text_at
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.request import Request, Schema

PROMPT = "Reply with OK."
"""What a text probe sends: the same fixed text in every call, so it cannot contain operator data."""
SMOKE_LIMIT, RUN_LIMIT = "gateway.smoke_max_output_tokens", "policy.run_max_output_tokens"
"""The settings of a test call's and a run's token limit."""


@dataclass(frozen=True, slots=True)
class RoleOrder:
    """What a run sends that a profile sets, so that a probe of a role's shape is what the run sends."""

    max_output_tokens: int
    criteria: tuple[str, ...] = ()
    """The ids of the rubric's criteria; empty means the shipped rubric's."""
    limit_setting: str = RUN_LIMIT
    """The setting that holds `max_output_tokens`."""


@dataclass(frozen=True, slots=True)
class AgentOrder:
    """Which agent's call to send, and how large."""

    agent: Agent
    size: AgentSize = AgentSize.FULL


@dataclass(frozen=True, slots=True)
class SentAgent:
    """The agent whose call was sent, to read a refusal by."""

    agent: Agent
    shape: AgentShape
    age: tuple[Finding, ...] = ()
    """What there is to say about the age of the recording."""

    @property
    def has_contract(self) -> bool:
        """Whether the agent's vendor says what a gateway has to do for it."""
        return self.agent.id == CLAUDE_CODE

    def read_refusal(
        self, refusal: ErrorBody, status: int, category: Category, headers: Mapping[str, str], body: bytes
    ) -> tuple[Finding, ...]:
        """Return the findings on what of the call was refused, and on how.

        Args:
            refusal: The refusal's body, as read.
            status: Its HTTP status.
            category: Why the call was refused.
            headers: Its headers, with names in lower case.
            body: Its body.

        """
        named = refused_feature(refusal, status, category, self.agent, self.shape)
        found = () if named is None else (named,)
        return (*found, *check_refusal(status, headers, body)) if self.has_contract else found

    def read_head(self, headers: Mapping[str, str]) -> tuple[Finding, ...]:
        """Return the findings on what an answer's headers tell the agent."""
        return check_limits(headers) if self.has_contract else ()

    def read_arrival(self, arrival: Arrival | None) -> tuple[Finding, ...]:
        """Return a finding if a stream was collected on its way, so that the agent shows nothing before its end."""
        is_collected = arrival is not None and arrival.is_collected
        return (finding_of("AGT-08", "collected"),) if is_collected else ()


def sent_by(agent: Agent | None, route: Route, size_bytes: int) -> SentAgent | None:
    """Return the agent that has sent a call of its own on a route; None if it is not known what it sends there.

    Args:
        agent: The agent.
        route: The route.
        size_bytes: The size of the call's body.

    """
    shape = None if agent is None else agent.shape_for(route.endpoint_family, route.model)
    return None if agent is None or shape is None else SentAgent(agent, replace(shape, size_bytes=size_bytes))


def check_refusal(status: int, headers: Mapping[str, str], body: bytes) -> tuple[Finding, ...]:
    """Return the findings on a refusal's form, as Claude Code reads it. One within a stream has no form of its own."""
    if status < 400:
        return ()
    value = decode(body)
    is_own = text_at(value, "type") == "error" and text_at(value, "error", "message") is not None
    return check_envelope(status, text_at(value, "error", "type"), headers, is_own=is_own)


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One call to send."""

    shape: Shape
    body: bytes
    max_output_tokens: int
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: Expectation = NOTHING
    """What the answer must honour beyond text."""
    query: str = ""
    """What follows the route's path, without its `?`."""
    agent: SentAgent | None = None
    """Whose call it is; None if it is the console's own."""
    limit_setting: str = SMOKE_LIMIT
    """The setting that holds `max_output_tokens`."""
    wants_stream: bool = True
    """Whether it asks for a stream of events; if not, for one whole body."""

    @property
    def limit(self) -> TokenLimit:
        """The token limit, with its setting."""
        return TokenLimit(self.max_output_tokens, self.limit_setting)

    def path_on(self, route: Route) -> str:
        """Return the path to call."""
        if not self.query:
            return route.endpoint_path
        return f"{route.endpoint_path}{'&' if '?' in route.endpoint_path else '?'}{self.query}"


def text_request(route: Route, max_output_tokens: int) -> ProbeRequest:
    """Return the request that asks a route for a short text."""
    body = FAMILY_WIRES[route.endpoint_family].build(route.model, Request(PROMPT, max_output_tokens))
    return ProbeRequest(Shape.TEXT, body, max_output_tokens)


def role_request(route: Route, order: RoleOrder) -> ProbeRequest:
    """Return the request that a run sends for the route's role, with a small task."""
    form = form_at(GATE_OF_ROLE[route.role], order.criteria or default_rubric(ArtifactKind.PATCH).ids)
    task = ROLE_TASKS[route.role]
    limit = order.max_output_tokens
    body = role_body(route, form, task.prompt, instructions=task.instructions, max_output_tokens=limit)
    expected = Expectation(form.accepts)
    return ProbeRequest(Shape.ROLE, body, limit, expected=expected, limit_setting=order.limit_setting)


def agent_request(route: Route, order: AgentOrder, max_output_tokens: int, now: float) -> ProbeRequest:
    """Return the request that an agent sends first.

    Args:
        route: The route to call.
        order: The agent, and how large its call is.
        max_output_tokens: The token limit of the answer.
        now: Unix time in seconds, which the recording's age is counted to.

    Raises:
        ValueError: The agent does not speak the route's family.

    """
    shape = order.agent.shape_for(route.endpoint_family, route.model)
    if shape is None:
        raise ValueError(f"{order.agent.name} does not speak {route.endpoint_family}")
    call = agent_call(shape, route.model, PROMPT, max_output_tokens=max_output_tokens, size=order.size)
    return ProbeRequest(
        Shape.AGENT,
        call.body,
        max_output_tokens,
        call.headers,
        query=call.query,
        agent=SentAgent(order.agent, shape, order.agent.check_age(now)),
    )


def role_body(
    route: Route, form: AnswerForm[RoleAnswer], prompt: str, *, instructions: str, max_output_tokens: int
) -> bytes:
    """Return the body that asks a route for a role's answer, in a run and in a probe of its shape."""
    schema = Schema(form.name, form.schema)
    request = Request(prompt, max_output_tokens, instructions=instructions, schema=schema)
    return FAMILY_WIRES[route.endpoint_family].build(route.model, request)

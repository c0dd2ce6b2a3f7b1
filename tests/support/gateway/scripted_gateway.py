"""A gateway on loopback that answers each step of the probe ladder as a test says, and climbing it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.gateway.budgets import session_budget
from support.gateway.servers import Peer, RawServer, Request, good_stream, raw_server, sse, streamed, typed, whole
from support.probes.smoking import TOKEN, patient

from console.domain.money import Budget
from console.domain.probes.event import CatalogueRead, CheckEvent, RoutesChecked, RungFinished
from console.domain.probes.ladder import Rung, RungResult
from console.domain.routes.contract import RouteCheck, check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.key_control import UNKNOWN_MODEL
from console.services.probes.ladder import LadderPlan, climb
from console.services.probes.smoke import SmokePlan
from console.view.console_state import ConsoleState

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
FAMILY_OF_PATH = {family.standard_path: family for family in EndpointFamily}

UNAUTHORIZED = whole(
    401, {"error": {"message": "Incorrect API key", "type": "invalid_request_error", "code": "invalid_api_key"}}
)
NO_INPUT = {
    R: ("Missing required parameter: 'input'.", "input"),
    M: ("messages: Field required", "messages"),
    C: ("Missing required parameter: 'messages'.", "messages"),
}
"""What each family's vendor says of a form without an input, and the field that it names."""
NO_MODEL = whole(
    404,
    {"error": {"message": "The model does not exist", "type": "invalid_request_error", "code": "model_not_found"}},
)
NOT_FOUND = whole(404, {"error": {"message": "Not found", "type": "invalid_request_error", "code": None}})
REVIEW = json.dumps(
    {"nonce": "probe-1", "criteria": [{"id": "safety", "score": 4, "evidence": "print"}], "findings": []}
)
ANSWERS = (
    {"instruction_source": "AGENTS.md", "scope": ["README.md"], "steps": ["add"], "stop_conditions": ["done"]},
    {"instruction_source": "AGENTS.md", "artifact": "ok", "claims": []},
    json.loads(REVIEW),
    {"nonce": "probe-1", "findings": []},
)
"""What each role may answer."""


def models(*names: str, **more: Any) -> bytes:
    """Return the answer of a list of models."""
    return whole(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in names], **more})


def tool_stream(family: EndpointFamily, name: str = "write_file", model: str = "m") -> bytes:
    """Return a whole streamed answer that calls one tool."""
    text = '{"path":"note.txt","content":"ok"}'
    match family:
        case EndpointFamily.RESPONSES:
            item = {"id": "f1", "type": "function_call", "call_id": "call_1", "name": name, "arguments": ""}
            base = {"id": "r1", "object": "response", "created_at": 1, "model": model, "output": [], "tools": []}
            base |= {"parallel_tool_calls": True, "tool_choice": "auto"}
            done = item | {"arguments": text, "status": "completed"}
            usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
            return streamed(
                typed("response.created", response=base | {"status": "in_progress"}),
                typed("response.output_item.added", output_index=0, item=item | {"status": "in_progress"}),
                typed("response.function_call_arguments.delta", item_id="f1", output_index=0, delta=text),
                typed("response.function_call_arguments.done", item_id="f1", output_index=0, name=name, arguments=text),
                typed("response.output_item.done", output_index=0, item=done),
                typed("response.completed", response=base | {"status": "completed", "output": [done], "usage": usage}),
            )
        case EndpointFamily.ANTHROPIC_MESSAGES:
            message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": []}
            message |= {"stop_reason": None, "usage": {"input_tokens": 3, "output_tokens": 1}}
            block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
            return streamed(
                typed("message_start", message=message),
                typed("content_block_start", index=0, content_block=block),
                typed("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": text}),
                typed("content_block_stop", index=0),
                typed("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 2}),
                typed("message_stop"),
            )
        case EndpointFamily.CHAT_COMPLETIONS:
            base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model}
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}

            def chunk(delta: dict[str, object], finish: str | None = None) -> bytes:
                return sse({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

            usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
            return streamed(
                chunk({"role": "assistant", "content": None}),
                chunk({"tool_calls": [call]}),
                chunk({}, "tool_calls"),
                sse({**base, "choices": [], "usage": usage}),
                sse("[DONE]"),
            )


def shaped_answer(request: Request, family: EndpointFamily, model: str = "m") -> bytes:
    """Return the answer that a request's shape asks for."""
    body = json.loads(request.body)
    if body.get("tools"):
        return tool_stream(family, model=model)
    schema = _schema_in(body)
    if schema is None:
        return good_stream(family, model=model)
    (answer,) = [each for each in ANSWERS if set(each) == set(schema["properties"])]
    return good_stream(family, json.dumps(answer), model=model)


def _schema_in(body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the JSON schema that a request of any family gives for its answer."""
    match body:
        case (
            {"text": {"format": {"schema": schema}}}
            | {"output_config": {"format": {"schema": schema}}}
            | {"response_format": {"json_schema": {"schema": schema}}}
        ):
            return dict(schema)
    return None


Answer = Callable[[Request, EndpointFamily], bytes]


@dataclass
class Steps:
    """What a gateway answers at each step: a good one where a test says nothing; an empty one ends the connection."""

    bare: bytes = field(default=whole(405, {"error": {"message": "Method not allowed"}}))
    """A GET on a route's path, without a key."""
    lists: dict[str, bytes] = field(default_factory=lambda: {"/v1/models": models("m")})
    wrong_key: bytes = UNAUTHORIZED
    no_input: bytes | None = None
    unknown_model: bytes = NO_MODEL
    text: Answer | None = None
    shape: Answer | None = None
    token: str | None = TOKEN
    checks_form_first: bool = False
    """A form without an input is refused before the key is looked at."""

    def answer(self, request: Request) -> bytes:
        """Return the answer to a request."""
        path = request.path.partition("?")[0]
        if request.method == "GET":
            if path in self.lists:
                return self.lists[path]
            return self.bare if path in FAMILY_OF_PATH else NOT_FOUND
        family = FAMILY_OF_PATH.get(path)
        if family is None:
            return NOT_FOUND
        body = json.loads(request.body)
        has_input = "input" in body or "messages" in body
        if self.checks_form_first and not has_input:
            return self._refused_form(family)
        if self.token is not None and request.header("authorization") != f"Bearer {self.token}":
            return self.wrong_key
        if not has_input:
            return self._refused_form(family)
        if body["model"] == UNKNOWN_MODEL:
            return self.unknown_model
        is_plain = "Reply with OK." in request.body.decode() and "tools" not in body
        chosen = self.text if is_plain else self.shape
        return shaped_answer(request, family) if chosen is None else chosen(request, family)

    def _refused_form(self, family: EndpointFamily) -> bytes:
        if self.no_input is not None:
            return self.no_input
        message, param = NO_INPUT[family]
        return whole(
            400, {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}}
        )


@contextlib.asynccontextmanager
async def scripted(steps: Steps | None = None) -> AsyncIterator[RawServer]:
    """Serve a scripted gateway while the block runs."""
    how = steps or Steps()

    async def script(peer: Peer, request: Request) -> None:
        if answer := how.answer(request):
            await peer.send(answer)
        else:
            peer.writer.close()

    async with raw_server(script) as server:
        yield server


@dataclass
class Climbed:
    """The end of a climb: its events, folded."""

    events: list[CheckEvent]
    state: ConsoleState

    @property
    def results(self) -> list[RungResult]:
        return [event.result for event in self.events if isinstance(event, RungFinished)]

    def rung(self, rung: Rung, role: Role = Role.REVIEWER) -> RungResult:
        (found,) = [result for result in self.results if (result.rung, result.key) == (rung, role)]
        return found

    def statuses(self, role: Role = Role.REVIEWER) -> list[str]:
        return [result.status.value for result in self.results if result.key == role]

    def ids(self, rung: Rung, role: Role = Role.REVIEWER) -> list[str]:
        return [finding.id for finding in self.rung(rung, role).findings]

    @property
    def sent(self) -> int:
        return sum(result.requests_sent for result in self.results)

    @property
    def catalogue(self) -> CatalogueRead:
        (read,) = [event for event in self.events if isinstance(event, CatalogueRead)]
        return read


def route(role: Role = Role.REVIEWER, family: EndpointFamily = R, model: str = "m", **more: Any) -> Route:
    return Route(role, model, family, family.standard_path, **more)


async def climb_to(
    top: Rung,
    base_url: str,
    *routes: Route,
    token: str | None = TOKEN,
    budget: Budget | None = None,
    is_read_only: bool = False,
    checks: Sequence[RouteCheck] | None = None,
    crosses: bool = False,
    counts: bool = False,
    **settings: Any,
) -> Climbed:
    """Climb the ladder of a gateway, as the faces do."""
    table = RouteTable(routes or (route(),))
    chosen = check(table) if checks is None else tuple(checks)
    gateway_settings = patient(base_url=base_url, **settings)
    state = ConsoleState("p").apply(RoutesChecked(chosen))
    events: list[CheckEvent] = []
    async with Gateway(base_url, None if token is None else Secret(token), gateway_settings) as gateway:
        plan = SmokePlan(gateway, Reservations(budget or session_budget()), max_output_tokens=64)
        how = LadderPlan(
            top,
            plan,
            connect_timeout_s=gateway_settings.connect_timeout_s,
            is_read_only=is_read_only,
            crosses=crosses,
            counts=counts,
        )
        async with contextlib.aclosing(climb(chosen, how, places=asyncio.Semaphore(8))) as stream:
            async for event in stream:
                events.append(event)
                state = state.apply(event)
    return Climbed(events, state)

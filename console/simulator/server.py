"""The embedded gateway's server: aiohttp on loopback, behind a random bearer token."""

import asyncio
import contextlib
import hmac
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from aiohttp import web

from console.domain.routes.family import EndpointFamily
from console.simulator.anthropic_messages import AnthropicMessages
from console.simulator.breach import Breach, break_body, break_contract, broken_error, broken_head, require_betas
from console.simulator.catalogue import (
    PAGE_PATH,
    anthropic_list,
    cometapi_list,
    exists,
    new_api_pricing,
    openai_list,
    page_url,
    read_page,
)
from console.simulator.chat_completions import ChatCompletions
from console.simulator.dialect import Ask, Dialect, RequestError, StreamItem
from console.simulator.hostile import HostileCall, hostility_for, perform
from console.simulator.replay import replay
from console.simulator.request_body import read_body
from console.simulator.responses import Responses
from console.simulator.roles.role_answer import answer_as_role
from console.simulator.scenario import WELL, Scenario, scenario_for
from console.simulator.script import Script, count_tokens, write_script

HOST = "127.0.0.1"
_MESSAGES = AnthropicMessages()
_DIALECTS: dict[EndpointFamily, Dialect] = {
    EndpointFamily.RESPONSES: Responses(),
    EndpointFamily.ANTHROPIC_MESSAGES: _MESSAGES,
    EndpointFamily.CHAT_COMPLETIONS: ChatCompletions(),
}
_QUIET = logging.Logger("console.simulator", logging.CRITICAL + 1)
"""aiohttp would log the contents of malformed requests, with a traceback."""
_BODY_LIMIT = 4 * 1024 * 1024
_WAITING_LIMIT = 1024 * 1024
"""How many bytes of a hostile answer may wait to be sent."""
_WAITING_S = 0.005
"""How long to wait until there are fewer, in seconds."""
_AZURE_PREFIX = re.compile("^/openai/(?:v1|deployments/[^/]+)/")
_DEPLOYMENT_PATH = "/openai/deployments/{deployment}/chat/completions"
"""Azure's path of a deployment, which needs an `api-version` in the query."""
_COUNT_PATH = f"{EndpointFamily.ANTHROPIC_MESSAGES.standard_path}/count_tokens"
_FAMILY_PATHS = {
    **{family.standard_path: family for family in EndpointFamily},
    _COUNT_PATH: EndpointFamily.ANTHROPIC_MESSAGES,
}

_NumberedHandler = Callable[[web.Request, int], Awaitable[web.StreamResponse]]
"""A handler that gets its call's number, which request and answer ids are made from."""


@dataclass(slots=True)
class Journal:
    """The requests that reached the embedded gateway: methods and paths, no content; the newest thousand."""

    calls: list[tuple[str, str]] = field(default_factory=list)

    def note(self, method: str, path: str) -> None:
        """Note one request."""
        self.calls = [*self.calls[-999:], (method, path)]


@dataclass(frozen=True, slots=True)
class Listening:
    """The running embedded gateway."""

    base_url: str
    token: str
    """Random, created at start; opens only this server."""
    journal: Journal


@contextlib.asynccontextmanager
async def serve(
    port: int = 0,
    *,
    pace: float = 1.0,
    token: str = "",
    breaches: Collection[Breach] = (),
    scenarios: Sequence[Scenario] = (),
) -> AsyncIterator[Listening]:
    """Serve on loopback while the block runs.

    Args:
        port: The port; 0 picks a free one.
        pace: A factor on all waits: 0 answers at once.
        token: The token to accept, for a caller that needs a known one; empty creates a random one.
        breaches: How to break Claude Code's gateway contract.
        scenarios: Rows that come before the built-in ones.

    Raises:
        OSError: It cannot listen on the port.

    """
    token = token or f"sim-{secrets.token_urlsafe(24)}"
    journal = Journal()
    application = _application(_Server(token, journal, pace, frozenset(breaches), scenarios))
    runner = web.AppRunner(application, access_log=None, logger=_QUIET, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield Listening(f"http://{HOST}:{bound}", token, journal)
    finally:
        await runner.cleanup()


def _application(server: "_Server") -> web.Application:
    application = web.Application(client_max_size=_BODY_LIMIT)
    for family in EndpointFamily:
        application.router.add_post(family.standard_path, server.guarded(server.answer))
        application.router.add_post(f"/openai{family.standard_path}", server.guarded(server.answer))
    application.router.add_post(_DEPLOYMENT_PATH, server.guarded(server.answer_deployment))
    application.router.add_post(_COUNT_PATH, server.guarded(server.count))
    application.router.add_get("/v1/models", server.guarded(server.models))
    application.router.add_get("/api/models", server.guarded(server.public_models, is_public=True))
    application.router.add_get("/api/pricing", server.guarded(server.public_prices, is_public=True))
    application.router.add_get(PAGE_PATH, server.guarded(server.page, is_public=True))
    application.router.add_route("*", "/{path:.*}", server.guarded(server.refuse_path))
    return application


class _Server:
    def __init__(
        self, token: str, journal: Journal, pace: float, breaches: Collection[Breach], scenarios: Sequence[Scenario]
    ) -> None:
        self._token = token
        self._journal = journal
        self._pace = pace
        self._breaches = breaches
        self._scenarios = scenarios
        self._number = 0

    def guarded(
        self, handler: _NumberedHandler, *, is_public: bool = False
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Give each call a number and check its token; refusals have the called family's error shape."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self._journal.note(request.method, request.path)
            self._number += 1
            number = self._number
            dialect = _DIALECTS[_family_of(request) or EndpointFamily.CHAT_COMPLETIONS]
            try:
                if not is_public:
                    self._authorize(request)
                if self._breaches and (broken := await break_contract(self._breaches, request)) is not None:
                    return broken
                return await handler(request, number)
            except RequestError as error:
                refusal = broken_error(self._breaches, dialect.refuse(error, _request_id(number)))
                headers = {"x-should-retry": "false"} if error.status == 401 else {}
                return _json(refusal, number, error.status, headers)
            except web.HTTPRequestEntityTooLarge:
                too_large = RequestError(413, "invalid_request_error", "The request is too large.")
                return _json(dialect.refuse(too_large, _request_id(number)), number, 413)

        return handle

    async def refuse_path(self, request: web.Request, number: int) -> web.StreamResponse:
        """Refuse a method and path that no family has."""
        raise RequestError(404, "invalid_request_error", f"Invalid URL ({request.method} {request.path})")

    async def answer(self, request: web.Request, number: int) -> web.StreamResponse:
        """Answer a call of one of the three families."""
        family = _family_of(request)
        if family is None:
            return await self.refuse_path(request, number)
        dialect = _DIALECTS[family]
        _require_version(request, family)
        body = await read_body(request)
        if family is EndpointFamily.ANTHROPIC_MESSAGES:
            require_betas(self._breaches, request.headers)
            break_body(self._breaches, body)
        ask = dialect.read(body)
        if hostility_for(ask.model) is not None:
            return await self._be_hostile(request, ask, dialect, number)
        scenario = scenario_for(ask.model, family, self._scenarios)
        if scenario is not None and scenario.shape is not None:
            return await replay(request, scenario.shape, ask.model)
        if scenario is not None and scenario.kind in ("error", "html", "redirect"):
            return _play(scenario)
        _require_model(ask.model, dialect)
        headers = broken_head(self._breaches)
        if scenario is not None and scenario.kind == "elsewhere":
            ask = replace(ask, model=scenario.answers_as or ask.model, id_prefix=scenario.id_prefix)
            headers = {**headers, **scenario.headers}
        ask = answer_as_role(ask, WELL if scenario is None else scenario.conduct, page_url(request.host))
        script = write_script(ask.model, ask.prompt, ask.max_output_tokens, ask.wish)
        if ask.stream:
            last = scenario.after_events if scenario is not None and scenario.kind == "cut" else None
            return await self._stream(
                request, number, islice(dialect.stream(ask, script, number), last), script, headers
            )
        await asyncio.sleep(script.whole_s * self._pace)
        return _json(dialect.whole(ask, script, number), number, headers=headers)

    async def answer_deployment(self, request: web.Request, number: int) -> web.StreamResponse:
        """Answer a call to a deployment, as Azure does: without an `api-version`, there is no such address."""
        if not request.query.get("api-version"):
            raise RequestError(404, "invalid_request_error", "Resource not found", "404")
        return await self.answer(request, number)

    async def count(self, request: web.Request, number: int) -> web.StreamResponse:
        """Count the tokens of a Messages request, as Claude Code asks for before it sends it."""
        _require_version(request, EndpointFamily.ANTHROPIC_MESSAGES)
        ask = _MESSAGES.read_counted(await read_body(request))
        _require_model(ask.model, _MESSAGES)
        return _json({"input_tokens": count_tokens(ask.prompt)}, number)

    async def models(self, request: web.Request, number: int) -> web.StreamResponse:
        """List the models, in Anthropic's shape if the request carries `anthropic-version`."""
        return _json(anthropic_list() if "anthropic-version" in request.headers else openai_list(), number)

    async def public_models(self, request: web.Request, number: int) -> web.StreamResponse:
        """List the models with their prices, as CometAPI does."""
        return _json(cometapi_list(), number)

    async def public_prices(self, request: web.Request, number: int) -> web.StreamResponse:
        """List the models' price ratios, as new-api does."""
        return _json(new_api_pricing(), number)

    async def page(self, request: web.Request, number: int) -> web.StreamResponse:
        """Show the page that articles quote."""
        return web.Response(text=read_page(), content_type="text/html", headers=_request_ids(number))

    async def _stream(
        self,
        request: web.Request,
        number: int,
        items: Iterable[StreamItem],
        script: Script,
        headers: Mapping[str, str],
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "content-type": "text/event-stream; charset=utf-8",
                "cache-control": "no-cache",
                **_request_ids(number),
                **headers,
            }
        )
        await response.prepare(request)
        loop = asyncio.get_running_loop()
        due = loop.time() + script.first_token_s * self._pace
        try:
            if Breach.COLLECTED in self._breaches:
                await asyncio.sleep(script.whole_s * self._pace)
                await response.write(b"".join(item.frame() for item in items))
                items = ()
            for item in items:
                if item.has_content:
                    await asyncio.sleep(max(0.0, due - loop.time()))
                    due += script.token_interval_s * self._pace
                await response.write(item.frame())
            await response.write_eof()
        except ConnectionError:
            pass  # the client is gone and reads no answer
        return response

    async def _be_hostile(self, request: web.Request, ask: Ask, dialect: Dialect, number: int) -> web.StreamResponse:
        """Send the bytes of a hostile answer and end the connection."""
        transport = request.transport
        hostility = hostility_for(ask.model)
        if transport is not None and hostility is not None:
            port = transport.get_extra_info("sockname")[1]
            call = HostileCall(ask, dialect, number, _key_in(request), port)
            async with contextlib.aclosing(perform(hostility, call)) as pieces:
                async for data in pieces:
                    # A transport tells only its own protocol, which belongs to the library, that there is room again.
                    while transport.get_write_buffer_size() > _WAITING_LIMIT and not transport.is_closing():  # noqa: ASYNC110
                        await asyncio.sleep(_WAITING_S)
                    if transport.is_closing():
                        break  # the client is gone; there is no one to send to
                    transport.write(data)
            transport.close()
        return web.Response()  # goes nowhere: the connection is closed

    def _authorize(self, request: web.Request) -> None:
        if not hmac.compare_digest(_key_in(request).encode("utf-8", "replace"), self._token.encode()):
            family = _family_of(request)
            if family is EndpointFamily.ANTHROPIC_MESSAGES:
                raise RequestError(401, "authentication_error", "invalid x-api-key")
            raise RequestError(401, "invalid_request_error", "Incorrect API key provided.", "invalid_api_key")


def _key_in(request: web.Request) -> str:
    own = request.headers.get("x-api-key") or request.headers.get("api-key")
    return own or request.headers.get("authorization", "").removeprefix("Bearer ")


def _family_of(request: web.Request) -> EndpointFamily | None:
    return _FAMILY_PATHS.get(_AZURE_PREFIX.sub("/v1/", request.path))


def _require_version(request: web.Request, family: EndpointFamily) -> None:
    if family is EndpointFamily.ANTHROPIC_MESSAGES and "anthropic-version" not in request.headers:
        raise RequestError(400, "invalid_request_error", "anthropic-version: header is required")


def _require_model(model: str, dialect: Dialect) -> None:
    if not exists(model):
        raise dialect.unknown_model(model)


def _play(scenario: Scenario) -> web.Response:
    if scenario.kind == "html":
        page = "<!doctype html><html><title>Sign in</title><body>Sign in to continue.</body></html>"
        return web.Response(text=page, content_type="text/html")
    if scenario.kind == "redirect":
        return web.Response(status=307, headers={"location": "http://127.0.0.2/elsewhere"})
    raise RequestError(scenario.status, scenario.type, scenario.message, scenario.code, "model")


def _json(
    body: dict[str, Any], number: int, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.json_response(body, status=status, headers={**_request_ids(number), **(headers or {})})


def _request_id(number: int) -> str:
    return f"req_sim_{number:06}"


def _request_ids(number: int) -> dict[str, str]:
    return {"x-request-id": _request_id(number), "request-id": _request_id(number)}

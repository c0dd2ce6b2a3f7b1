"""The embedded gateway's server: aiohttp on loopback, behind a random bearer token."""

import asyncio
import contextlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from console.domain.family import EndpointFamily
from console.simulator.dialect import CREATED, DIALECTS, Ask, Dialect, RequestError, StreamItem
from console.simulator.scenario import Scenario, scenario_for
from console.simulator.script import Script, write_script

HOST = "127.0.0.1"
_MODELS = {
    "gpt-route-placeholder": ["openai", "openai-response"],
    "gpt-review-route-placeholder": ["openai", "openai-response"],
    "claude-critic-route-placeholder": ["anthropic", "openai"],
    "chat-compatible-route-placeholder": ["openai"],
    "gpt-5-pro": ["openai-response"],
}
"""The models that the list names, with the endpoint types that new-api's list would declare for them."""
_BODY_LIMIT = 4 * 1024 * 1024


@dataclass(slots=True)
class Journal:
    """What reached the embedded gateway: methods and paths, no content; the newest thousand."""

    calls: list[tuple[str, str]] = field(default_factory=list)

    def note(self, method: str, path: str) -> None:
        """Note one request."""
        self.calls = [*self.calls[-999:], (method, path)]


@dataclass(frozen=True, slots=True)
class Listening:
    """The embedded gateway at work."""

    base_url: str
    token: str
    """Random, made at start; opens nothing but this server."""
    journal: Journal


@contextlib.asynccontextmanager
async def serve(port: int = 0, *, pace: float = 1.0) -> AsyncIterator[Listening]:
    """Serve on loopback while the block runs.

    Args:
        port: The port; 0 takes a free one.
        pace: A factor on all waits: 0 answers at once.

    Raises:
        OSError: The port cannot be listened on.

    """
    token = f"sim-{secrets.token_urlsafe(24)}"
    journal = Journal()
    runner = web.AppRunner(_application(_Server(token, journal, pace)), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield Listening(f"http://{HOST}:{bound}", token, journal)
    finally:
        await runner.cleanup()


def _application(server: "_Server") -> web.Application:
    application = web.Application(client_max_size=_BODY_LIMIT, middlewares=[server.guard])
    for family in EndpointFamily:
        application.router.add_post(family.standard_path, server.answer)
    application.router.add_get("/v1/models", server.models)
    return application


class _Server:
    def __init__(self, token: str, journal: Journal, pace: float) -> None:
        self._token = token
        self._journal = journal
        self._pace = pace
        self._number = 0

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Check the token, and put every refusal into the error shape of the family that was called."""
        self._journal.note(request.method, request.path)
        self._number += 1
        request_id = f"req_sim_{self._number:06}"
        family = _family_of(request)
        dialect = DIALECTS[family or EndpointFamily.CHAT_COMPLETIONS]
        request["number"], request["id"] = self._number, request_id
        try:
            self._authorize(request)
            response: web.StreamResponse = await handler(request)
        except RequestError as error:
            return _json(dialect.refuse(error, request_id), request_id, error.status)
        except web.HTTPRequestEntityTooLarge:
            too_large = RequestError(413, "invalid_request_error", "The request is too large.")
            return _json(dialect.refuse(too_large, request_id), request_id, 413)
        except web.HTTPException as error:
            unknown = RequestError(
                error.status, "invalid_request_error", f"Invalid URL ({request.method} {request.path})"
            )
            return _json(dialect.refuse(unknown, request_id), request_id, error.status)
        return response

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a call of one of the three families."""
        family = _family_of(request)
        if family is None:
            raise web.HTTPNotFound
        if family is EndpointFamily.ANTHROPIC_MESSAGES and "anthropic-version" not in request.headers:
            raise RequestError(400, "invalid_request_error", "anthropic-version: header is required")
        dialect = DIALECTS[family]
        ask = dialect.read(await _body(request))
        scenario = scenario_for(ask.model, family)
        if scenario is not None and scenario.kind != "cut":
            return _play(scenario)
        script = write_script(ask.model, ask.prompt, ask.max_output_tokens)
        if ask.stream:
            return await self._stream(request, dialect, ask, script, scenario)
        await asyncio.sleep((script.first_token_s + script.token_interval_s * script.output_tokens) * self._pace)
        return _json(dialect.whole(ask, script, request["number"]), request["id"])

    async def models(self, request: web.Request) -> web.StreamResponse:
        """List the models, in Anthropic's shape where the request carries `anthropic-version`."""
        if "anthropic-version" in request.headers:
            rows = [
                {"type": "model", "id": model, "display_name": model, "created_at": "2026-01-01T00:00:00Z"}
                for model in _MODELS
            ]
            names = list(_MODELS)
            listing = {"data": rows, "has_more": False, "first_id": names[0], "last_id": names[-1]}
            return _json(listing, request["id"])
        data = [
            {
                "id": model,
                "object": "model",
                "created": CREATED,
                "owned_by": "simulator",
                "supported_endpoint_types": types,
            }
            for model, types in _MODELS.items()
        ]
        return _json({"object": "list", "data": data}, request["id"])

    async def _stream(
        self, request: web.Request, dialect: Dialect, ask: Ask, script: Script, scenario: Scenario | None
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "content-type": "text/event-stream; charset=utf-8",
                "cache-control": "no-cache",
                **_request_ids(request["id"]),
            }
        )
        await response.prepare(request)
        pieces = frozenset(script.pieces)
        loop = asyncio.get_running_loop()
        due = loop.time() + script.first_token_s * self._pace
        try:
            for sent, item in enumerate(dialect.stream(ask, script, request["number"])):
                if scenario is not None and sent >= scenario.after_events:
                    break
                if _content(item) in pieces:
                    await asyncio.sleep(max(0.0, due - loop.time()))
                    due += script.token_interval_s * self._pace
                await response.write(_frame(item))
            await response.write_eof()
        except ConnectionError:
            pass  # the client has gone; nobody is left to tell
        return response

    def _authorize(self, request: web.Request) -> None:
        given = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            family = _family_of(request)
            if family is EndpointFamily.ANTHROPIC_MESSAGES:
                raise RequestError(401, "authentication_error", "invalid x-api-key")
            raise RequestError(401, "invalid_request_error", "Incorrect API key provided.", "invalid_api_key")


def _family_of(request: web.Request) -> EndpointFamily | None:
    return next((family for family in EndpointFamily if family.standard_path == request.path), None)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise RequestError(400, "invalid_request_error", "We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise RequestError(400, "invalid_request_error", "The body of a request is a JSON object.")
    return body


def _play(scenario: Scenario) -> web.Response:
    if scenario.kind == "html":
        page = "<!doctype html><html><title>Sign in</title><body>Sign in to continue.</body></html>"
        return web.Response(text=page, content_type="text/html")
    if scenario.kind == "redirect":
        return web.Response(status=307, headers={"location": "http://127.0.0.2/elsewhere"})
    raise RequestError(scenario.status, scenario.type, scenario.message, scenario.code, "model")


def _content(item: StreamItem) -> str | None:
    """Return the piece of content that an event carries, for its pace."""
    data = item[1]
    if isinstance(data, str):
        return None
    delta = data.get("delta")
    if isinstance(delta, str):
        return delta
    if isinstance(delta, dict):
        return delta.get("text")
    choices = data.get("choices")
    return choices[0]["delta"].get("content") if choices else None


def _frame(item: StreamItem) -> bytes:
    name, data = item
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def _json(body: dict[str, Any], request_id: str, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers=_request_ids(request_id))


def _request_ids(request_id: str) -> dict[str, str]:
    return {"x-request-id": request_id, "request-id": request_id}

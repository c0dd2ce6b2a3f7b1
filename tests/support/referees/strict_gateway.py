"""A gateway that takes less than agents send: in front of another one, it refuses a body by a rule of its own."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
from aiohttp import web

Refuse = Callable[[dict[str, Any], bytes], str]
"""Returns why a body is refused; empty passes it on."""

KNOWN_FIELDS = frozenset(
    {"model", "input", "messages", "instructions", "system", "stream", "stream_options", "tools", "tool_choice"}
    | {"max_tokens", "max_output_tokens", "max_completion_tokens", "temperature", "store", "text", "include"}
    | {"parallel_tool_calls", "reasoning", "reasoning_effort", "prompt_cache_key", "response_format", "output_config"}
)
CONTEXT_BYTES = 20_000


def unknown_field(body: dict[str, Any], data: bytes) -> str:
    """Refuse a field of a closed list, as a gateway in Rust or Go does whose decoder knows its struct alone."""
    unknown = next((key for key in body if key not in KNOWN_FIELDS), None)
    return "" if unknown is None else f"{unknown}: unknown field"


def functions_only(body: dict[str, Any], data: bytes) -> str:
    """Refuse tools of other types, as a model server does that knows chat alone."""
    for position, tool in enumerate(body.get("tools") or ()):
        if tool.get("type", "function") != "function":
            return f"tools[{position}].type: 'type' of tool must be 'function'"
    return ""


def small_context(body: dict[str, Any], data: bytes) -> str:
    """Refuse what is larger than a small model's context."""
    return "the request exceeds the available context size" if len(data) > CONTEXT_BYTES else ""


@contextlib.asynccontextmanager
async def strict_gateway(upstream: str, refuse: Refuse) -> AsyncIterator[str]:
    """Serve in front of an upstream on a free loopback port while the block runs; yield the address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        data = await request.read()
        if data and (why := refuse(json.loads(data), data)):
            error = {"message": why, "type": "invalid_request_error", "param": None, "code": None}
            shaped = {"type": "error", "error": error} if request.path.endswith("/messages") else {"error": error}
            return web.json_response(shaped, status=400, headers={"x-request-id": "req-strict"})
        kept = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        async with session.request(
            request.method, upstream + request.path_qs, data=data or None, headers=kept, allow_redirects=False
        ) as answer:
            passed = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in ("transfer-encoding", "content-length", "connection")
            }
            response = web.StreamResponse(status=answer.status, headers=passed)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    application = web.Application(client_max_size=2**24)
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

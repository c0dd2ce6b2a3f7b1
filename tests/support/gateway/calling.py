"""Calling the embedded gateway, and reading its answers with the console's own readers."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import jsonschema
from support.errors.corpus import classified

from console.domain.errors.category import Category
from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer, error_in
from console.wire.json_value import decode
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseDecoder

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
FAMILIES = [R, M, C]


def headers_for(family: EndpointFamily) -> dict[str, str]:
    return {"anthropic-version": "2023-06-01"} if family is M else {}


def ask(family: EndpointFamily, model: str = "gpt-route-placeholder", **more: Any) -> dict[str, Any]:
    match family:
        case EndpointFamily.RESPONSES:
            return {"model": model, "input": "Reply with OK."} | more
        case EndpointFamily.ANTHROPIC_MESSAGES:
            messages = [{"role": "user", "content": "Reply with OK."}]
            return {"model": model, "max_tokens": 64, "messages": messages} | more
        case EndpointFamily.CHAT_COMPLETIONS:
            return {"model": model, "messages": [{"role": "user", "content": "Reply with OK."}]} | more


async def post(client: httpx.AsyncClient, family: EndpointFamily, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(family.standard_path, content=content, headers=headers_for(family) | headers)


def error_category(response: httpx.Response) -> Category:
    assert error_in(decode(response.content)) is not None
    content_type = response.headers["content-type"]
    return classified(response.status_code, response.content, content_type, headers=response.headers).category


def read(family: EndpointFamily, response: httpx.Response, expected: Expectation = NOTHING) -> tuple[Answer, str]:
    """Read an answer, streamed or not, as the console does; return it with its text."""
    wire = FAMILY_WIRES[family]
    if not response.headers["content-type"].startswith("text/event-stream"):
        answer = wire.read(response.json(), expected)
        return answer, answer.text
    reader = wire.open_stream(expected)
    text = "".join(delta.text for event in SseDecoder().feed(response.content) for delta in reader.feed(event))
    return reader.close(), text


def fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Return whether a value fits a JSON schema, by the word of the reference implementation."""
    return jsonschema.Draft202012Validator(schema).is_valid(value)


def expecting(schema: Mapping[str, Any]) -> Expectation:
    """Return the expectation of a text that fits a JSON schema."""
    return Expectation(accepts=lambda text: fits(decode(text), schema))


def tool_for(family: EndpointFamily, name: str, schema: object) -> dict[str, Any]:
    """Return a function as a family's requests name it among their tools."""
    match family:
        case EndpointFamily.RESPONSES:
            return {"type": "function", "name": name, "parameters": schema}
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return {"name": name, "input_schema": schema}
        case EndpointFamily.CHAT_COMPLETIONS:
            return {"type": "function", "function": {"name": name, "parameters": schema}}


def forced(family: EndpointFamily, name: str, schema: object) -> dict[str, Any]:
    """Return what of a request's body makes the model call a tool, as agents send it."""
    named = {R: {"type": "function", "name": name}, M: {"type": "tool", "name": name}}
    choice = named.get(family, {"type": "function", "function": {"name": name}})
    return {"tools": [tool_for(family, name, schema)], "tool_choice": choice}


def events_of(response: httpx.Response) -> list[dict[str, Any]]:
    """Return the decoded events of a stream."""
    return [json.loads(event.data) for event in SseDecoder().feed(response.content) if event.data != "[DONE]"]


def calls_in(family: EndpointFamily, response: httpx.Response) -> list[tuple[str, str]]:
    """Return the tool calls of an answer, streamed or not: their names and the JSON of their arguments."""
    if response.headers["content-type"].startswith("text/event-stream"):
        return _streamed_calls(family, events_of(response))
    body = response.json()
    match family:
        case EndpointFamily.RESPONSES:
            items = [item for item in body["output"] if item["type"] == "function_call"]
            return [(item["name"], item["arguments"]) for item in items]
        case EndpointFamily.ANTHROPIC_MESSAGES:
            blocks = [block for block in body["content"] if block["type"] == "tool_use"]
            return [(block["name"], json.dumps(block["input"], separators=(",", ":"))) for block in blocks]
        case EndpointFamily.CHAT_COMPLETIONS:
            calls = body["choices"][0]["message"].get("tool_calls", [])
            return [(call["function"]["name"], call["function"]["arguments"]) for call in calls]


def _streamed_calls(family: EndpointFamily, events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    match family:
        case EndpointFamily.RESPONSES:
            added = [event["item"] for event in events if event["type"] == "response.output_item.added"]
            pieces = [e["delta"] for e in events if e["type"] == "response.function_call_arguments.delta"]
            return [(item["name"], "".join(pieces)) for item in added if item["type"] == "function_call"]
        case EndpointFamily.ANTHROPIC_MESSAGES:
            blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
            deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
            arguments = "".join(delta.get("partial_json", "") for delta in deltas)
            return [(block["name"], arguments) for block in blocks if block["type"] == "tool_use"]
        case EndpointFamily.CHAT_COMPLETIONS:
            deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
            pieces = [call for delta in deltas for call in delta.get("tool_calls", [])]
            arguments = "".join(call["function"]["arguments"] for call in pieces)
            return [(call["function"]["name"], arguments) for call in pieces if "id" in call]

"""Envelopes that gateways put around another's error, and error shapes of families into which they translate it."""

import ast
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass

STATUS_TEXT = {400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found"}


@dataclass(frozen=True)
class Envelope:
    """How one gateway wraps what another one answered."""

    name: str
    wrap: Callable[[str, int], str]
    outer_status: int | None
    """The status that the wrapper answers with; None where it hands the inner one on."""
    names_status: bool = True
    """The inner status can still be seen."""
    content_type: str = "application/json"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _litellm(body: str, status: int) -> str:
    message = f"litellm.APIError: APIError: OpenAIException - {body}. Received Model Group=gpt-route"
    return _json({"error": {"message": message, "type": None, "param": None, "code": str(status)}})


def _openrouter(body: str, status: int) -> str:
    metadata = {"raw": body, "provider_name": "Provider"}
    return _json({"error": {"message": "Provider returned error", "code": status, "metadata": metadata}})


def _one_api(body: str, status: int) -> str:
    message = f"{body} (request id: 20260318060736567560333Ni8gnAqM)"
    error = {"message": message, "type": "upstream_error", "param": str(status), "code": "bad_response_status_code"}
    return _json({"error": error})


def _fastapi(body: str, status: int) -> str:
    return _json({"detail": f"{status}: {body}"})


def _anthropic(body: str, status: int) -> str:
    error = {"type": "api_error", "message": body}
    return _json({"type": "error", "error": error, "request_id": "req_011CSNEaED1kUhJjJRCJNmFb"})


def _provider(body: str, status: int) -> str:
    error = {"type": "provider_response_error", "message": f"Error from provider({status}): {body}"}
    return _json({"error": error})


def _bracketed(body: str, status: int) -> str:
    return _json({"error": {"message": f"[openai/gpt-route] [{status}]: {body} (reset after 30s)"}})


def _doubly_nested(body: str, status: int) -> str:
    inner = _json({"error": {"message": body, "code": status}})
    return _json({"error": {"message": _json({"detail": inner}), "type": "server_error", "code": None}})


def _sse_anthropic(body: str, status: int) -> str:
    return f"event: error\ndata: {_anthropic(body, status)}\n\n"


def _sse_openrouter(body: str, status: int) -> str:
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    chunk = {"id": "gen-1", "error": {"code": status, "message": body}, "choices": [choice]}
    return f": OPENROUTER PROCESSING\n\ndata: {_json(chunk)}\n\ndata: [DONE]\n\n"


def _python_repr(body: str, status: int) -> str:
    value: object = body
    with contextlib.suppress(ValueError):
        value = json.loads(body)
    assert ast.literal_eval(repr(value)) == value
    return f"Error code: {status} - {value!r}"


def _fastify(body: str, status: int) -> str:
    return _json({"statusCode": status, "error": STATUS_TEXT.get(status, "Error"), "message": body})


def _client(body: str, status: int) -> str:
    return f"unexpected status {status}: {body}, url: https://gateway.example, request id: 9f1c"


ENVELOPES = (
    Envelope("LiteLLM text prefix", _litellm, None),
    Envelope("LiteLLM text prefix with 500", _litellm, 500),
    Envelope("OpenRouter metadata.raw", _openrouter, None),
    Envelope("OpenRouter metadata.raw in 200", _openrouter, 200),
    Envelope("one-api upstream_error with param", _one_api, None),
    Envelope("one-api upstream_error with 500", _one_api, 500),
    Envelope("FastAPI detail", _fastapi, 500),
    Envelope("Anthropic api_error", _anthropic, None),
    Envelope("Anthropic api_error with 500", _anthropic, 500, names_status=False),
    Envelope("Error from provider", _provider, 400),
    Envelope("provider and status in brackets", _bracketed, 503),
    Envelope("twice nested JSON", _doubly_nested, 502),
    Envelope("SSE error event", _sse_anthropic, 200, False, "text/event-stream"),
    Envelope("SSE chunk with an error", _sse_openrouter, 200, True, "text/event-stream"),
    Envelope("Python dict repr", _python_repr, 500, True, "text/plain"),
    Envelope("Fastify", _fastify, None),
    Envelope("text of a client", _client, None, True, "text/plain"),
)


@dataclass(frozen=True)
class Said:
    """What an error says, without its envelope."""

    code: str
    kind: str
    message: str


def said_in(body: str) -> Said:
    """Return the code, type and message of a body, as a gateway that translates errors finds them."""
    try:
        value = json.loads(body)
    except ValueError:
        return Said("", "", body)
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict) and isinstance(value.get("response"), dict):
        value = value["response"]
    inner = value.get("error") if isinstance(value, dict) else None
    error = inner if isinstance(inner, dict) else value
    if not isinstance(error, dict):
        return Said("", "", str(error))
    message = next((error[key] for key in ("message", "msg", "detail") if isinstance(error.get(key), str)), None)
    if message is None or set(error) - {"message", "type", "code", "param", "request_id"}:
        message = _json(error)  # nothing that a gateway does not know is lost
    code, kind = (str(error[key]) if isinstance(error.get(key), str | int) else "" for key in ("code", "type"))
    return Said(code, "" if kind == "error" else kind, message)


_ANTHROPIC_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Shape:
    """How one family words an error."""

    name: str
    translate: Callable[[Said, int], str]
    outer_status: int | None
    keeps_words: bool = True
    """The code word is still there."""
    content_type: str = "application/json"


def _to_anthropic(said: Said, status: int) -> str:
    return _json({"type": "error", "error": {"type": said.kind or said.code or "api_error", "message": said.message}})


def _to_anthropic_with_code(said: Said, status: int) -> str:
    return _json({"type": "error", "error": {"type": said.code or said.kind or "api_error", "message": said.message}})


def _to_generic_anthropic(said: Said, status: int) -> str:
    kind = _ANTHROPIC_KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return _json({"type": "error", "error": {"type": kind, "message": said.message}})


def _to_openai(said: Said, status: int) -> str:
    error = {"message": said.message, "type": said.kind or None, "param": None, "code": said.code or None}
    return _json({"error": error})


def _to_response_failed(said: Said, status: int) -> str:
    error = {"code": said.code or said.kind or "server_error", "message": said.message}
    response = {"id": "resp_1", "object": "response", "status": "failed", "error": error, "output": []}
    return _json({"type": "response.failed", "sequence_number": 3, "response": response})


def _to_flat_event(said: Said, status: int) -> str:
    words = {"code": said.code or said.kind or None, "message": said.message, "param": None}
    return _json({"type": "error", **words, "sequence_number": 2})


SHAPES = (
    Shape("Anthropic with the type", _to_anthropic, None, keeps_words=False),
    Shape("Anthropic with the code as type", _to_anthropic_with_code, None),
    Shape("Anthropic with a generic type", _to_generic_anthropic, None, keeps_words=False),
    Shape("OpenAI", _to_openai, None),
    Shape("response.failed", _to_response_failed, 200, True, "text/event-stream"),
    Shape("flat error event", _to_flat_event, 200, True, "text/event-stream"),
)

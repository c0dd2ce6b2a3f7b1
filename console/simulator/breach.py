"""Breaches: how the embedded gateway breaks a row of Claude Code's gateway contract, if it is started so.

Each is what a gateway in use does: a closed list of fields or betas, an envelope of its own, a list behind a redirect.
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from aiohttp import web

from console.simulator.dialect import RequestError

_BETA = re.compile(r"[a-z][a-z0-9-]*-20\d\d-?\d\d-?\d\d")
"""The form of a beta that exists: it names its day."""
_ALLOWED_BETAS = frozenset({"claude-code-20250219", "interleaved-thinking-2025-05-14", "context-management-2025-06-27"})
_ALLOWED_FIELDS = frozenset(
    {"model", "messages", "system", "max_tokens", "stream", "temperature", "tools", "tool_choice", "metadata"}
)
_KNOWN_HEADERS = frozenset({"x-claude-code-session-id", "x-claude-code-agent-id", "x-claude-code-parent-agent-id"})
_SMALL = 20_000


class Breach(StrEnum):
    """One way to break the contract."""

    COUNT_FAILS = "count-fails"
    """Counting tokens ends with a 500 (AGT-01)."""
    NO_QUERY = "no-query"
    """A path with a query does not exist (AGT-02)."""
    CLOSED_FIELDS = "closed-fields"
    """A field of the body that is not known is refused (AGT-03)."""
    CLOSED_HEADERS = "closed-headers"
    """A header that is not known is refused (AGT-03)."""
    CLOSED_BETAS = "closed-betas"
    """A beta that is not known is refused (AGT-04)."""
    DROPPED_BETAS = "dropped-betas"
    """`anthropic-beta` is dropped, and the fields that it allows are passed on (AGT-04)."""
    PLAIN_ROLES = "plain-roles"
    """A message of another role than user and assistant is refused (AGT-05)."""
    OWN_ENVELOPE = "own-envelope"
    """Errors come in an envelope of the gateway's own (AGT-06)."""
    MODELS_REDIRECTED = "models-redirected"
    """The list of models is behind a redirect (AGT-07)."""
    MODELS_SHAPELESS = "models-shapeless"
    """The list of models is not one (AGT-07)."""
    COLLECTED = "collected"
    """A stream is collected, and sent at its end (AGT-08)."""
    OTHER_TYPES = "other-types"
    """Errors have types that do not belong to their statuses (AGT-09)."""
    OWN_LIMITS = "own-limits"
    """The upstream's rate limits are passed on (AGT-10)."""
    SMALL = "small"
    """A body of more than 20 kB is refused (AGT-14)."""


async def break_contract(breaches: Collection[Breach], request: web.Request) -> web.Response | None:
    """Return an answer that breaks the contract in place of the right one, or None.

    Raises:
        RequestError: A refusal breaks it.

    """
    if request.method == "GET" and request.path.endswith("/models"):
        return _listed(breaches)
    if "/messages" not in request.path:
        return None
    if request.path.endswith("/count_tokens"):
        if Breach.COUNT_FAILS in breaches:
            raise RequestError(500, "api_error", "Internal server error")
        return None
    if Breach.NO_QUERY in breaches and request.query_string:
        raise RequestError(404, "not_found_error", "Not found")
    _break_headers(breaches, request.headers)
    data = await request.read()
    if Breach.SMALL in breaches and len(data) > _SMALL:
        raise RequestError(413, "request_too_large", "Request exceeds the maximum size")
    return None


def _listed(breaches: Collection[Breach]) -> web.Response | None:
    if Breach.MODELS_REDIRECTED in breaches:
        return web.Response(status=302, headers={"location": "/login"})
    return web.json_response({"models": []}) if Breach.MODELS_SHAPELESS in breaches else None


def _break_headers(breaches: Collection[Breach], headers: Mapping[str, str]) -> None:
    if Breach.CLOSED_HEADERS in breaches:
        for name in map(str.lower, headers):
            if name.startswith("x-claude-code-") and name not in _KNOWN_HEADERS:
                raise RequestError(400, "invalid_request_error", f"header {name} is not allowed")
    if Breach.CLOSED_BETAS in breaches:
        for beta in betas_in(headers):
            if beta not in _ALLOWED_BETAS:
                raise RequestError(400, "invalid_request_error", f"anthropic-beta: {beta} is not supported")


def break_body(breaches: Collection[Breach], body: Mapping[str, Any]) -> None:
    """Refuse a Messages body for what the contract lets it have. Raises `RequestError`."""
    if Breach.CLOSED_FIELDS in breaches:
        for name in body:
            if name not in _ALLOWED_FIELDS:
                raise RequestError(400, "invalid_request_error", f"{name}: unknown field")
    if Breach.DROPPED_BETAS in breaches and "context_management" in body:
        raise RequestError(400, "invalid_request_error", "context_management: Extra inputs are not permitted")
    messages = body.get("messages")
    if Breach.PLAIN_ROLES in breaches and isinstance(messages, list):
        for position, message in enumerate(messages):
            if isinstance(message, dict) and message.get("role") not in ("user", "assistant"):
                words = f"messages.{position}.role: Input should be 'user' or 'assistant'"
                raise RequestError(400, "invalid_request_error", words)


def broken_error(breaches: Collection[Breach], error: dict[str, Any]) -> dict[str, Any]:
    """Return the body of an error as a gateway sends it that breaks the contract."""
    if Breach.OWN_ENVELOPE in breaches:
        return {"detail": error}
    if Breach.OTHER_TYPES in breaches and isinstance(error.get("error"), dict):
        return {**error, "error": {**error["error"], "type": "gateway_error"}}
    return error


def broken_head(breaches: Collection[Breach]) -> Mapping[str, str]:
    """Return the headers of an answer that break the contract."""
    return {"anthropic-ratelimit-requests-remaining": "9"} if Breach.OWN_LIMITS in breaches else {}


def require_betas(breaches: Collection[Breach], headers: Mapping[str, str]) -> None:
    """Refuse a beta that does not exist, as Anthropic's API does. Raises `RequestError`."""
    for beta in betas_in(headers) if Breach.DROPPED_BETAS not in breaches else ():
        if _BETA.fullmatch(beta) is None:
            words = f"Unexpected value(s) `{beta}` for the `anthropic-beta` header."
            raise RequestError(400, "invalid_request_error", words)


def betas_in(headers: Mapping[str, str]) -> list[str]:
    """Return the betas that a request names."""
    return [each.strip() for each in headers.get("anthropic-beta", "").split(",") if each.strip()]

"""A relay's refusal in the called family's own error shape, so that each client reads it as it reads its vendor's.

No refusal is to be asked again. `x-should-retry` is what the official SDKs go by; agents go by the status. OpenCode
1.18 asks again after a 429 without end, and Codex 0.171 up to five times after each status but 400 and 429. So a
used-up budget is a 400 with the type `insufficient_quota` or `billing_error`, and the Responses family, which Codex
speaks, has no status but 400 and 401.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.errors.category import Category, Classification
from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.routes.family import EndpointFamily
from console.wire.json_value import encode


@dataclass(frozen=True, slots=True)
class RefusalAnswer:
    """What is sent to the client."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Form:
    status: int
    openai_type: str
    openai_code: str
    anthropic_type: str


_FINAL = 400
"""The status that every client takes for final."""
_NO_KEY = 401
_FORMS = {
    RefusedFor.CLIENT: _Form(401, "invalid_request_error", "invalid_api_key", "authentication_error"),
    RefusedFor.CUT_OFF: _Form(403, "invalid_request_error", "cut_off", "permission_error"),
    RefusedFor.PATH: _Form(404, "invalid_request_error", "unknown_url", "not_found_error"),
    RefusedFor.BODY: _Form(400, "invalid_request_error", "invalid_body", "invalid_request_error"),
    RefusedFor.SIZE: _Form(413, "invalid_request_error", "request_too_large", "request_too_large"),
    RefusedFor.MODEL: _Form(404, "invalid_request_error", "model_not_found", "not_found_error"),
    RefusedFor.FAMILY: _Form(400, "invalid_request_error", "endpoint_drift", "invalid_request_error"),
    RefusedFor.DETOUR: _Form(400, "invalid_request_error", "unsupported_parameter", "invalid_request_error"),
    RefusedFor.DRIFT: _Form(400, "invalid_request_error", "endpoint_drift", "invalid_request_error"),
    RefusedFor.SECRET: _Form(400, "invalid_request_error", "secret_in_prompt", "invalid_request_error"),
    RefusedFor.BUDGET: _Form(_FINAL, "insufficient_quota", "insufficient_quota", "billing_error"),
    RefusedFor.CALLS: _Form(_FINAL, "insufficient_quota", "insufficient_quota", "billing_error"),
    RefusedFor.BREAKER: _Form(403, "invalid_request_error", "route_refused", "permission_error"),
}


def refusal_answer(family: EndpointFamily, refusal: RelayRefusal, request_id: str) -> RefusalAnswer:
    """Return a refusal as a client of a family expects it."""
    form = _FORMS[refusal.reason]
    message = f"gateway-console: {refusal.message}"
    body: Mapping[str, object]
    if family is EndpointFamily.ANTHROPIC_MESSAGES:
        error = {"type": form.anthropic_type, "message": message}
        body = {"type": "error", "error": error, "request_id": request_id}
    else:
        body = {"error": {"message": message, "type": form.openai_type, "param": None, "code": form.openai_code}}
    headers = {
        "content-type": "application/json",
        "x-should-retry": "false",
        "request-id": request_id,
        "x-request-id": request_id,
    }
    is_final = family is EndpointFamily.RESPONSES and form.status != _NO_KEY
    return RefusalAnswer(_FINAL if is_final else form.status, headers, encode(body))


_GATEWAY_TIMEOUT, _BAD_GATEWAY = 504, 502


def failure_answer(family: EndpointFamily, found: Classification, request_id: str) -> RefusalAnswer:
    """Return what a client is told of a call that got no answer: an outage, which the client may ask again."""
    status = _GATEWAY_TIMEOUT if found.category is Category.TIMEOUT else _BAD_GATEWAY
    message = f"gateway-console: {found.evidence}. {found.action}"
    body: Mapping[str, object]
    if family is EndpointFamily.ANTHROPIC_MESSAGES:
        body = {"type": "error", "error": {"type": "api_error", "message": message}, "request_id": request_id}
    else:
        body = {"error": {"message": message, "type": "server_error", "param": None, "code": found.category.value}}
    may_pass = found.category.passes_by_waiting
    headers = {"content-type": "application/json", "request-id": request_id, "x-request-id": request_id}
    return RefusalAnswer(status, headers if may_pass else {**headers, "x-should-retry": "false"}, encode(body))

"""The body of a request to the embedded gateway: JSON that can be read and answered, or a refusal."""

import json
import math
from typing import Any

from aiohttp import web

from console.simulator.dialect import RequestError

_DEPTH_LIMIT = 64
"""How deeply a body may be nested."""


async def read_body(request: web.Request) -> dict[str, Any]:
    """Return a request's body. Raises `RequestError`."""
    try:
        body = json.loads(await request.read(), parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise RequestError(400, "invalid_request_error", "We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise RequestError(400, "invalid_request_error", "The body of a request is a JSON object.")
    if _is_deeper(body, _DEPTH_LIMIT):
        raise RequestError(400, "invalid_request_error", "The body of the request is nested too deeply.")
    return body


def _finite(text: str) -> float:
    """Return a number of a body; JSON has no infinite one, so none may appear in an answer."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _is_deeper(body: object, limit: int) -> bool:
    """Return whether a decoded body is nested more deeply than a limit."""
    level = [body]
    for _ in range(limit):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)

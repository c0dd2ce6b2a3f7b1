"""The head of an answer: what its status and headers say, judged. No IO; never raises."""

import re
from collections.abc import Mapping

from console.domain.assertion import found
from console.domain.contract import Finding

REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-oneapi-request-id",
    "x-cometapi-request-id",
    "x-litellm-call-id",
)
"""The headers that name a request id, the first one there decides."""
_RATE_LIMIT = re.compile(r"(?:x-ratelimit|anthropic-ratelimit-[a-z-]+|x-ratelimit-[a-z-]+)-(limit|remaining|reset)\b")
_COUNT = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?")
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d)){1,6}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_USER_ACTION = ("insufficient_quota", "billing", "spend_limit", "quota")
_LONGEST_WAIT_S = 3_600


def check_rate_limits(headers: Mapping[str, str]) -> list[Finding]:
    """Return a finding where a rate-limit header holds neither a count nor a time."""
    for name, value in headers.items():
        kind = _RATE_LIMIT.match(name.lower())
        if kind is None:
            continue
        forms = (_COUNT, _DURATION, _MOMENT) if kind[1] == "reset" else (_COUNT,)
        if not any(form.fullmatch(value.strip()) for form in forms):
            return [found("COM-H-02", "unreadable")]
    return []


def check_retry_after(status: int, headers: Mapping[str, str], code: str) -> list[Finding]:
    """Return a finding where a refusal for too many requests does not say when to come back.

    Args:
        status: The answer's status.
        headers: Its headers, case-insensitive.
        code: The code or type of its error: one that asks for an action of the user needs no time.

    """
    if status != 429:
        return []
    value = headers.get("retry-after")
    if value is not None:
        return [] if _is_soon(value.strip()) else [found("COM-H-03", "unreadable")]
    if "llm_provider-retry-after" in headers:
        return [found("COM-H-03", "renamed")]
    needs_action = any(word in code for word in _USER_ACTION)
    return [] if needs_action else [found("COM-H-03", "missing")]


def _is_soon(value: str) -> bool:
    if _HTTP_DATE.fullmatch(value):
        return True
    return _COUNT.fullmatch(value) is not None and 0 < float(value) <= _LONGEST_WAIT_S

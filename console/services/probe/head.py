"""The head of an answer and the end of its call, judged: status, headers, time. No IO; never raises."""

import re
from collections.abc import Mapping

from console.domain.assertion import found
from console.domain.category import Category
from console.domain.contract import Finding
from console.domain.secret import Secret
from console.services.probe.call import Started
from console.services.probe.failure import CallError
from console.wire.answer import error_in
from console.wire.value import decode

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


def check_retry_after(started: Started, body: bytes) -> list[Finding]:
    """Return a finding where a refusal for too many requests does not say when to come back.

    One whose error asks for an action of the user needs no time.
    """
    if started.status != 429:
        return []
    value = started.headers.get("retry-after")
    if value is not None:
        return [] if _is_soon(value.strip()) else [found("COM-H-03", "unreadable")]
    if "llm_provider-retry-after" in started.headers:
        return [found("COM-H-03", "renamed")]
    error = error_in(decode(body))
    words = "" if error is None else f"{error.code} {error.kind}"
    return [] if any(word in words for word in _USER_ACTION) else [found("COM-H-03", "missing")]


def check_type(started: Started, *, is_stream: bool) -> list[Finding]:
    """Return a finding where the answer is a web page, or no stream although one was asked for."""
    if started.content_type in ("text/html", "application/xhtml+xml"):
        return [found("COM-T-03", "html")]
    if started.status < 300 and not is_stream:
        is_json = started.content_type == "application/json"
        return [found("COM-T-04", "single_body") if is_json else found("COM-T-03", "no_stream_type")]
    return []


def check_echo(started: Started, body: bytes, secret: Secret) -> list[Finding]:
    """Return the findings on an answer that repeats the token where no output belongs."""
    findings = []
    if any(secret.is_in(value) for value in started.headers.values()):
        findings.append(found("COM-E-02", "in_head"))
    if secret.is_in(body.decode("utf-8", "replace")):
        findings.append(found("COM-E-02", "in_error"))
    return findings


def check_end(failure: CallError | None, *, requests: int, is_complete: bool, has_open_end: bool) -> list[Finding]:
    """Return the findings on the call as such: its requests, its time and its end."""
    findings = []
    if requests > 1:
        findings.append(found("COM-T-06", "repeated"))
    if failure is not None and failure.http_status is not None and 300 <= failure.http_status < 400:
        findings.append(found("COM-T-01", "redirected"))
    if failure is not None and failure.classification.category is Category.TIMEOUT and not is_complete:
        findings.append(found("COM-T-02", "late"))
    if has_open_end and is_complete:
        findings.append(found("COM-T-05", "open_end"))
    return findings


def _is_soon(value: str) -> bool:
    if _HTTP_DATE.fullmatch(value):
        return True
    return _COUNT.fullmatch(value) is not None and 0 < float(value) <= _LONGEST_WAIT_S

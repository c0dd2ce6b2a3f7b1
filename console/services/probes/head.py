"""The head of an answer: checks its status and headers. No IO; never raises."""

import re
from collections.abc import Mapping

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.routes.family import EndpointFamily
from console.domain.text.closed_name import REQUEST_ID
from console.services.gateway.call import Started
from console.services.probes.intake import EVENT_STREAM
from console.services.probes.mask import Mask
from console.wire.json_value import decode
from console.wire.judge.error_body import check_error_body

REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-oneapi-request-id",
    "x-cometapi-request-id",
    "x-litellm-call-id",
)
"""The headers that name a request id; the first one present decides."""
_RATE_LIMIT = re.compile(r"(?:x-ratelimit|anthropic-ratelimit-[a-z-]+|x-ratelimit-[a-z-]+)-(limit|remaining|reset)\b")
_COUNT = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?")
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d)){1,6}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_LONGEST_WAIT_S = 3_600
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PAGE = re.compile(rb"<!doctype html|<html|<head")
_PROXY_STATUSES = frozenset({408, 413, 414, 425, 429, 431})
"""Refusals below 500 that a proxy makes for reasons of its own; a page under another one may be a web site's."""


def check_head(
    started: Started,
    family: EndpointFamily,
    body: bytes,
    reading: Classification | None,
    mask: Mask,
    *,
    is_stream: bool,
    wants_stream: bool = True,
) -> list[Finding]:
    """Return the findings on an answer's head, and on a refusal's body.

    Args:
        started: Status and headers.
        family: The family that was called.
        body: The body's beginning if it was not a stream of events; for a stream, the error in it.
        reading: The refusal's classification; None if the call was not refused.
        mask: Recognises the token.
        is_stream: Whether the answer was read as a stream of events.
        wants_stream: Whether the request asked for one.

    """
    findings: list[Finding] = []
    if started.content_type in _PAGE_TYPES or is_page(body):
        is_of_proxy = started.status >= 500 or started.status in _PROXY_STATUSES
        findings.append(finding_of("COM-T-03", "error_page" if is_of_proxy else "html"))
    elif started.status < 300:
        findings += _check_type(started.content_type, body, is_stream=is_stream, wants_stream=wants_stream)
    elif started.status >= 400 and not is_stream:
        findings += check_error_body(family, body)
    if request_id(started, mask) is None:
        findings.append(finding_of("COM-H-01", "missing"))
    findings += check_rate_limits(started.headers)
    if reading is None or reading.category is not Category.ACCOUNT_QUOTA:
        findings += check_retry_after(started.status, started.headers)
    if any(mask.is_hit(value) for value in started.headers.values()):
        findings.append(finding_of("COM-E-02", "in_head"))
    if mask.is_hit(body.decode("utf-8", "replace")):
        findings.append(finding_of("COM-E-02", "in_error"))
    return findings


def is_page(body: bytes) -> bool:
    """Return whether a body begins as a web page, whatever its label."""
    return _PAGE.match(body[:256].lstrip().lower()) is not None


def _check_type(content_type: str, body: bytes, *, is_stream: bool, wants_stream: bool) -> list[Finding]:
    """Return the findings on the label of a successful answer that is not a web page."""
    is_labelled = content_type == EVENT_STREAM
    if is_stream:
        return [] if is_labelled else [finding_of("COM-T-03", "no_stream_type")]
    if is_labelled:
        is_json = decode(body) is not None
        return [finding_of("COM-T-04", "mislabelled") if is_json else finding_of("COM-T-03", "no_events")]
    is_json = content_type == "application/json"
    if is_json and not wants_stream:
        return []
    return [finding_of("COM-T-04", "single_body") if is_json else finding_of("COM-T-03", "no_stream_type")]


def request_id(started: Started, mask: Mask) -> str | None:
    """Return the request id that an answer names, if it has the form of an id."""
    names = (started.headers[name] for name in REQUEST_ID_HEADERS if name in started.headers)
    return mask.closed(next(names, None), REQUEST_ID)


def check_rate_limits(headers: Mapping[str, str]) -> list[Finding]:
    """Return a finding if a rate-limit header holds neither a count nor a time."""
    for name, value in headers.items():
        kind = _RATE_LIMIT.match(name.lower())
        if kind is None:
            continue
        forms = (_COUNT, _DURATION, _MOMENT) if kind[1] == "reset" else (_COUNT,)
        if not any(form.fullmatch(value.strip()) for form in forms):
            return [finding_of("COM-H-02", "unreadable")]
    return []


def check_retry_after(status: int, headers: Mapping[str, str]) -> list[Finding]:
    """Return a finding if a refusal for too many requests does not say when to retry."""
    if status != 429:
        return []
    value = headers.get("retry-after")
    if value is not None:
        return [] if _is_soon(value.strip()) else [finding_of("COM-H-03", "unreadable")]
    return [finding_of("COM-H-03", "renamed" if "llm_provider-retry-after" in headers else "missing")]


def _is_soon(value: str) -> bool:
    if _HTTP_DATE.fullmatch(value):
        return True
    return _COUNT.fullmatch(value) is not None and 0 < float(value) <= _LONGEST_WAIT_S

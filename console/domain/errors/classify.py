"""Classification of a refused call: rules in order of weight, then what was sent, then the status."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.domain.errors.body import ErrorBody
from console.domain.errors.category import Category, Classification, Confidence, judged
from console.domain.errors.retry_after import wait_in
from console.domain.errors.rule import ErrorRule, error_rules, first_by_word
from console.domain.routes.family import EndpointFamily, family_of_path

_STATUSES: dict[int, tuple[Category, tuple[Category, ...]]] = {
    400: (Category.INVALID_REQUEST, ()),
    401: (Category.ACCOUNT_AUTH, (Category.ACCOUNT_PERMISSION, Category.ACCOUNT_QUOTA)),
    402: (Category.ACCOUNT_QUOTA, ()),
    403: (Category.ACCOUNT_PERMISSION, (Category.ACCOUNT_AUTH, Category.ACCOUNT_QUOTA)),
    404: (Category.ROUTE_MISSING, (Category.ENDPOINT_DRIFT,)),
    405: (Category.ROUTE_MISSING, (Category.ENDPOINT_DRIFT,)),
    408: (Category.TIMEOUT, ()),
    429: (Category.RATE_LIMIT, (Category.ACCOUNT_QUOTA,)),
    446: (Category.CONTENT_POLICY, ()),  # Portkey's own status for a guardrail
    451: (Category.CONTENT_POLICY, (Category.ACCOUNT_PERMISSION,)),
    501: (Category.ENDPOINT_DRIFT, (Category.ROUTE_MISSING,)),
    503: (Category.UPSTREAM_UNAVAILABLE, (Category.ROUTE_MISSING,)),
    504: (Category.TIMEOUT, ()),
    522: (Category.UPSTREAM_UNAVAILABLE, (Category.TIMEOUT,)),
    524: (Category.TIMEOUT, ()),
}
"""The meaning of a status without a deciding word, and its other meanings in the errors of real gateways."""

_NO_SUCH_PATH = (
    "not found",
    "not_found",
    "invalid url",
    "cannot post",
    "no route",
    "unknown path",
    "unknown url",
    "no such path",
    "unhandled path",
    "method not allowed",
    "unexpected endpoint",
    "404",
)


_PASSING = frozenset({Category.RATE_LIMIT, Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT})
_SLOW_S = 55.0
"""Gateways hide a timeout behind "request failed"; their shortest observed time limit is a minute."""

_URL_PATH = re.compile(r"https?://[^\s/'\"]{1,200}(/[^\s'\"),]{1,200})")
_NAMED_PATH = re.compile(r"(?:get|post|put) (/\S{1,200}?)[)\s'\",]")
_MISROUTED_FIELD = re.compile(
    r"(?:field |parameter |property |argument )?:? ?'?(messages|input)'?(?: field| parameter)?"
    r" (?:is|are) (?:a )?(?:required|missing|empty)"
    r"|missing (?:required )?(?:parameter|field|property|argument):? '?(messages|input)'?"
)


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A refused call, with everything that may contain the reason."""

    status: int | None
    """The HTTP status; 200 for an error inside a stream, None if unknown."""
    headers: Mapping[str, str]
    """The answer's headers, which may ask for a wait."""
    body: ErrorBody
    """The answer's body, or the error event of a stream."""
    family: EndpointFamily | None = None
    """The endpoint family that was called."""
    path: str | None = None
    """The path that was called."""
    elapsed_s: float | None = None
    """Seconds from the start of the call until the refusal."""


def classify(call: RefusedCall) -> Classification:
    """Return why a call was refused, where the cause is and what to do. Pure and total: never raises.

    Evidence counts in this order: the error's own code words and sentences, innermost first; what was sent; and last
    the status, because a status alone is right for only half of the errors of real gateways.
    """
    status, body = call.status or None, call.body
    effective = _effective(status, body)
    said = _by_strong_words(body, effective)
    found = (
        said
        or _by_what_was_sent(body, effective, call.family, call.path)
        or _by_usual_words(body, effective)
        or _by_named_path(body, effective)
        or _by_hints(body, effective)
        or _by_missing_path(body, effective, call.family, call.path)
        or _by_generic_words(body, effective)
        or _by_status(body, status, effective)
    )
    is_told = said is not None and found.category is not Category.UPSTREAM_UNAVAILABLE
    if body.is_cut and found.category in _PASSING and not is_told:
        found = _cut(found.category, effective)
    elif found.category is Category.UPSTREAM_UNAVAILABLE and said is None:
        found = _by_words_apart(body, found)
    if found.category is Category.UPSTREAM_UNAVAILABLE and (call.elapsed_s or 0.0) >= _SLOW_S:
        found = replace(found, confidence=Confidence.UNDECIDABLE, other_readings=(Category.TIMEOUT,))
    return replace(found, retry_after_s=wait_in(call.headers, body))


def _effective(status: int | None, body: ErrorBody) -> int | None:
    """Return the effective status: the one in the body, if the outer one belongs to a wrapper."""
    inner = body.inner_status
    if inner is None:
        return status
    return inner if status is None or status < 300 or status in (400, 500, 502, 503) else status


def _by_strong_words(body: ErrorBody, status: int | None) -> Classification | None:
    for rule in error_rules().strong:
        field = rule.holds(body, status or 0)
        if field is not None:
            return _said(rule, field)
    return None


def _by_usual_words(body: ErrorBody, status: int | None) -> Classification | None:
    found = first_by_word(error_rules().usual, body.words, status)
    return None if found is None else _said(*found)


def _by_hints(body: ErrorBody, status: int | None) -> Classification | None:
    if status == 402:
        return _by_status(body, status, status)
    for rule in error_rules().hints:
        field = rule.holds(body, status or 0)
        if field is not None:
            return _said(rule, field)
    return None


def _by_generic_words(body: ErrorBody, status: int | None) -> Classification | None:
    found = first_by_word(error_rules().generic, body.words, status or 0)
    return None if found is None else _said(*found)


def _said(rule: ErrorRule, field: str) -> Classification:
    found = judged(rule.category, f"the error says that {rule.reason} ({field})")
    return replace(
        found,
        confidence=rule.confidence,
        other_readings=rule.other_readings,
        rule=rule.rule_id,
        source=rule.source,
        can_pass_later=found.can_pass_later if rule.can_pass_later is None else rule.can_pass_later,
    )


def _by_what_was_sent(
    body: ErrorBody, status: int | None, family: EndpointFamily | None, path: str | None
) -> Classification | None:
    """Detect an error that asks for another family's field: the gateway forwarded the call to that family."""
    match = _MISROUTED_FIELD.search(body.prose[:4096])
    if match is None or status in (401, 402, 403, 429):
        return None
    asked = match.group(1) or match.group(2)
    own = "input" if _is_responses(family, path) else "messages"
    if asked == own or (family is None and path is None):
        return None
    found = judged(Category.ENDPOINT_DRIFT, f"the error asks for '{asked}', a field of a different family (message)")
    return replace(
        found, confidence=Confidence.LIKELY, other_readings=(Category.INVALID_REQUEST,), rule="foreign-field"
    )


def _is_responses(family: EndpointFamily | None, path: str | None) -> bool:
    return family == EndpointFamily.RESPONSES or (path is not None and path.rstrip("/").endswith("/responses"))


def _by_words_apart(body: ErrorBody, found: Classification) -> Classification:
    """Doubt an outage that rests on a generic word or the status alone if the error also has account words.

    Gateways wrap an account's refusal in a failure of their own. Repeating such a call is the worst reaction.
    """
    for rule in error_rules().hints:
        if rule.holds_apart and not body.is_html and (field := rule.met(body)) is not None:
            doubt = _said(rule, field)
            return replace(doubt, confidence=Confidence.UNDECIDABLE, other_readings=(found.category,))
    return found


def _by_named_path(body: ErrorBody, status: int | None) -> Classification | None:
    """Judge a refusal that names the missing path."""
    head = body.prose[:2048]
    if not _misses_path(head, status):
        return None
    named = _NAMED_PATH.search(f"{head} ")
    return None if named is None else _missing_path(_is_whole_family(named.group(1)), "the path that the error names")


def _by_missing_path(
    body: ErrorBody, status: int | None, family: EndpointFamily | None, path: str | None
) -> Classification | None:
    """Judge a path that the gateway does not have: its whole family is missing, or the URL is wrong."""
    head = body.prose[:2048]
    if not _misses_path(head, status):
        return None
    if status == 405 and body.is_html:
        found = judged(Category.ACCOUNT_PERMISSION, "HTTP status 405 with a web page: a firewall's block page")
        others = (Category.ROUTE_MISSING, Category.CONTRACT_VIOLATION)
        return replace(found, confidence=Confidence.UNDECIDABLE, other_readings=others, rule="block-page")
    named = _URL_PATH.search(head)
    if named is not None:
        return _missing_path(_is_whole_family(named.group(1)), "the path that the error names")
    if path is not None or family is not None:
        return _missing_path(_is_own_family(family, path), "the path that was called")
    return None if status in _STATUSES and status != 400 else _missing_path(False, "what was called")


def _misses_path(head: str, status: int | None) -> bool:
    """Return whether a refusal is about a path, by its status or its words."""
    if status in (404, 405, 501):
        return True
    return status in (None, 200, 400, 500, 502, 503) and any(words in head for words in _NO_SUCH_PATH)


def _missing_path(is_family: bool, where: str) -> Classification:
    category, other = (
        (Category.ENDPOINT_DRIFT, Category.ROUTE_MISSING)
        if is_family
        else (Category.ROUTE_MISSING, Category.ENDPOINT_DRIFT)
    )
    why = "is a whole endpoint family that the gateway does not have" if is_family else "does not exist on the gateway"
    return replace(
        judged(category, f"{where} {why}"), confidence=Confidence.LIKELY, other_readings=(other,), rule="missing-path"
    )


def _is_own_family(family: EndpointFamily | None, path: str | None) -> bool:
    """Return whether a missing path means a missing family; every gateway has chat, so for chat the URL is wrong."""
    if path is not None and not _is_whole_family(path):
        return False
    named = family if path is None else family_of_path(path)
    return named != EndpointFamily.CHAT_COMPLETIONS


def _is_whole_family(path: str) -> bool:
    """Return whether gateways serve a family on a path; a mistyped one such as `/v1/v1/responses` does not count."""
    steps = [step for step in path.rstrip("/.").split("/") if step]
    family = family_of_path("/" + "/".join(steps))
    if family is None or len(set(steps)) < len(steps):
        return False
    return family is not EndpointFamily.CHAT_COMPLETIONS or "v1" in steps


def _cut(category: Category, status: int | None) -> Classification:
    """Judge a body that ended before any sentence decided.

    The missing part may have named an account error, so the result never says that the call may pass later.
    """
    found = judged(
        Category.CONTRACT_VIOLATION,
        f"the error's body ended before it said why (HTTP status {status or 'unknown'})",
        action="Look the request id up in the gateway's log: the error's text was cut before its reason.",
    )
    others = (category, Category.ACCOUNT_QUOTA, Category.ROUTE_MISSING)
    return replace(found, confidence=Confidence.UNDECIDABLE, rule="cut-body", other_readings=others)


def _by_status(body: ErrorBody, status: int | None, effective: int | None) -> Classification:
    if status is not None and status < 300 and effective == status:
        what = "a web page" if body.is_html else "an answer of no known shape"
        return replace(judged(Category.CONTRACT_VIOLATION, f"HTTP status {status} with {what}"), rule="no-error")
    if effective is not None and 300 <= effective < 400:
        return replace(
            judged(Category.CONTRACT_VIOLATION, f"HTTP status {effective}: a redirect, not followed"), rule="redirect"
        )
    if effective is None:
        found = judged(Category.CONTRACT_VIOLATION, "neither a status nor a known word")
        return replace(found, confidence=Confidence.UNDECIDABLE, rule="nothing-known")
    category, others = _STATUSES.get(
        effective, (Category.UPSTREAM_UNAVAILABLE if effective >= 500 else Category.INVALID_REQUEST, ())
    )
    evidence = f"HTTP status {effective}; the error's own words did not decide"
    confidence = Confidence.UNDECIDABLE if others else Confidence.LIKELY
    if body.is_empty and category is Category.RATE_LIMIT:
        confidence, others = Confidence.LIKELY, ()
    return replace(judged(category, evidence), confidence=confidence, other_readings=others, rule=f"status-{effective}")

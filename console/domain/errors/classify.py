"""Classification of a refused call: rules in order of weight, then what was sent, then the status."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.domain.errors.body import ErrorBody
from console.domain.errors.bridging import bridged, by_named_family
from console.domain.errors.category import Category, Classification, Confidence, judged
from console.domain.errors.missing_path import by_missing_path, by_named_path
from console.domain.errors.refuser import refused_by_provider
from console.domain.errors.retry_after import wait_in
from console.domain.errors.rule import ErrorRule, Stage, error_rules, first_by_word
from console.domain.errors.status import by_status, doubted, weighed
from console.domain.errors.unseen_key import unseen_key
from console.domain.routes.family import EndpointFamily, family_of_path

_SLOW_S = 55.0
"""Gateways hide a timeout behind "request failed"; their shortest observed time limit is a minute."""

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
    has_key: bool = False
    """Whether the call is known to have carried a key."""


def classify(call: RefusedCall) -> Classification:
    """Return why a call was refused, where the cause is and what to do. Pure and total: never raises.

    Evidence counts in this order: the error's own code words and sentences, innermost first; what was sent; and last
    the status, because a status alone is right for only half of the errors of real gateways.
    """
    status, body = call.status or None, call.body
    effective = _effective(status, body)
    keys = error_rules().keys & body.grams
    said = _by_strong_words(body, effective, keys)
    known = (
        said
        or _by_what_was_sent(body, effective, call.family, call.path)
        or _by_usual_words(body, effective)
        or by_named_path(body, effective)
        or by_named_family(body, effective)
        or _by_hints(body, effective, keys)
        or _by_spelled_words(body, effective)
        or by_missing_path(body, effective, call.family, call.path)
    )
    found = known or doubted(_by_generic_words(body, effective) or by_status(body, status, effective), body)
    wait_s = wait_in(call.headers, body)
    is_told = said is not None and found.category is not Category.UPSTREAM_UNAVAILABLE
    if body.is_cut and found.category.passes_by_waiting and not is_told:
        found = _cut(found.category, effective)
    elif found.category is Category.UPSTREAM_UNAVAILABLE and said is None:
        found = _by_words_apart(body, found)
    elif found.category is Category.RATE_LIMIT and said is None:
        found = _by_money_words(body, found, keys) or found
    stage = None if said is None else Stage.PHRASE
    found = weighed(found, stage, effective, names_wait=wait_s is not None) or found
    found = bridged(found, body, call.family, call.path) or found
    found = refused_by_provider(found, body, call.headers) or found
    found = unseen_key(found, body, was_sent=call.has_key) or found
    if found.category is Category.UPSTREAM_UNAVAILABLE and (call.elapsed_s or 0.0) >= _SLOW_S:
        others = (Category.TIMEOUT, *found.other_readings)
        found = replace(found, confidence=Confidence.UNDECIDABLE, other_readings=others)
    if status is not None and 200 <= status < 300:
        found = replace(found, evidence=_in_an_answer(found.evidence, status))
    return replace(found, retry_after_s=wait_s)


def _in_an_answer(evidence: str, status: int) -> str:
    """Return the evidence for an error that came inside an answer which its status calls a success."""
    said = evidence.removeprefix("the error ")
    return evidence if said == evidence else f"the error object in an answer with HTTP status {status} {said}"


def _effective(status: int | None, body: ErrorBody) -> int | None:
    """Return the effective status: the one in the body, if the outer one belongs to a wrapper."""
    inner = body.inner_status
    if inner is None:
        return status
    return inner if status is None or status < 300 or status in (400, 500, 502, 503) else status


def _by_strong_words(body: ErrorBody, status: int | None, keys: frozenset[str]) -> Classification | None:
    for rule in error_rules().strong:
        field = rule.holds(body, status or 0, keys)
        if field is not None:
            return _said(rule, field, body)
    return None


def _by_usual_words(body: ErrorBody, status: int | None) -> Classification | None:
    found = first_by_word(error_rules().usual, body.words, status)
    return None if found is None else _said(*found, body)


def _by_spelled_words(body: ErrorBody, status: int | None) -> Classification | None:
    """Judge a code word that no rule knows by what it says as a sentence: `AUTH_API_KEY_INVALID`."""
    if not body.words:
        return None
    spelled = body.spelled
    found = _by_strong_words(spelled, status, error_rules().keys & spelled.grams)
    if found is None:
        return None
    evidence = found.evidence.replace("(message)", "(code)")
    confidence = Confidence.LIKELY if found.confidence is Confidence.CERTAIN else found.confidence
    return replace(found, evidence=evidence, confidence=confidence)


def _by_hints(body: ErrorBody, status: int | None, keys: frozenset[str]) -> Classification | None:
    if status == 402:
        return by_status(body, status, status)
    for rule in error_rules().hints:
        field = rule.holds(body, status or 0, keys)
        if field is not None:
            return _said(rule, field, body)
    return None


def _by_generic_words(body: ErrorBody, status: int | None) -> Classification | None:
    found = first_by_word(error_rules().generic, body.words, status or 0)
    return None if found is None else _said(*found, body)


def _said(rule: ErrorRule, field: str, body: ErrorBody) -> Classification:
    found = judged(
        rule.category,
        f"the error says that {rule.reason} ({field})",
        blame=rule.blame,
        action=rule.action or None,
    )
    found = replace(
        found,
        confidence=rule.confidence,
        other_readings=rule.other_readings,
        rule=rule.rule_id,
        source=rule.source,
        can_pass_later=found.can_pass_later if rule.can_pass_later is None else rule.can_pass_later,
    )
    if rule.is_wrapper and body.inner_status is not None:
        # the wrapper kept the provider's status, which is a reason
        usual = judged(rule.category, found.evidence)
        return replace(found, action=usual.action, confidence=Confidence.LIKELY, other_readings=())
    return found


def _by_what_was_sent(
    body: ErrorBody, status: int | None, family: EndpointFamily | None, path: str | None
) -> Classification | None:
    """Detect an error that asks for another family's field: the gateway forwarded the call to that family."""
    match = _MISROUTED_FIELD.search(body.prose[:4096])
    if match is None or status in (401, 402, 403, 429):
        return None
    asked = match.group(1) or match.group(2)
    called = family or family_of_path(path or "")
    own = "input" if called is EndpointFamily.RESPONSES else "messages"
    if asked == own or (family is None and path is None):
        return None
    found = judged(Category.ENDPOINT_DRIFT, f"the error asks for '{asked}', a field of a different family (message)")
    return replace(
        found, confidence=Confidence.LIKELY, other_readings=(Category.INVALID_REQUEST,), rule="foreign-field"
    )


def _by_money_words(body: ErrorBody, found: Classification, keys: frozenset[str]) -> Classification | None:
    """Doubt a rate limit that rests on a code word or the status if the error also has words of money or a plan.

    Gateways give every limit the code `rate_limit_error`, also a spent budget.
    """
    for rule in error_rules().hints:
        if rule.category is Category.ACCOUNT_QUOTA and (field := rule.met(body, keys)) is not None:
            doubt = _said(rule, field, body)
            return replace(doubt, confidence=Confidence.UNDECIDABLE, other_readings=(found.category,))
    return None


def _by_words_apart(body: ErrorBody, found: Classification) -> Classification:
    """Doubt an outage that rests on a generic word or the status alone if the error also has account words.

    Gateways wrap an account's refusal in a failure of their own. Repeating such a call is the worst reaction.
    """
    for rule in error_rules().hints:
        if rule.holds_apart and not body.is_html and (field := rule.met(body)) is not None:
            doubt = _said(rule, field, body)
            return replace(doubt, confidence=Confidence.UNDECIDABLE, other_readings=(found.category,))
    return found


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

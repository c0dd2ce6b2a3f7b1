"""What the HTTP status of a refusal says: alone, and against a general word of the error."""

import re
from dataclasses import replace
from functools import cache

from console.domain.errors.body import ErrorBody
from console.domain.errors.category import Category, Classification, Confidence, judged
from console.domain.errors.rule import Stage

MEANINGS: dict[int, tuple[Category, tuple[Category, ...]]] = {
    400: (Category.INVALID_REQUEST, ()),
    401: (Category.ACCOUNT_AUTH, (Category.ACCOUNT_PERMISSION, Category.ACCOUNT_QUOTA)),
    402: (Category.ACCOUNT_QUOTA, ()),
    403: (Category.ACCOUNT_PERMISSION, (Category.ACCOUNT_AUTH, Category.ACCOUNT_QUOTA)),
    404: (Category.ROUTE_MISSING, (Category.ENDPOINT_DRIFT,)),
    405: (Category.ROUTE_MISSING, (Category.ENDPOINT_DRIFT,)),
    407: (Category.ACCOUNT_AUTH, ()),
    408: (Category.TIMEOUT, ()),
    410: (Category.ROUTE_MISSING, ()),
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

_OUTWEIGHS = frozenset({401, 402, 403, 404})
"""Statuses of an account or a route: a wait does not change what they say."""
_SAYS_NOTHING = (
    r"\W*(?:|bad request|invalid request|error|failed|request failed|unknown error|null|something went wrong"
    r"|(?:error )?(?:code:? ?)?\d{3}(?: .{0,30})?|(?:internal )?(?:server )?error|bad gateway|service unavailable"
    r"|(?:upstream|provider|backend|proxy|gateway|relay|上游)[^:.,(]{0,60}(?:error|failed|failure|失败|失敗|错误|錯誤))\W*"
)
"""Messages from which a gateway erased the reason; few calls need it, so it is not compiled at each start."""


_GENERATED_NOTHING = re.compile(r"'(?:completion_tokens|output_tokens)': {0,2}0\b")
"""In an answer with a text: the text is the gateway's own, as some gateways tell an error to a person."""


@cache
def _nothing() -> re.Pattern[str]:
    return re.compile(_SAYS_NOTHING)


def _says_nothing(message: str) -> bool:
    return _nothing().fullmatch(message[:200].lower()) is not None


def by_status(body: ErrorBody, status: int | None, effective: int | None) -> Classification:
    """Judge a refusal none of whose words decided."""
    if status is not None and status < 300 and effective == status:
        return _without_refusal(body, status)
    if effective is not None and 300 <= effective < 400:
        return replace(
            judged(Category.CONTRACT_VIOLATION, f"HTTP status {effective}: a redirect, not followed"), rule="redirect"
        )
    if effective is None:
        found = judged(Category.CONTRACT_VIOLATION, "neither a status nor a known word")
        return replace(found, confidence=Confidence.UNDECIDABLE, rule="nothing-known")
    category, others = MEANINGS.get(
        effective, (Category.UPSTREAM_UNAVAILABLE if effective >= 500 else Category.INVALID_REQUEST, ())
    )
    evidence = f"HTTP status {effective}; the error's own words did not decide"
    action = None
    if category is Category.INVALID_REQUEST and _says_nothing(body.message):
        evidence = f"HTTP status {effective}; the error gives no reason"
        action = (
            "The gateway gave no reason. Look the request id up in its log, or send the role's whole form with"
            " `check --level 3` and compare."
        )
        others = (Category.ROUTE_MISSING, Category.ENDPOINT_DRIFT, Category.ACCOUNT_QUOTA)
    confidence = Confidence.UNDECIDABLE if others else Confidence.LIKELY
    if body.is_empty and category is Category.RATE_LIMIT:
        confidence, others = Confidence.LIKELY, ()
    return replace(
        judged(category, evidence, action=action),
        confidence=confidence,
        other_readings=others,
        rule=f"status-{effective}",
    )


def doubted(found: Classification, body: ErrorBody) -> Classification:
    """Doubt an outage that no word of the error confirms, if the error has a sentence that no rule knows.

    The sentence may name an account or a route, in whatever language; repeating such a call is the worst reaction.
    """
    has_message = not body.is_html and not body.message.startswith(("{", "[", "<"))
    is_said = has_message and not _says_nothing(body.message)
    if found.category is not Category.UPSTREAM_UNAVAILABLE or not is_said or body.inner_status is not None:
        return found
    others = (Category.ACCOUNT_AUTH, Category.ACCOUNT_QUOTA, Category.ROUTE_MISSING)
    return replace(
        found,
        confidence=Confidence.UNDECIDABLE,
        other_readings=others,
        action="No rule knows the error's own words: read them below, and ask the gateway's administrator.",
    )


def _without_refusal(body: ErrorBody, status: int) -> Classification:
    """Judge an answer that is not refused by its status and none of whose words decided."""
    is_own_text = _GENERATED_NOTHING.search(body.prose) is not None and "'content': '" in body.prose
    if not body.is_html and (body.names_error or is_own_text):
        what = "a text of the gateway's own" if is_own_text else "an error object"
        found = judged(
            Category.CONTRACT_VIOLATION,
            f"{what} in an answer with HTTP status {status}; its own words did not decide",
            action="Read the error's own words below, and look the request id up in the gateway's log.",
        )
        others = (Category.UPSTREAM_UNAVAILABLE, Category.ACCOUNT_QUOTA, Category.ROUTE_MISSING)
        return replace(found, confidence=Confidence.UNDECIDABLE, other_readings=others, rule="no-error")
    what = "a web page" if body.is_html else "an answer of no known shape"
    return replace(judged(Category.CONTRACT_VIOLATION, f"HTTP status {status} with {what}"), rule="no-error")


def weighed(
    found: Classification, stage: Stage | None, status: int | None, *, names_wait: bool
) -> Classification | None:
    """Return the reading for which a status outweighs a word that says only "too often"; None if it does not.

    Gateways name every limit `rate_limit_error`, also a spent budget (402) and a refused key (401, 403). A 403 whose
    sentence names a wait stays a rate limit, as GitHub's, but is never said to pass.
    """
    is_down = status == 402 and found.category is Category.UPSTREAM_UNAVAILABLE
    if status not in _OUTWEIGHS or (found.category is not Category.RATE_LIMIT and not is_down):
        return None
    category, others = MEANINGS[status]
    if status == 403 and stage is Stage.PHRASE and names_wait:
        return replace(
            found, confidence=Confidence.UNDECIDABLE, other_readings=(category, *others), can_pass_later=False
        )
    weighty = judged(category, f"HTTP status {status} outweighs the error's general word for a limit")
    confidence = Confidence.LIKELY if status == 402 else Confidence.UNDECIDABLE
    return replace(
        weighty, confidence=confidence, other_readings=(*others, Category.RATE_LIMIT), rule=f"status-{status}"
    )

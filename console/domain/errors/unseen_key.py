"""Unseen key: a refusal that says no key came, although one was sent. The gateway then reads another header."""

import re
from dataclasses import replace

from console.domain.errors.body import ErrorBody
from console.domain.errors.category import Blame, Category, Classification

_KEY = (
    r"(?:api[ _-]?keys?|apikey|x-api-key(?: header)?|access token|token|key|credentials?|bearer(?: token)?"
    r"|auth(?:entication|orization)?(?: header| token| credentials?| information| info)?)"
)
_GIVEN = r"(?:provided|found|supplied|passed|present(?:ed)?|sent|given|specified|received|included|set)"
_ASKED = r"(?:did not|didn't|must|need to|please) (?:provide|supply|include|pass|send|set)(?: an?| your| the| a valid)?"
_SAYS_NONE = re.compile(
    rf"\b(?:no|without(?: an?)?|missing(?: the| an?| required| your)?|lacks?(?: an?)?) (?:valid )?{_KEY}"
    rf"(?: was| were| is)?(?: {_GIVEN}\b| in\b| header\b|[.,:;!)\"']|\Z| passed in)"
    rf"|\b{_KEY}(?: header)? (?:is |was |are |in the request is )?(?:missing|required|absent|empty|not {_GIVEN})"
    rf"|\b{_ASKED} {_KEY}"
    r"|\bunregistered callers\b|\bnot authenticated\b"
    r"|(?:未提供|缺少|没有提供|沒有提供|未携带|未傳|未传|缺失).{0,12}(?:令牌|密钥|密鑰|key|token|authorization)"
    r"|(?:令牌|密钥|密鑰|api key|apikey|token|authorization).{0,6}(?:未提供|缺失|为空|為空|不能为空)"
)
_SAYS_WRONG = re.compile(r"\b(?:invalid|incorrect|wrong|expired|revoked|malformed|unknown|disabled|bad) ")
_HEAD = 2048
_ACTION = (
    "A key was sent, but the gateway saw none: it may read another header. Set auth in the profile's gateway to"
    ' "bearer", "x-api-key" or "api-key".'
)


def unseen_key(found: Classification, body: ErrorBody, *, was_sent: bool) -> Classification | None:
    """Return a refused key's judgement with what to do about its header; None if the refusal does not miss a key.

    Args:
        found: The judgement.
        body: What the gateway said.
        was_sent: Whether a key was sent.

    """
    if not was_sent or found.category is not Category.ACCOUNT_AUTH or found.blame is Blame.GATEWAY:
        return None
    prose = body.prose[:_HEAD]
    if _SAYS_NONE.search(prose) is None or _SAYS_WRONG.search(prose) is not None:
        return None
    return replace(found, action=_ACTION, evidence=f"{found.evidence}; it misses a key, and one was sent")

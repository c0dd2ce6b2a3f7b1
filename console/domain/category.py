"""Error categories: why a call did not pass, whose matter that is, and what to do next.

Category
├─ stops before generation, never retried, never answered by another family
│  ├─ endpoint_drift        the model is not served on this endpoint family
│  ├─ account_pricing       the account or gateway has no price or enablement for the model
│  ├─ account_quota         balance, budget or plan is used up
│  ├─ account_auth          the token is wrong, expired or absent
│  ├─ account_permission    the token is right and may not do this
│  └─ route_missing         the gateway has no such model or path
├─ may pass later
│  ├─ rate_limit            too many calls in a short time
│  ├─ upstream_unavailable  the gateway, or the provider behind it, cannot be reached or is down
│  └─ timeout               no complete answer within the deadline
├─ will not pass as it is
│  ├─ invalid_request       the request's form was refused
│  ├─ content_policy        the content was refused
│  └─ contract_violation    an answer that breaks its family's contract: truncated, HTML, another shape
└─ our own refusals
   ├─ secret_in_prompt      a secret was about to be sent as content
   ├─ origin_refused        the call would have gone, or was sent on, to another origin
   └─ budget_exceeded       the session's budget would have been exceeded
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """The safe error category: all that a record keeps of an error, beside its status and request id."""

    ENDPOINT_DRIFT = "endpoint_drift"
    ACCOUNT_PRICING = "account_pricing"
    ACCOUNT_QUOTA = "account_quota"
    ACCOUNT_AUTH = "account_auth"
    ACCOUNT_PERMISSION = "account_permission"
    ROUTE_MISSING = "route_missing"
    RATE_LIMIT = "rate_limit"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    TIMEOUT = "timeout"
    INVALID_REQUEST = "invalid_request"
    CONTENT_POLICY = "content_policy"
    CONTRACT_VIOLATION = "contract_violation"
    SECRET_IN_PROMPT = "secret_in_prompt"  # noqa: S105  # a category's name
    ORIGIN_REFUSED = "origin_refused"
    BUDGET_EXCEEDED = "budget_exceeded"

    @property
    def stops_before_generation(self) -> bool:
        """Tell whether this category blocks a run before any draft, and counts as no failed attempt."""
        return self in _STOPS

    @property
    def is_account(self) -> bool:
        """Tell whether the account behind the token, and not the content, is the matter."""
        return self.value.startswith("account_")


_STOPS = frozenset(
    {
        Category.ENDPOINT_DRIFT,
        Category.ACCOUNT_PRICING,
        Category.ACCOUNT_QUOTA,
        Category.ACCOUNT_AUTH,
        Category.ACCOUNT_PERMISSION,
        Category.ROUTE_MISSING,
    }
)


class Blame(StrEnum):
    """Whose matter an error is."""

    CLIENT = "client"
    CONFIG = "config"
    ACCOUNT = "account"
    ROUTE = "route"
    GATEWAY = "gateway"
    UPSTREAM = "upstream"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Classification:
    """A category with the reason for it and the next action; every word in it is ours."""

    category: Category
    blame: Blame
    evidence: str
    """Which rule decided, on which field; never the field's text."""
    action: str


_BLAME_AND_ACTION: dict[Category, tuple[Blame, str]] = {
    Category.ENDPOINT_DRIFT: (
        Blame.CONFIG,
        "The route is wrong, not the model: set endpoint_family and endpoint_path to the family that serves it.",
    ),
    Category.ACCOUNT_PRICING: (Blame.ACCOUNT, "Have the model priced or enabled for this account; then smoke again."),
    Category.ACCOUNT_QUOTA: (Blame.ACCOUNT, "Top up the balance or raise the budget of this account or key."),
    Category.ACCOUNT_AUTH: (
        Blame.ACCOUNT,
        "Check that token_ref names this gateway's token and that it is still valid.",
    ),
    Category.ACCOUNT_PERMISSION: (Blame.ACCOUNT, "Ask for access to this model, or use a key that has it."),
    Category.ROUTE_MISSING: (Blame.ROUTE, "Check the model name and the path against the gateway's own list."),
    Category.RATE_LIMIT: (Blame.ACCOUNT, "Wait, or lower the concurrency; nothing was retried."),
    Category.UPSTREAM_UNAVAILABLE: (Blame.GATEWAY, "Check that the gateway is up and reachable from this machine."),
    Category.TIMEOUT: (Blame.GATEWAY, "The call may have been billed. Look at the gateway's log before repeating it."),
    Category.INVALID_REQUEST: (
        Blame.CLIENT,
        "The gateway refused the request's form: compare it with its documentation.",
    ),
    Category.CONTENT_POLICY: (Blame.CONTENT, "The content was refused; the route itself works."),
    Category.CONTRACT_VIOLATION: (Blame.GATEWAY, "The answer is not to be trusted: see what broke."),
    Category.SECRET_IN_PROMPT: (Blame.CLIENT, "Take the secret out of the text; nothing was sent."),
    Category.ORIGIN_REFUSED: (
        Blame.CONFIG,
        "The gateway sent the call on to another address. Redirects are never followed: correct base_url.",
    ),
    Category.BUDGET_EXCEEDED: (Blame.CLIENT, "Raise the session's budget or start a new session."),
}


def judged(
    category: Category, evidence: str, *, blame: Blame | None = None, action: str | None = None
) -> Classification:
    """Build a classification, with the category's usual blame and action where none are given."""
    usual_blame, usual_action = _BLAME_AND_ACTION[category]
    return Classification(category, blame or usual_blame, evidence, action or usual_action)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One reason why an error belongs to a category: a word in its code or type, or a phrase in its message."""

    category: Category
    reason: str
    words: re.Pattern[str] | None = None
    phrase: re.Pattern[str] | None = None


def _rule(category: Category, reason: str, *, words: str = "", phrase: str = "") -> _Rule:
    return _Rule(
        category,
        reason,
        re.compile(rf"\A(?:{words})\Z", re.IGNORECASE) if words else None,
        re.compile(phrase, re.IGNORECASE) if phrase else None,
    )


_RULES: tuple[_Rule, ...] = (
    _rule(
        Category.ENDPOINT_DRIFT,
        "the error says that the model is not served on this endpoint",
        words="unsupported_api_for_model|OperationNotSupported",
        phrase=(
            r"only supported in v1/|not a chat model|not accessible via the /\S{1,64} endpoint"
            r"|not supported with the Responses API|has moved to 'input'|Function tools with reasoning"
            r"|(?:messages|createModelResponse) is not supported by |/v1/\S{1,64} is not supported\. Please use /v1/"
            r"|\Anot implemented(?: \(request id[^)]{0,100}\))?\Z"
        ),
    ),
    _rule(
        Category.ACCOUNT_PRICING,
        "the error says that the model is not priced or not enabled for the account",
        words="model_price_error|ModelNotOpen",
        phrase=r"ratio or price not set|price not configured|has not been priced|must be verified to"
        r"|has not activated the model|价格未配置|价格尚未",
    ),
    _rule(
        Category.ACCOUNT_QUOTA,
        "the error says that balance, budget or plan is used up",
        words="insufficient_quota|insufficient_user_quota|billing_hard_limit_reached|budget_exceeded|billing_error"
        "|pre_consume_token_quota_failed|usage_limit_reached",
        phrase=r"credit balance is too low|reached your specified API usage limits|exceeded your current quota"
        r"|requires more credits|budget has been exceeded|额度已用尽|余额不足",
    ),
    _rule(
        Category.ACCOUNT_PERMISSION,
        "the error says that the token may not use this model or path",
        words="permission_error|permission_denied|access_denied|(?:key|team|user|org|project)_model_access_denied",
        phrase=r"Missing scopes|does not have access to model|not allowed to access model",
    ),
    _rule(
        Category.ACCOUNT_AUTH,
        "the error says that the token is wrong or absent",
        words="invalid_api_key|authentication_error|auth_error|token_not_found_in_db|no_db_connection",
        phrase=r"invalid api key|incorrect api key|no api key passed|无效的令牌",
    ),
    _rule(
        Category.ROUTE_MISSING,
        "the error says that the gateway has no such model or path",
        words="model_not_found|invalid_model|DeploymentNotFound|not_found_error|api_not_implemented|provider_not_found",
        phrase=r"No available channel|Invalid model name|model `[^`]{1,200}` does not exist|Invalid URL \(|无可用渠道",
    ),
    _rule(
        Category.CONTENT_POLICY,
        "the error says that the content was refused",
        words="content_filter|content_policy_violation|sensitive_words_detected|prompt_blocked|cyber_policy",
        phrase=r"blocked by content filtering",
    ),
    _rule(
        Category.RATE_LIMIT,
        "the error says that there were too many calls",
        words="rate_limit_exceeded|rate_limit_error|too_many_requests|throttling_error",
    ),
    _rule(Category.TIMEOUT, "the error names a timeout", words="timeout_error|request_timeout"),
    _rule(
        Category.UPSTREAM_UNAVAILABLE,
        "the error names an overloaded or failing provider",
        words="overloaded_error|server_error|api_error|internal_server_error|do_request_failed|bad_response_status_code",
    ),
    _rule(
        Category.INVALID_REQUEST,
        "the error says that the request's form was refused",
        words="invalid_request_error|invalid_request|unsupported_parameter|integer_below_min_value",
    ),
)

_STATUS_CATEGORIES = {
    400: Category.INVALID_REQUEST,
    401: Category.ACCOUNT_AUTH,
    402: Category.ACCOUNT_QUOTA,
    403: Category.ACCOUNT_PERMISSION,
    404: Category.ROUTE_MISSING,
    405: Category.ROUTE_MISSING,
    408: Category.TIMEOUT,
    413: Category.INVALID_REQUEST,
    415: Category.INVALID_REQUEST,
    422: Category.INVALID_REQUEST,
    429: Category.RATE_LIMIT,
    501: Category.ROUTE_MISSING,
    504: Category.TIMEOUT,
    522: Category.UPSTREAM_UNAVAILABLE,
    524: Category.TIMEOUT,
}

_MESSAGE_LIMIT = 16_384
_WEAK_WORDS = frozenset({Category.INVALID_REQUEST, Category.UPSTREAM_UNAVAILABLE})
"""Gateways use the words of these two for errors of every kind: a phrase or a clear status says more."""


def classify(status: int, *, code: str = "", kind: str = "", message: str = "") -> Classification:
    """Say why a call was refused. Pure and total: never raises, whatever the texts hold.

    The error's own words decide before its status: a status alone is right for only half of the errors that
    real gateways send.

    Args:
        status: The HTTP status; 200 for an error event inside a stream.
        code: The error's `code`, or an empty text.
        kind: The error's `type`, or an empty text.
        message: The error's message; only its first 16,384 characters are read.

    """
    if status == 200 and re.fullmatch(r"[45]\d\d", code):
        status = int(code)  # gateways that fail within a stream put the status into the error's code
    head = message[:_MESSAGE_LIMIT]
    weak: Classification | None = None
    for rule in _RULES:
        field = _matched_field(rule, code, kind, head)
        if field is None:
            continue
        found = judged(rule.category, f"{rule.reason} ({field})")
        if rule.category not in _WEAK_WORDS:
            return found
        weak = weak or found
    by_status = _STATUS_CATEGORIES.get(status)
    if by_status is not None and by_status is not Category.INVALID_REQUEST:
        return judged(by_status, f"HTTP status {status}; the error's own words did not decide")
    if weak is not None:
        return weak
    if by_status is not None:
        return judged(by_status, f"HTTP status {status}")
    if status >= 500:
        return judged(Category.UPSTREAM_UNAVAILABLE, f"HTTP status {status}")
    if 400 <= status < 500:
        return judged(Category.INVALID_REQUEST, f"HTTP status {status}")
    return judged(
        Category.CONTRACT_VIOLATION, f"HTTP status {status} with an error that names neither code nor known words"
    )


def _matched_field(rule: _Rule, code: str, kind: str, message: str) -> str | None:
    if rule.words is not None:
        if rule.words.match(code):
            return "code"
        if rule.words.match(kind):
            return "type"
    if rule.phrase is not None and rule.phrase.search(message):
        return "message"
    return None

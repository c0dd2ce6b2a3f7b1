"""Error categories: why a call failed, who can fix it, and what to do next.

Category
├─ stops before generation, never retried, never answered by another family
│  ├─ endpoint_drift        the model is not served on this endpoint family
│  ├─ account_pricing       the account or gateway has no price or enablement for the model
│  ├─ account_quota         the balance, budget or plan is used up
│  ├─ account_auth          the token is wrong, expired or absent
│  ├─ account_permission    the token is valid but not allowed to do this
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
   ├─ origin_refused        the call would have gone, or was redirected, to another origin
   └─ budget_exceeded       the session's budget would have been exceeded
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from console.domain.facts.load import load_facts


class Category(StrEnum):
    """The safe error category; besides the status and request id, a record stores nothing else of an error."""

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
        """Whether this category blocks a run before any draft, and does not count as a failed attempt."""
        return self in _STOPS

    @property
    def is_account(self) -> bool:
        """Whether the cause is the account behind the token, not the content."""
        return self.value.startswith("account_")

    @property
    def is_outage(self) -> bool:
        """Whether the gateway, or the provider behind it, could not be reached or did not answer in time."""
        return self in _OUTAGES

    @property
    def passes_by_waiting(self) -> bool:
        """Whether the same call may succeed later without any change."""
        return self is Category.RATE_LIMIT or self.is_outage


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
_OUTAGES = frozenset({Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT})


class Blame(StrEnum):
    """Where the cause of an error is."""

    CLIENT = "client"
    CONFIG = "config"
    ACCOUNT = "account"
    ROUTE = "route"
    GATEWAY = "gateway"
    UPSTREAM = "upstream"
    CONTENT = "content"


class Confidence(StrEnum):
    """How sure a classification is."""

    CERTAIN = "certain"
    """The error says so unambiguously."""
    LIKELY = "likely"
    """A common word, the path or the status says so."""
    UNDECIDABLE = "undecidable"
    """The error's text allows other readings, which are listed."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a category means and what to do about it."""

    blame: Blame
    means: str
    action: str
    ask: str
    """The person or team to ask."""
    source: str
    """The URL of a document with more information."""


@cache
def guidance() -> dict[Category, Guidance]:
    """Return the guidance for every category, read once from `facts/categories.toml`."""
    table = load_facts("categories")
    return {
        category: Guidance(
            blame=Blame(row["blame"]), means=row["means"], action=row["action"], ask=row["ask"], source=row["source"]
        )
        for category in Category
        for row in (table[category.value],)
    }


@cache
def _asks() -> dict[Blame, str]:
    table = load_facts("categories")["asks"]
    return {blame: str(table[blame.value]) for blame in Blame}


WAIT_LIMIT_S = 3600.0
"""The longest wait, in seconds, after which repeating a call makes sense: a wait of hours means stop."""


@dataclass(frozen=True, slots=True)
class Classification:
    """A category with its reason and the next action; it contains no text from outside."""

    category: Category
    blame: Blame
    evidence: str
    """The rule that decided, and its field; never the field's text."""
    action: str
    confidence: Confidence = Confidence.CERTAIN
    other_readings: tuple[Category, ...] = ()
    """Other possible meanings of the refusal, if its text is ambiguous."""
    retry_after_s: float | None = None
    """The wait in seconds that the gateway asks for."""
    rule: str = ""
    """The id of the rule that decided; empty if the console itself detected the error."""
    source: str = ""
    """The URL of the rule's source."""
    can_pass_later: bool = False
    """Whether the same call could pass later without any change."""

    @property
    def ask(self) -> str:
        """The person or team to ask: that of the category, unless a rule puts the blame elsewhere."""
        usual = guidance()[self.category]
        return usual.ask if self.blame is usual.blame else _asks()[self.blame]

    @property
    def stops(self) -> bool:
        """Whether a run stops here before generation, even if that is only one of the readings."""
        if self.category.stops_before_generation:
            return True
        return self.confidence is Confidence.UNDECIDABLE and any(
            reading.stops_before_generation for reading in self.other_readings
        )

    @property
    def retryable(self) -> bool:
        """Whether the operator may repeat the call later. The console never repeats a call by itself."""
        waits_hours = self.retry_after_s is not None and self.retry_after_s >= WAIT_LIMIT_S
        return self.can_pass_later and not self.stops and not waits_hours

    @property
    def why_not_retried(self) -> str:
        """Return why the call was not repeated, in one sentence."""
        if self.category.stops_before_generation:
            return f"Not retried: {self.category} stops before generation and is never answered by another family."
        if self.stops:
            readings = ", ".join(self.other_readings)
            return f"Not retried: this may also be {readings}, which a repetition does not fix."
        if self.retry_after_s is not None and self.retry_after_s >= WAIT_LIMIT_S:
            return "Not retried: the gateway asks for a wait of hours."
        if self.retryable:
            return "Not retried: the console repeats a call only if you ask."
        return "Not retried: the same call would end the same way."


def judged(
    category: Category, evidence: str, *, blame: Blame | None = None, action: str | None = None
) -> Classification:
    """Build a classification; blame and action default to the category's own."""
    usual = guidance()[category]
    return Classification(
        category,
        blame or usual.blame,
        evidence,
        action or usual.action,
        can_pass_later=category.passes_by_waiting,
    )

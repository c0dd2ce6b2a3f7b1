"""Error bodies of real gateways with the categories that a person gave them, and how readings of them are scored."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.errors.body import read_error_body
from console.domain.errors.category import Category, Classification
from console.domain.errors.classify import RefusedCall, classify
from console.domain.routes.family import EndpointFamily

DATA = Path(__file__).parents[2] / "data"
PASSING = frozenset({Category.RATE_LIMIT, Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT})
SHARE_RIGHT = 0.97
"""The least share of the unambiguous bodies that must be right."""

_ALLOWED: dict[str, tuple[str, ...]] = {
    # authentication_error in its words, an organisation's policy as its cause
    "account_auth-006": ("account_permission",),
    # newer builds answer every failure of a token, also a used up one, in the same words
    "account_auth-018": ("account_quota",),
    # a key that is blocked is known, and may not be used
    "account_auth-022": ("account_permission",),
    # a web page says 403 and no more
    "account_permission-007": ("contract_violation",),
    # a policy of the account excludes every endpoint, told as a missing endpoint
    "account_permission-009": ("route_missing",),
    "account_permission-010": (),
    # a model that this kind of account is not given
    "account_permission-032": ("route_missing",),
    "account_pricing-005": (),
    # switched off: for the account or for everybody
    "account_pricing-006": ("account_permission", "route_missing"),
    # access to the model was not asked for: an enablement, worded as a permission
    "account_pricing-009": ("account_permission",),
    "account_quota-019": (),
    "account_quota-020": (),
    "account_quota-022": (),
    "account_quota-024": (),
    "account_quota-026": (),
    "account_auth-013": (),
    # cut by the gateway's own time limit; in a gateway's error object, the provider's connection was lost
    "contract_violation-003": ("timeout", "upstream_unavailable"),
    "contract_violation-010": (),
    "contract_violation-016": (),
    # a family that is absent and a mistyped path are told in the same words
    "endpoint_drift-015": ("route_missing",),
    "endpoint_drift-016": ("route_missing",),
    "endpoint_drift-017": ("route_missing",),
    "invalid_request-005": (),
    # one request alone is over the limit of a minute
    "rate_limit-007": ("invalid_request",),
    # its code and its message contradict each other
    "rate_limit-013": ("account_pricing",),
    "rate_limit-021": (),
    "route_missing-001": (),
    "route_missing-002": (),
    "route_missing-003": (),
    # "does not exist or you do not have access"
    "route_missing-008": ("account_permission",),
    "route_missing-011": (),
    "route_missing-017": (),
    # depends on the account's plan
    "route_missing-018": ("account_permission",),
    "route_missing-027": (),
    # deployments that are not healthy, or none
    "route_missing-033": ("upstream_unavailable",),
    # a connection that timed out
    "timeout-004": ("upstream_unavailable",),
    "upstream_unavailable-007": ("timeout",),
    "upstream_unavailable-014": (),
    "upstream_unavailable-015": (),
    "upstream_unavailable-017": (),
}
"""What else the ambiguous bodies of the first file may be read as, beside their label."""


def classified(
    status: int | None,
    body: bytes | str,
    content_type: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    family: EndpointFamily | None = None,
    path: str | None = None,
    elapsed_s: float | None = None,
) -> Classification:
    """Classify a call that was refused with a body."""
    read = read_error_body(body, content_type)
    return classify(RefusedCall(status, headers or {}, read, family, path, elapsed_s))


@dataclass(frozen=True)
class LabelledBody:
    """A refused call as it came in, and the category that a person gave it."""

    id: str
    source: str
    status: int | None
    headers: dict[str, str]
    content_type: str
    body: str
    family: EndpointFamily | None
    label: Category
    is_ambiguous: bool
    allowed: frozenset[Category]

    @property
    def must_not_pass(self) -> bool:
        """Whether reading this body as something that passes by waiting is the worst mistake."""
        return self.label.stops_before_generation and not self.allowed & PASSING

    @property
    def path(self) -> str | None:
        """The path that was called, where the family is known."""
        return None if self.family is None else self.family.standard_path

    def classify(self) -> Classification:
        """Classify it as it came."""
        return classified(
            self.status, self.body, self.content_type, headers=self.headers, family=self.family, path=self.path
        )


def _read(row: dict[str, object]) -> LabelledBody:
    label = Category(str(row["label"]))
    others = row["allowed"] if "allowed" in row else _ALLOWED[str(row["id"])] if row["ambiguous"] else ()
    assert isinstance(others, Sequence)
    headers = row["headers"]
    assert isinstance(headers, dict)
    family = str(row["endpoint_family"])
    return LabelledBody(
        id=str(row["id"]),
        source=str(row["source"]),
        status=row["status"] if isinstance(row["status"], int) else None,
        headers={str(name): str(value) for name, value in headers.items()},
        content_type=str(row["content_type"] or ""),
        body=str(row["body"]),
        family=EndpointFamily(family) if family in set(EndpointFamily) else None,
        label=label,
        is_ambiguous=bool(row["ambiguous"]),
        allowed=frozenset({label, *map(Category, others)}),
    )


FILES = {
    path.stem: tuple(_read(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line)
    for path in sorted(DATA.glob("*gateway_errors*.jsonl"))
}
BODIES = tuple(body for bodies in FILES.values() for body in bodies)


@dataclass
class Score:
    """How readings of bodies compare with their labels."""

    readings: list[tuple[LabelledBody, Classification]] = field(default_factory=list)

    def add(self, body: LabelledBody, found: Classification) -> None:
        """Count one reading."""
        self.readings.append((body, found))

    @property
    def clear(self) -> list[tuple[LabelledBody, Classification]]:
        """The readings of unambiguous bodies."""
        return [(body, found) for body, found in self.readings if not body.is_ambiguous]

    @property
    def share_right(self) -> float:
        """The share of unambiguous bodies that were read as their label says."""
        return sum(found.category is body.label for body, found in self.clear) / max(1, len(self.clear))

    @property
    def misread(self) -> list[tuple[LabelledBody, Classification]]:
        """Every reading that is not one of those allowed for its body."""
        return [(body, found) for body, found in self.readings if found.category not in body.allowed]

    @property
    def outside(self) -> list[tuple[LabelledBody, Classification]]:
        """The readings of ambiguous bodies that are none of those allowed."""
        return [(body, found) for body, found in self.misread if body.is_ambiguous]

    @property
    def dangerous(self) -> list[tuple[LabelledBody, Classification]]:
        """The readings that would have an account or route error repeated."""
        return [(body, found) for body, found in self.readings if body.must_not_pass and found.category in PASSING]

    def report(self) -> str:
        """Return the confusion matrix, and every misread body with the rule that decided."""
        counts = Counter((body.label, found.category) for body, found in self.readings)
        labels = [category for category in Category if any(category in pair for pair in counts)]
        width = max(map(len, labels), default=0)
        rows = [
            f"{label:>{width}} "
            + " ".join(f"{counts[label, read] or '.':>4}" for read in labels)
            + f"  {sum(counts[label, read] for read in labels):>4}"
            for label in labels
        ]
        heads = [f"{'label / read as':>{width}} " + " ".join(f"{read[:4]:>4}" for read in labels)]
        told = [
            f"  {body.id} ({'ambiguous' if body.is_ambiguous else 'clear'}): {body.label} read as {found.category}"
            f" by {found.rule or found.evidence}" + ("  WOULD BE REPEATED" if found.category in PASSING else "")
            for body, found in self.misread
        ]
        right = f"{self.share_right:.1%} of {len(self.clear)} unambiguous bodies right"
        return "\n".join(["", right, *heads, *rows, f"{len(told)} misread:", *told])


def check(score: Score) -> None:
    """Hold a score to what is promised."""
    check_wrapped(score)
    assert score.outside == [], score.report()


def check_wrapped(score: Score) -> None:
    """Hold a score of changed bodies to what is promised: what a wrapper took away may leave another reading open."""
    assert score.readings
    assert score.dangerous == [], score.report()
    assert score.share_right >= SHARE_RIGHT, score.report()
    ambiguous = sum(body.is_ambiguous for body, _ in score.readings)
    assert len(score.outside) <= (1 - SHARE_RIGHT) * ambiguous, score.report()


def scored(readings: Iterable[tuple[LabelledBody, Classification]]) -> Score:
    """Return the score of readings."""
    return Score(list(readings))

"""The classifier on errors of public reports, whose categories were decided before the console was asked.

`blind_errors.jsonl` has three sets that were gathered by people who had not read the rules. At the first reading 152 of
166 (91.6 %) and 139 of 158 (88.0 %) were right; then the rules were given the missing reasons, and of the third set 123
of 130 (94.6 %) were right. None of the misread ones would have been repeated. The rules have all these reasons, so only
a set that no one has read says how often they are right.
"""

import json
from dataclasses import dataclass
from functools import cache

import pytest
from support.errors.corpus import DATA, PASSING, classified

from console.domain.errors.category import Category, Classification
from console.domain.routes.family import EndpointFamily


@dataclass(frozen=True)
class PublicError:
    """A public report's refused call, and how it may be read."""

    id: str
    status: int | None
    family: EndpointFamily | None
    headers: dict[str, str]
    body: str
    expected: Category
    allowed: frozenset[Category]
    is_arguable: bool
    is_explained: bool
    """Whether its source and the reason for what is expected are given."""

    def classify(self) -> Classification:
        """Classify it as it came."""
        content_type = self.headers.get("content-type", "")
        return classified(self.status, self.body, content_type, headers=self.headers, family=self.family)


def _read(row: dict[str, object]) -> PublicError:
    sent = row["input"]
    assert isinstance(sent, dict)
    accepted = row["accepted"]
    assert isinstance(accepted, list)
    # an arguable report is decided once, with a reason; then only that reading is right
    expected = Category(str(row.get("decided", row["expected"])))
    return PublicError(
        id=str(row["id"]),
        status=sent["status"],
        family=EndpointFamily(sent["family"]) if sent["family"] else None,
        headers=sent["headers"],
        body=sent["body"],
        expected=expected,
        allowed=frozenset({expected} if "decided" in row else {expected, *map(Category, accepted)}),
        is_arguable=row.get("verdict") == "arguable",
        is_explained=bool(row["source_url"] and row["why"]) and ("decided" not in row or bool(row["decided_why"])),
    )


@cache
def _public() -> tuple[PublicError, ...]:
    texts = [(DATA / f"{name}.jsonl").read_text(encoding="utf-8") for name in ("public_errors", "blind_errors")]
    return tuple(_read(json.loads(line)) for text in texts for line in text.splitlines() if line)


def test_every_public_error_is_read_as_its_report_says() -> None:
    found = {error.id: (error.classify(), error) for error in _public()}
    wrong = {
        name: f"{read.category} by {read.rule}, not {error.expected}"
        for name, (read, error) in found.items()
        if read.category not in error.allowed
    }
    assert wrong == {}
    assert len(found) == len(_public()) >= 495


def test_no_account_or_route_matter_is_said_to_pass() -> None:
    stopping = [error for error in _public() if not error.allowed & PASSING and error.expected.stops_before_generation]
    assert len(stopping) > 150
    assert [error.id for error in stopping if error.classify().retryable] == []
    assert [error.id for error in stopping if error.classify().category in PASSING] == []


def test_every_public_error_has_its_source_and_every_arguable_one_is_decided() -> None:
    assert [error.id for error in _public() if not error.is_explained] == []
    assert [error.id for error in _public() if error.is_arguable and len(error.allowed) > 1] == []


@pytest.mark.parametrize("status", [None, 200, 500, 502, 503])
def test_what_stops_stops_also_where_a_gateway_hides_its_status(status: int | None) -> None:
    """A limit in money, a key, a route that is not set up: their words say so without a status."""
    by_words = [error for error in _public() if error.expected.stops_before_generation and error.classify().source]
    for error in by_words:
        read = classified(status, error.body, headers=error.headers, family=error.family)
        assert read.stops or not read.retryable, error.id

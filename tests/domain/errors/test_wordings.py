"""Further wordings of known reasons, in gateways' own envelopes and in many languages.

They are ours, or known from gateways' documents. A rule that is narrowed must still read them.
"""

import json
from functools import cache

from support.errors.corpus import DATA, PASSING, classified

from console.domain.errors.category import Category


@cache
def _wordings() -> tuple[tuple[int | None, str, tuple[Category, ...]], ...]:
    rows = map(json.loads, (DATA / "error_wordings.jsonl").read_text(encoding="utf-8").splitlines())
    return tuple((row["status"], row["body"], tuple(map(Category, row["allowed"]))) for row in rows)


def test_every_wording_is_read_for_its_reason() -> None:
    found = [(body, allowed, classified(status, body)) for status, body, allowed in _wordings()]
    assert len(found) > 800
    assert [(body, read.category, read.rule) for body, allowed, read in found if read.category not in allowed] == []


def test_no_wording_of_a_stop_is_said_to_pass() -> None:
    stops = [(status, body) for status, body, allowed in _wordings() if not PASSING & set(allowed)]
    assert len(stops) > 400
    assert [body for status, body in stops if classified(status, body).retryable] == []

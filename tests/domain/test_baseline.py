"""A baseline accepts what it names, no more of it and nothing graver, and keeps what people wrote."""

from dataclasses import replace
from datetime import date

import pytest

from console.domain.baseline import Acceptance, Entry, Seen, absent, acceptances, merged, updated
from console.domain.finding import Severity

TODAY = date(2026, 12, 2)
SEEN = Seen("boundary", "", "a.yml", "BND-07", Severity.WARN, 2)


@pytest.mark.parametrize(
    ("entry", "seen", "said"),
    [
        (Entry(SEEN), SEEN, Acceptance.KNOWN),
        (Entry(SEEN), replace(SEEN, count=1), Acceptance.KNOWN),
        (Entry(SEEN), replace(SEEN, count=3), Acceptance.WORSE),
        (Entry(SEEN), replace(SEEN, severity=Severity.FAIL), Acceptance.WORSE),
        (Entry(SEEN), replace(SEEN, severity=Severity.INFO), Acceptance.KNOWN),
        (Entry(SEEN), replace(SEEN, subject="b.yml"), Acceptance.NEW),
        (Entry(SEEN), replace(SEEN, verb="check"), Acceptance.NEW),
        (Entry(SEEN, TODAY), SEEN, Acceptance.KNOWN),
        (Entry(SEEN, date(2026, 12, 1)), SEEN, Acceptance.EXPIRED),
    ],
)
def test_what_a_baseline_says_of_a_finding(entry: Entry, seen: Seen, said: Acceptance) -> None:
    assert acceptances([entry], [seen], TODAY) == {seen.key: said}


def test_equal_findings_are_one_with_the_places_and_the_severity_of_all() -> None:
    assert merged([SEEN, replace(SEEN, severity=Severity.FAIL, count=1)]) == (
        replace(SEEN, severity=Severity.FAIL, count=3),
    )


def test_an_update_replaces_what_was_judged_and_keeps_the_rest_and_its_words() -> None:
    gone = replace(SEEN, id="BND-01")
    other = replace(SEEN, subject="not judged")
    entries = [Entry(SEEN, TODAY, "a ticket"), Entry(gone), Entry(other)]
    judged = [SEEN.key[:3]]
    assert absent(entries, [SEEN], judged) == (Entry(gone),)
    assert updated(entries, [replace(SEEN, count=5)], judged) == (
        Entry(replace(SEEN, count=5), TODAY, "a ticket"), Entry(other),
    )  # fmt: skip

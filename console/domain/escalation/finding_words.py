"""The registered words of a finding's id: one meaning for each, whoever reported it."""

from functools import cache

from console.domain.facts.load import load_facts
from console.domain.probes.assertion import Assertion, assertions


def finding_words(finding_id: str) -> str:
    """Return what a finding's id means; empty for an id that this version does not register."""
    return _registered().get(finding_id, "")


@cache
def _registered() -> dict[str, str]:
    tables = (each for each in load_facts("findings").values() if isinstance(each, dict))
    words = {finding_id: meaning for table in tables for finding_id, meaning in table.items()}
    return words | {row.id: _words_of(row) for row in assertions()}


def _words_of(row: Assertion) -> str:
    """Return what a finding of an assertion says: its one case, or which rule does not hold."""
    return row.cases[0].message if len(row.cases) == 1 else f"This rule does not hold: {row.meaning}"

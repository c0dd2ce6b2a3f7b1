"""The overview of a table of facts: rows, sources and age."""

from datetime import date

import pytest

from console.domain.facts.load import facts_names, load_facts
from console.domain.facts.overview import FRESH_DAYS, STALE_DAYS, overview_of


@pytest.mark.parametrize("name", facts_names())
def test_every_packaged_table_has_rows_and_its_sources_are_addresses(name: str) -> None:
    overview = overview_of(name, load_facts(name))
    assert overview.rows > 0
    assert all(each.startswith("https://") for each in overview.sources)
    assert (overview.oldest is None) is (overview.newest is None)


def test_the_age_counts_from_the_oldest_day_on_which_a_source_was_read() -> None:
    document = {
        "checked_on": "2026-11-22",
        "row": [{"source_url": "https://a.example"}, {"checked_on": "2026-12-01", "source": "README.md"}],
    }
    overview = overview_of("t", document)
    assert (overview.rows, overview.sources) == (2, ("https://a.example",))
    assert (overview.oldest, overview.newest) == (date(2026, 11, 22), date(2026, 12, 1))
    assert overview.age_days(date(2026, 12, 2)) == 10
    assert overview.age_days(date(2026, 1, 1)) == 0


@pytest.mark.parametrize(("age_days", "is_stale"), [(STALE_DAYS - 1, False), (STALE_DAYS, True)])
def test_a_table_is_stale_from_an_age_on(age_days: int, *, is_stale: bool) -> None:
    overview = overview_of("t", {"checked_on": "2026-01-01", "row": [{}]})
    assert overview.is_stale(date.fromordinal(date(2026, 1, 1).toordinal() + age_days)) is is_stale


@pytest.mark.parametrize(("age_days", "is_stale"), [(FRESH_DAYS, False), (FRESH_DAYS + 1, True)])
def test_a_recording_is_stale_sooner(age_days: int, *, is_stale: bool) -> None:
    overview = overview_of("t", {"recorded_on": date(2026, 1, 1), "shape": [{}]})
    assert overview.is_stale(date.fromordinal(date(2026, 1, 1).toordinal() + age_days)) is is_stale


def test_the_recordings_of_agents_are_tables_too() -> None:
    assert {f"agent_shapes/{each}" for each in ("claude_code", "codex", "copilot", "opencode")} <= set(facts_names())


def test_a_table_without_dates_is_neither_fresh_nor_stale() -> None:
    overview = overview_of("t", {"row": [{"a": 1}]})
    assert (overview.age_days(date(2026, 1, 1)), overview.is_stale(date(2026, 1, 1))) == (None, None)

"""The verification table: its rows, when a mark counts, and what comparing a page comes to."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.finding import Severity
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret
from console.domain.verification import (
    NOTE_LIMIT,
    Freshness,
    Mark,
    Row,
    RowState,
    SourceOutcome,
    check_freshness,
    check_note,
    compare,
    nearest_row_id,
    newest_mark,
    row_of,
    rows,
    state,
    sum_up_freshness,
)

ROW, OTHER = rows()[0], rows()[1]
TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])
A, B = "a" * 64, "b" * 64

SOURCES = {
    "Repository instructions": "https://github.com/openai/codex/blob/main/docs/agents_md.md",
    "Cloud task context": "https://developers.openai.com/codex/cloud",
    "Memory model": "https://code.claude.com/docs/en/memory",
    "CI secrets": "https://docs.github.com/actions/reference/encrypted-secrets",
    "Workflow permissions": "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax",
    "OpenAI Responses contract": "https://developers.openai.com/api/reference/resources/responses/methods/create",
    "CometAPI Responses contract": "https://apidoc.cometapi.com/api/text/responses",
    "CometAPI Chat contract": "https://apidoc.cometapi.com/api/text/chat",
    "CometAPI documentation": "https://apidoc.cometapi.com/",
    "Model identifiers": "https://apidoc.cometapi.com/overview/models",
    "OpenAI model retirement": "https://developers.openai.com/api/docs/deprecations",
    "Anthropic model retirement": "https://platform.claude.com/docs/en/about-claude/model-deprecations",
    "Claude Code gateway protocol": "https://code.claude.com/docs/en/llm-gateway-protocol",
    "Claude Code gateway connection": "https://code.claude.com/docs/en/llm-gateway-connect",
    "Pricing and enablement": "https://apidoc.cometapi.com/pricing/about-pricing",
    "Support escalation": "https://apidoc.cometapi.com/support/help-center",
}
"""What is to be verified, and where, copied by hand."""


def mark(day: str = "2026-05-01", *, row: Row = ROW, sha: str | None = None, by: str = "ann") -> Mark:
    return Mark(row.id, datetime.fromisoformat(day).replace(tzinfo=UTC), by, content_sha256=sha)


def state_on(today: str, *marks: Mark, expiry_days: int = 30) -> RowState:
    return state(ROW, marks, date.fromisoformat(today), expiry_days)


# --- The rows --------------------------------------------------------------------------------------------------------


def test_the_table_has_its_areas_with_their_sources() -> None:
    assert {row.area: row.source_url for row in rows()} == SOURCES
    assert len(rows()) == 16


def test_ids_are_unique_and_fit_to_be_typed() -> None:
    ids = [row.id for row in rows()]
    assert len(set(ids)) == 16
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", each) for each in ids)
    assert not {"mark", "show"} & set(ids)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_every_row_says_what_to_verify_and_what_is_safe_to_say_in_one_sentence_each(row: Row) -> None:
    for text in (row.what, row.safe_wording):
        assert 20 < len(text) <= 120
        assert text.endswith(".")
        assert safe(text) == text
        assert looks_like_secret(text) is None


def test_a_row_is_found_by_its_id_and_only_by_it() -> None:
    assert all(row_of(row.id) is row for row in rows())
    assert row_of("CI secrets") is None
    assert row_of("") is None


@pytest.mark.parametrize(
    ("word", "near"),
    [("ci-secret", "ci-secrets"), ("CI-Secrets", "ci-secrets"), ("memory", "memory-model"), ("pricing", None)],
)
def test_a_word_that_is_no_id_has_the_nearest_one(word: str, near: str | None) -> None:
    assert nearest_row_id(word) == (near or "pricing-enablement")


@pytest.mark.parametrize("word", ["", "zzzz", "\x00", "q" * 100_000])
def test_a_word_that_is_near_to_nothing_has_none(word: str) -> None:
    assert nearest_row_id(word) is None


# --- Whether a mark counts -------------------------------------------------------------------------------------------


def test_without_a_mark_a_row_was_never_verified() -> None:
    assert state_on("2026-05-01") == RowState(ROW, Freshness.NEVER)
    assert state_on("2026-05-01", mark(row=OTHER)).freshness is Freshness.NEVER


@pytest.mark.parametrize(
    ("today", "freshness"),
    [
        ("2026-05-01", Freshness.FRESH),
        ("2026-05-30", Freshness.FRESH),
        ("2026-05-31", Freshness.STALE),
        ("2027-05-01", Freshness.STALE),
        ("2026-04-30", Freshness.FRESH),  # another machine's day
        ("2026-04-29", Freshness.STALE),  # the clock was set back: the mark would count for too long
        ("1970-01-01", Freshness.STALE),
    ],
)
def test_a_mark_counts_for_thirty_days_and_not_from_the_future(today: str, freshness: Freshness) -> None:
    found = state_on(today, mark("2026-05-01"))
    assert (found.freshness, found.expires_on) == (freshness, date(2026, 5, 31))


def test_the_day_of_expiry_is_the_first_on_which_a_mark_no_longer_counts() -> None:
    made = mark()
    expires_on = state_on("2026-05-01", made, expiry_days=7).expires_on
    assert expires_on is not None
    before = expires_on - timedelta(days=1)
    assert state(ROW, [made], before, 7).freshness is Freshness.FRESH
    assert state(ROW, [made], expires_on, 7).freshness is Freshness.STALE


def test_the_mark_that_was_made_last_decides_whatever_the_clocks_said() -> None:
    wrong_clock, corrected = mark("2099-01-01", by="ann"), mark("2026-05-01", by="bob")
    assert newest_mark(ROW, [wrong_clock, corrected, mark(row=OTHER)]) is corrected
    assert state_on("2026-05-02", wrong_clock).freshness is Freshness.STALE
    assert state_on("2026-05-02", wrong_clock, corrected).freshness is Freshness.FRESH


@examples(150)
@given(
    made=st.lists(st.tuples(st.datetimes(timezones=st.just(UTC)), st.booleans()), max_size=5),
    today=st.dates(),
    expiry_days=st.integers(-(10**12), 10**12),
)
def test_every_day_and_every_expiry_has_a_state(
    made: list[tuple[datetime, bool]], today: date, expiry_days: int
) -> None:
    marks = [Mark(ROW.id if is_own else "x", at, "ann") for at, is_own in made]
    found = state(ROW, marks, today, expiry_days)
    assert (found.mark is None) == (found.freshness is Freshness.NEVER) == (found.expires_on is None)
    if found.freshness is Freshness.FRESH and found.expires_on is not None:
        assert today < found.expires_on or found.expires_on == date.max


def test_rows_that_do_not_count_are_findings_that_fail_where_they_are_required() -> None:
    states = [
        state_on("2026-05-01"),
        state_on("2026-07-01", mark("2026-05-01")),
        state_on("2026-05-02", mark("2026-05-01")),
    ]
    never, stale = check_freshness(states, is_required=True)
    assert (never.id, never.severity, never.checked_on) == ("VERIFY-01", Severity.FAIL, "")
    assert (stale.id, stale.severity, stale.checked_on) == ("VERIFY-02", Severity.FAIL, "2026-05-01")
    assert stale.source_url == ROW.source_url
    assert all(f"gateway-console verify mark {ROW.id}" in each.message for each in (never, stale))
    assert {each.severity for each in check_freshness(states, is_required=False)} == {Severity.WARN}
    summed = sum_up_freshness([*states, state(OTHER, (), date(2026, 7, 1))], is_required=False)
    assert [(each.id, each.severity) for each in summed] == [(each.id, Severity.WARN) for each in (never, stale)]
    assert summed[0].message.startswith(f"2 rows were never verified: {ROW.id}, {OTHER.id}. ")
    assert summed[1].message.startswith(f"1 row of the verification table was verified too long ago: {ROW.id}. ")


# --- Notes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("note", ["", "read it, nothing new", "x" * NOTE_LIMIT, "naïve ✓ \x1b[2J"])
def test_a_note_of_at_most_500_characters_is_kept(note: str) -> None:
    assert check_note(note) is None


@pytest.mark.parametrize(
    ("note", "finding_id"), [("word " * 101, "NOTE-02"), (f"key {TOKEN}", "NOTE-01"), (TOKEN + "x" * 600, "NOTE-01")]
)
def test_a_note_that_is_too_long_or_holds_a_secret_is_refused_and_not_repeated(note: str, finding_id: str) -> None:
    finding = check_note(note)
    assert finding is not None
    assert (finding.id, finding.severity) == (finding_id, Severity.FAIL)
    assert TOKEN[:12] not in finding.message


# --- Comparing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marks", "outcome"),
    [
        ([], SourceOutcome.NOT_COMPARED),
        ([mark(sha=None)], SourceOutcome.NOT_COMPARED),
        ([mark(sha=A), mark(sha=None)], SourceOutcome.NOT_COMPARED),
        ([mark(sha=A, row=OTHER)], SourceOutcome.NOT_COMPARED),
        ([mark(sha=A)], SourceOutcome.UNCHANGED),
        ([mark(sha=B), mark(sha=A)], SourceOutcome.UNCHANGED),
        ([mark(sha=B)], SourceOutcome.CHANGED),
        ([mark(sha=A), mark(sha=B), mark(sha=A, row=OTHER)], SourceOutcome.CHANGED),
    ],
)
def test_a_page_is_compared_with_the_newest_mark_and_no_other(marks: list[Mark], outcome: SourceOutcome) -> None:
    checked = compare(ROW, marks, A, 200)
    assert (checked.row_id, checked.outcome, checked.content_sha256) == (ROW.id, outcome, A)
    assert checked.reason.isprintable()


def test_what_changed_or_was_not_read_wants_a_look() -> None:
    assert not compare(ROW, [mark(sha=A)], A, 200).wants_a_look
    assert not compare(ROW, [], A, 200).wants_a_look
    assert compare(ROW, [mark(sha=B)], A, 200).wants_a_look

"""The wait that a refusal asks for: in headers, in fields, in sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.errors.corpus import classified
from support.examples import examples

from console.domain.errors.body import read_error_body
from console.domain.errors.retry_after import wait_in

_NOW = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"Retry-After": "20"}, 20.0),
        ({"RETRY-AFTER": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"llm_provider-retry-after": "7"}, 7.0),
        ({"retry-after": "20s"}, 20.0),
        ({"retry-after": "250ms"}, 0.25),
        ({"retry-after": "2m"}, 120.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:30 GMT", "date": _NOW}, 90.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:27:00 GMT", "Date": _NOW}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:30 GMT"}, None),
        ({"retry-after": "soon", "date": _NOW}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "9" * 400}, None),
        ({"x-ratelimit-reset": "20"}, None),
        ({}, None),
    ],
)
def test_a_wait_is_read_from_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_in(headers, read_error_body(b"")) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ('{"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}]}', 26.0),
        ('{"retryDelay": "1.5s"}', 1.5),
        ('{"resets_in_seconds": 18000}', 18_000.0),
        ('{"error": {"retry_after": 12}}', 12.0),
        ('{"retry_after_ms": 250}', 0.25),
        ('{"retry_after_seconds": "3"}', 3.0),
        ('{"error": {"message": "{\\"retry_after\\": 12}"}}', 12.0),
        ("{'retry_after': 12}", 12.0),
        ("Please try again in 1m2.5s.", 62.5),
        ("Please try again in 6.78s. Visit us", 6.78),
        ("please try again in 20ms", 0.02),
        ("Try again in 1h", 3_600.0),
        ("[retrying in 17h 42m attempt #1] retry in 17h 42m", 17 * 3_600.0 + 42 * 60.0),
        ("Please retry after 10 seconds.", 10.0),
        ("Please try again in 5 minutes", 300.0),
        ("retry in 2 hours", 7_200.0),
        ("Please wait 30 seconds", 30.0),
        ("try again in 2 days", 172_800.0),
        ("[openai/x] [429]: {} (reset after 30s)", 30.0),
        ("Please retry in about 41 secs", 41.0),
        ("Your quota will reset after 3h5m7s.", 3 * 3_600.0 + 5 * 60.0 + 7.0),
        ("try again in 500 milliseconds", 0.5),
        ("try again in a while", None),
        ("waited 30 seconds", None),
        ("temporarily unavailable", None),
        ("", None),
    ],
)
def test_a_wait_is_read_from_the_text(body: str, seconds: float | None) -> None:
    found = wait_in({}, read_error_body(body))
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_a_header_counts_before_the_text() -> None:
    assert wait_in({"retry-after": "5"}, read_error_body("try again in 60s")) == 5.0
    assert wait_in({"retry-after": "soon"}, read_error_body("try again in 60s")) == 60.0


def test_a_wait_does_not_turn_a_used_up_quota_into_a_rate_limit() -> None:
    body = b'{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}'
    found = classified(429, body, headers={"retry-after": "20"})
    assert (found.category, found.retry_after_s, found.retryable) == ("account_quota", 20.0, False)


@examples(150)
@given(value=st.text(max_size=30), date=st.text(max_size=30), body=st.text("0123456789.hms retryafinsg:'", max_size=60))
def test_no_text_makes_reading_a_wait_raise(value: str, date: str, body: str) -> None:
    found = wait_in({"retry-after": value, "date": date}, read_error_body(body))
    assert found is None or found >= 0

"""Sources: the verdict on a page, what of it may be kept, and the findings."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.finding import Severity
from console.domain.sources.cited_page import (
    Page,
    SourceChecked,
    SourceVerdict,
    Unread,
    check_sources,
    judge,
    not_read,
    origin_of,
    record_url,
)
from console.domain.sources.claim import Claim
from console.domain.text.secret_scan import looks_like_secret

TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])
URL = "https://docs.example/limits"
AT_MS = 1_780_000_000_000
TEXT = "A request may hold at most 100 messages."
QUOTE, OTHER = "at most 100 messages", "at most 500 messages"


def page(url: str = URL, *, media_type: str = "text/html") -> Page:
    return Page(url, 200, media_type, TEXT, "a" * 64, 512)


def judged(*quotes: str, url: str = URL, found: str | None = None) -> SourceChecked:
    claims = [Claim(f"c{place}", url, quote) for place, quote in enumerate(quotes, start=1)]
    return judge(claims, page(found or url), AT_MS)


# --- The verdict -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quotes", "verdict", "supports", "lacks"),
    [
        ((QUOTE,), SourceVerdict.SUPPORTED, ("c1",), ()),
        ((QUOTE, "A request may hold"), SourceVerdict.SUPPORTED, ("c1", "c2"), ()),
        ((QUOTE, ""), SourceVerdict.SUPPORTED, ("c1",), ()),
        ((OTHER,), SourceVerdict.UNSUPPORTED, (), ("c1",)),
        ((QUOTE, OTHER, ""), SourceVerdict.UNSUPPORTED, ("c1",), ("c2",)),
        (("A",), SourceVerdict.UNSUPPORTED, (), ("c1",)),
        (("",), SourceVerdict.LIVE, (), ()),
        ((" \u200b\n",), SourceVerdict.LIVE, (), ()),
    ],
)
def test_words_make_the_verdict(
    quotes: tuple[str, ...], verdict: SourceVerdict, supports: tuple[str, ...], lacks: tuple[str, ...]
) -> None:
    result = judged(*quotes)
    assert (result.verdict, result.supports, result.lacks) == (verdict, supports, lacks)
    assert result.claims == tuple(f"c{place}" for place in range(1, len(quotes) + 1))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (URL, "https://docs.example/other"),
        ("http://docs.example/limits", URL),
        ("https://www.docs.example/", URL),
        (URL, "https://www.docs.example/"),
        ("HTTPS://Docs.Example:443/limits#part", URL),
    ],
)
def test_another_page_of_the_same_site_is_no_move(url: str, found: str) -> None:
    assert judged(QUOTE, url=url, found=found).verdict is SourceVerdict.SUPPORTED


@pytest.mark.parametrize(
    "found", ["https://docs.example.evil/limits", "https://evil.example/", "https://docs.example:8443/limits"]
)
@pytest.mark.parametrize("quote", [QUOTE, ""])
def test_a_page_of_another_site_is_for_a_person_to_look_at_even_where_the_words_stand(found: str, quote: str) -> None:
    result = judged(quote, found=found)
    assert (result.verdict, result.final_origin) == (SourceVerdict.MOVED, origin_of(found))
    assert judged(OTHER, found=found).verdict is SourceVerdict.UNSUPPORTED


def test_what_is_kept_of_a_page_is_safe_for_a_record() -> None:
    url = f"https://user:{TOKEN}@docs.example/limits?key={TOKEN}&page=2#part"
    result = judge([Claim("c1", url, QUOTE)], page("https://docs.example/limits?key=x", media_type="text/<b>"), AT_MS)
    assert result == SourceChecked(
        url="https://docs.example/limits?key&page",
        verdict=SourceVerdict.SUPPORTED,
        checked_at_ms=AT_MS,
        claims=("c1",),
        supports=("c1",),
        final_origin="https://docs.example",
        status=200,
        content_sha256="a" * 64,
        media_type="",
        size=512,
    )
    assert judged(QUOTE).media_type == "text/html"


@given(text=st.text(), quote=st.text(), url=st.text(), found=st.text())
def test_no_page_makes_judging_raise_or_is_kept(text: str, quote: str, url: str, found: str) -> None:
    seen = Page(found, 200, text[:20], text, "a" * 64, len(text))
    result = judge([Claim("c1", url, quote)], seen, AT_MS)
    assert result.verdict in SourceVerdict
    kept = "".join(str(getattr(result, each.name)) for each in dataclasses.fields(result))
    assert kept.isascii()


# --- A URL in a record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://docs.example/a/b.html", "https://docs.example/a/b.html"),
        ("HTTPS://Docs.Example:443/A", "https://docs.example/A"),
        ("http://docs.example:8080/", "http://docs.example:8080/"),
        ("https://user:password@docs.example/", "https://docs.example/"),
        ("https://user@docs.example/?q=words&&page=2#part", "https://docs.example/?q&page"),
        ("https://docs.example/?a=1;b=2", "https://docs.example/?a"),
        ("https://docs.example/x;jsessionid=A1?b", "https://docs.example/x;jsessionid?b"),
        (f"https://docs.example/{TOKEN}/x", "https://docs.example/•••/x"),
        (f"https://docs.example/?{TOKEN}", "https://docs.example/?•••"),
        ("https://docs.example/" + TOKEN.replace("s", "%73"), "https://docs.example/•••"),
        ("https://docs.example/" + "ab" * 20, "https://docs.example/" + "ab" * 20),
        ("https://docs.example/Käse ü\x1b[31m", "https://docs.example/K%C3%A4se%20%C3%BC%1B%5B31m"),
        ("https://docs.example/" + "x" * 3000, "https://docs.example/•••"),
        ("http://[2001:db8::1]:81/x", "http://[2001:db8::1]:81/x"),
        ("http://[::1", "http:"),
        ("http://docs.example:port/x", "http:"),
        ("http://dócs.example/x", "http:"),
        ("http:///x", "http:"),
        ("file:///home/somebody/notes", "file:"),
        ("FTP://user@a.example/x", "ftp:"),
        ("data:text/html,words", "data:"),
        ("user:password@docs.example", ""),
        (TOKEN, ""),
        ("docs.example/x", ""),
        ("", ""),
    ],
)
def test_a_record_holds_of_a_url_only_what_is_public(url: str, kept: str) -> None:
    assert record_url(url) == kept


@given(user=st.text("abcXYZ019%:._-", max_size=9), tail=st.text(st.characters(), max_size=30))
def test_no_url_brings_a_secret_or_a_control_character_into_a_record(user: str, tail: str) -> None:
    kept = record_url(f"https://{user}@docs.example/{tail}?{tail}={TOKEN}#{TOKEN}")
    assert TOKEN not in kept
    assert kept == "https:" or kept.startswith("https://docs.example/")
    assert kept.isprintable()
    assert looks_like_secret(kept, is_address=True) is None


# --- Findings --------------------------------------------------------------------------------------------------------


def found(*results: SourceChecked, is_required: bool = False) -> list[tuple[str, Severity]]:
    return [(each.id, each.severity) for each in check_sources(results, is_required=is_required)]


def unread(why: Unread, *names: str) -> SourceChecked:
    return not_read([Claim(name, URL) for name in names or ("c1",)], AT_MS, why, "the host answered with 404", 404)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (judged(QUOTE), []),
        (judged(QUOTE, OTHER), [("SRC-01", Severity.FAIL)]),
        (unread(Unread.NO_PAGE), [("SRC-02", Severity.WARN)]),
        (unread(Unread.REFUSED), [("SRC-03", Severity.WARN)]),
        (judged(QUOTE, found="https://evil.example/"), [("SRC-04", Severity.WARN)]),
        (judged(""), [("SRC-05", Severity.INFO)]),
        (unread(Unread.OVER_LIMIT), [("SRC-06", Severity.WARN)]),
    ],
)
def test_each_verdict_has_its_finding(result: SourceChecked, expected: list[tuple[str, Severity]]) -> None:
    assert found(result) == found(result, is_required=True) == expected


def test_no_source_is_a_finding_only_where_the_kind_of_draft_has_to_name_one() -> None:
    assert found() == []
    assert found(is_required=True) == [("SRC-07", Severity.FAIL)]


def test_a_finding_says_which_page_when_and_how_often_and_nothing_from_outside() -> None:
    [unsupported] = check_sources([judged(QUOTE, OTHER, OTHER)])
    assert (unsupported.source_url, unsupported.checked_on) == (URL, "2026-05-28")
    assert unsupported.evidence == "2 of 3 quotes"
    [unreachable] = check_sources([unread(Unread.NO_PAGE)])
    assert unreachable.evidence == "the host answered with 404"


def test_claims_over_the_limit_are_one_finding_with_their_number() -> None:
    results = [unread(Unread.OVER_LIMIT, "a", "b"), judged(QUOTE), unread(Unread.OVER_LIMIT, "c")]
    [over] = check_sources(results)
    assert (over.id, over.evidence) == ("SRC-06", "claims not checked: 3")


def test_a_page_that_was_not_read_keeps_its_status_and_supports_nothing() -> None:
    result = unread(Unread.NO_PAGE, "a", "b")
    assert (result.verdict, result.status, result.claims) == (SourceVerdict.UNREACHABLE, 404, ("a", "b"))
    assert (result.supports, result.lacks, result.final_origin, result.content_sha256) == ((), (), "", None)

"""Looking at the sources: what each outcome is, and that a failing one leaves the others alone."""

import asyncio
from datetime import UTC, datetime

import pytest

from console.domain.verification import Mark, PageChecked, SourceOutcome, rows
from console.services.pages.failure import SourceRefusedError, SourceUnreachableError
from console.services.pages.fetch import Fetched
from console.services.pages.freshness_check import FETCH_LIMIT, Fetch, check_sources

A, B = "a" * 64, "b" * 64
ROWS = rows()[:5]
MARKS = [Mark(row.id, datetime(2026, 5, 1, tzinfo=UTC), "ann", "", A) for row in ROWS[:4]]


def page(sha: str) -> Fetched:
    return Fetched("https://docs.example/", 200, "text/html", "the page's words", sha)


async def checked_by(fetch: Fetch) -> dict[str, PageChecked]:
    return {each.row_id: each async for each in check_sources(ROWS, MARKS, fetch)}


async def test_each_page_has_its_own_outcome() -> None:
    async def fetch(url: str) -> Fetched:
        match [row.source_url for row in ROWS].index(url):
            case 0:
                return page(A)
            case 1:
                return page(B)
            case 2:
                raise SourceUnreachableError("the page's host answered with HTTP status 404", http_status=404)
            case 3:
                raise SourceRefusedError("the page's address is inside this machine or its network")
            case _:
                return page(A)

    found = await checked_by(fetch)
    assert [found[row.id].outcome for row in ROWS] == [
        SourceOutcome.UNCHANGED,
        SourceOutcome.CHANGED,
        SourceOutcome.UNREACHABLE,
        SourceOutcome.REFUSED,
        SourceOutcome.NOT_COMPARED,
    ]
    gone, refused = found[ROWS[2].id], found[ROWS[3].id]
    assert (gone.http_status, gone.content_sha256) == (404, None)
    assert "inside this machine" in refused.reason
    assert [found[row.id].wants_a_look for row in ROWS] == [False, True, True, True, False]
    assert not any("the page's words" in repr(each) for each in found.values())


async def test_only_a_few_pages_are_fetched_at_once() -> None:
    under_way, most = 0, 0

    async def fetch(url: str) -> Fetched:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return page(A)

    assert len(await checked_by(fetch)) == len(ROWS)
    assert most == FETCH_LIMIT


async def test_a_reader_that_stops_early_ends_the_fetches() -> None:
    ended = []

    async def fetch(url: str) -> Fetched:
        if url == ROWS[0].source_url:
            return page(A)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(url)
        return page(B)

    stream = check_sources(ROWS, MARKS, fetch)
    assert (await anext(stream)).row_id == ROWS[0].id
    await stream.aclose()
    assert set(ended) <= {row.source_url for row in ROWS[1:]}
    assert len(ended) >= FETCH_LIMIT - 1


async def test_a_bug_in_reading_is_no_outcome() -> None:
    async def fetch(url: str) -> Fetched:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await checked_by(fetch)

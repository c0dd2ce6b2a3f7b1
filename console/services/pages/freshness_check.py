"""Checking the sources of the verification table: whether a page changed since a person verified it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from console.domain.verification import Mark, PageChecked, Row, SourceOutcome, compare
from console.services.pages.failure import SourceError, SourceRefusedError
from console.services.pages.fetch import Fetched
from console.services.system.merge import merge

FETCH_LIMIT = 4
"""The most pages to fetch at once."""

Fetch = Callable[[str], Awaitable[Fetched]]
"""Reads a public page; raises `SourceError`."""


async def check_sources(rows: Sequence[Row], marks: Sequence[Mark], fetch: Fetch) -> AsyncGenerator[PageChecked, None]:
    """Fetch the rows' sources in parallel and yield each result as it arrives. Nothing is stored.

    Args:
        rows: The rows whose sources to fetch.
        marks: The marks of all rows, oldest first.
        fetch: Reads a page.

    """
    streams = [_check_source(row, marks, fetch) for row in rows]
    async with aclosing(merge(streams, places=asyncio.Semaphore(FETCH_LIMIT))) as merged:
        async for checked in merged:
            yield checked


async def _check_source(row: Row, marks: Sequence[Mark], fetch: Fetch) -> AsyncGenerator[PageChecked, None]:
    try:
        page = await fetch(row.source_url)
    except SourceError as error:
        is_refused = isinstance(error, SourceRefusedError)
        outcome = SourceOutcome.REFUSED if is_refused else SourceOutcome.UNREACHABLE
        yield PageChecked(row.id, outcome, str(error), error.http_status)
    else:
        yield compare(row, marks, page.sha256, page.status)

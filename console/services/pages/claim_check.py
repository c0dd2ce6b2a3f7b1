"""The source check: reads each page that a draft's claims cite once, and looks for the claims' words in it."""

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from console.domain.sources.cited_page import Page, SourceChecked, Unread, judge, not_read
from console.domain.sources.claim import Claim, address_of
from console.domain.text.secret_scan import looks_like_secret
from console.services.pages.failure import SourceError, SourceRefusedError
from console.services.pages.fetch import fetch
from console.services.pages.freshness_check import FETCH_LIMIT, Fetch
from console.services.pages.public_address import Resolve, resolve_host
from console.services.system.merge import merge

CLAIM_LIMIT = 50
"""The most claims of a draft to check."""
DEADLINE_S = 10.0
"""The longest that reading one source may take in total, in seconds."""
REDIRECT_LIMIT = 3


def source_fetch(
    *,
    loopback_origins: frozenset[str] = frozenset(),
    deadline_s: float = DEADLINE_S,
    resolve: Resolve = resolve_host,
) -> Fetch:
    """Return the guarded reader of public pages, with the limits for claims.

    Args:
        loopback_origins: Loopback origins that may be read too, such as the embedded gateway's in a demo.
        deadline_s: The longest that reading one source may take in total, in seconds.
        resolve: Resolves a host name to addresses.

    """
    return functools.partial(
        fetch,
        deadline_s=deadline_s,
        redirect_limit=REDIRECT_LIMIT,
        resolve=resolve,
        loopback_origins=loopback_origins,
    )


async def check_claims(
    claims: Sequence[Claim], read: Fetch, now: Callable[[], float] = time.time
) -> AsyncGenerator[SourceChecked, None]:
    """Read the pages that claims cite, a few at a time and each once, and yield each result as it arrives.

    Claims beyond the limit are yielded as not read, so that every claim has one result.

    Args:
        claims: The draft's claims, under their final ids.
        read: Reads a page, such as `source_fetch()`.
        now: The clock, in Unix time, in seconds.

    """
    chosen = _by_address(claims[:CLAIM_LIMIT])
    left = _by_address(claims[CLAIM_LIMIT:])
    streams = [_check(address, named, read, now) for address, named in chosen.items()]
    async with aclosing(merge(streams, places=asyncio.Semaphore(FETCH_LIMIT))) as merged:
        async for checked in merged:
            yield checked
    for named in left.values():
        yield not_read(named, _ms(now()), Unread.OVER_LIMIT, f"at most {CLAIM_LIMIT} claims of a draft are checked")


async def _check(
    address: str, claims: Sequence[Claim], read: Fetch, now: Callable[[], float]
) -> AsyncGenerator[SourceChecked, None]:
    # A draft may try to smuggle out what its writer was shown: never send what looks like a secret.
    if words := looks_like_secret(address, is_address=True):
        yield not_read(claims, _ms(now()), Unread.REFUSED, f"the page's URL looks like it contains {words}")
        return
    try:
        page = await read(address)
    except SourceError as error:
        unread = Unread.REFUSED if isinstance(error, SourceRefusedError) else Unread.NO_PAGE
        yield not_read(claims, _ms(now()), unread, str(error), error.http_status)
        return
    seen = Page(page.url, page.status, page.content_type, page.text, page.sha256, page.size)
    # In a thread: searching 2 MB takes a moment, and a screen may be waiting.
    yield await asyncio.to_thread(judge, claims, seen, _ms(now()))


def _by_address(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    named: dict[str, list[Claim]] = {}
    for claim in claims:
        named.setdefault(address_of(claim.url), []).append(claim)
    return named


def _ms(seconds: float) -> int:
    return int(seconds * 1000)

"""Rung 2: the lists of models that a gateway shows, read and merged."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from console.domain.assertion import found
from console.domain.catalogue import Catalogue
from console.domain.contract import Finding
from console.domain.family import family_of_path
from console.domain.route import Route
from console.services.probe.call import Reply, read_whole
from console.services.probe.failure import CallError
from console.services.probe.gateway import Gateway
from console.wire.catalogue import Listing, merge, read_listing

LIST_LIMIT = 4 * 1024 * 1024
"""The most bytes of one list; OpenRouter's, the largest seen, has about half a megabyte."""
_PAGE_LIMIT = 20
"""The most pages of one list."""

_PUBLIC_LISTS = ("/api/models", "/api/pricing")
"""CometAPI's public list and new-api's prices, both below the base URL."""


@dataclass(frozen=True, slots=True)
class CatalogueProof:
    """What reading the lists came to."""

    catalogue: Catalogue
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    requests_sent: int


async def read_catalogue(gateway: Gateway, routes: Sequence[Route]) -> CatalogueProof:
    """Ask for every list that a gateway may have and merge what is one. Never raises: a list is a hint.

    `/health` of a gateway is never asked: LiteLLM's makes a paid call to every deployment.
    """
    listings: list[tuple[str, Listing]] = []
    notes: list[str] = []
    findings: list[Finding] = []
    requests_sent = 0
    for path in (*_model_paths(routes), *_PUBLIC_LISTS):
        said = ""
        async for listing, seen in _pages(gateway, path):
            requests_sent += 1
            said = seen
            if listing is not None:
                listings.append((path, listing))
                if listing.is_cut:
                    findings.append(found("CAT-01", "too_long"))
        notes.append(f"GET {path}: {said}")
    catalogue = merge(listings)
    if not catalogue.entries:
        findings.append(found("CAT-01", "none"))
    return CatalogueProof(catalogue, tuple(notes), tuple(dict.fromkeys(findings)), requests_sent)


def _model_paths(routes: Sequence[Route]) -> list[str]:
    """Return the lists beside the routes' paths: `/v1/responses` has `/v1/models`."""
    paths = []
    for route in routes:
        family = family_of_path(route.endpoint_path)
        if family is not None:
            stem = route.endpoint_path.rstrip("/").removesuffix(family.standard_path.removeprefix("/v1"))
            paths.append(f"{stem}/models")
    return list(dict.fromkeys(paths or ["/v1/models"]))


async def _pages(gateway: Gateway, path: str) -> AsyncIterator[tuple[Listing | None, str]]:
    """Yield a list page by page, each with what was seen in words.

    No family is spoken: with `anthropic-version` some gateways answer in another shape.
    """
    after: str | None = None
    seen: set[str] = set()
    count = 0
    for page in range(1, _PAGE_LIMIT + 1):
        query = "" if after is None else f"?limit=1000&after_id={quote(after, safe='')}"
        try:
            reply = await read_whole(gateway.call(path + query, None, None), limit=LIST_LIMIT)
        except CallError as error:
            yield None, error.classification.evidence
            return
        listing = read_listing(reply.body) if reply.is_success else None
        count += 0 if listing is None else len(listing.entries)
        if listing is not None and listing.next_after is not None and page == _PAGE_LIMIT:
            listing = replace(listing, is_cut=True)
        yield listing, _said(reply, listing, count)
        if listing is None or listing.next_after is None or listing.next_after in seen:
            return
        after = listing.next_after
        seen.add(after)


def _said(reply: Reply, listing: Listing | None, count: int) -> str:
    if listing is not None:
        return f"{reply.status}, {count} model(s)"
    if not reply.is_success:
        return f"{reply.status}, no such list"
    if len(reply.body) >= LIST_LIMIT:
        return f"{reply.status}, longer than {LIST_LIMIT // 1024 // 1024} MB"
    return f"{reply.status}, {'a web page' if 'html' in reply.content_type else 'no list of models'}"

"""Rung 2: a gateway's model lists, read and merged."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from console.domain.errors.category import Classification
from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.probes.catalogue import Catalogue
from console.domain.routes.endpoint_path import beside
from console.domain.routes.family import family_of_path, path_ending
from console.domain.routes.route import Route
from console.services.gateway.call import Reply, read_whole
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.probes.mask import Mask
from console.services.probes.reading import classify_reply
from console.wire.catalogue import Listing, merge, read_listing

LIST_LIMIT = 4 * 1024 * 1024
"""The most bytes of one list; the largest seen, OpenRouter's, has about half a megabyte."""
LISTS_LIMIT = 8 * 1024 * 1024
"""The most bytes of all lists together."""
_PAGE_LIMIT = 20
"""The most pages of one list."""

_DEPLOYMENT = re.compile("/deployments/[^/]+(?=/)")
"""In Azure's paths, the model's own part: the list stands above it."""
_PUBLIC_LISTS = ("/api/models", "/api/pricing")
"""CometAPI's public list and new-api's prices, both under the base URL."""

_ABSENT = (404, 405, 410, 501)
"""The statuses of a path that a gateway does not have."""


@dataclass(frozen=True, slots=True)
class CatalogueProof:
    """The result of reading the lists."""

    catalogue: Catalogue
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    requests_sent: int
    key_refusal: Classification | None = None
    """Why a list refused our own key with status 401; None if none did."""
    outage: Classification | None = None
    """Why no list could be read, if all failed as an outage does; None if any list answered differently."""


async def read_catalogue(gateway: Gateway, routes: Sequence[Route]) -> CatalogueProof:
    """Request every list that a gateway may have and merge those it has. Never raises: a list is only a hint.

    All lists together get the time of one call and one byte limit, however many pages they have.

    A gateway's `/health` is never requested: LiteLLM's makes a paid call to every deployment.
    """
    reading = _Reading(gateway)
    paths = (*_model_paths(routes), *_PUBLIC_LISTS)
    try:
        async with asyncio.timeout(gateway.whole_deadline_s):
            for path in paths:
                await reading.read(path)
    except TimeoutError:
        reading.findings.append(finding_of("CAT-01", "too_slow"))
        for path in paths[len(reading.notes) :]:
            reading.notes.append(
                f"GET {path}: not read to the end within the {gateway.whole_deadline_s:g} s for all lists"
            )
        reading.is_complete = False
    catalogue = merge(reading.listings, is_complete=reading.is_complete)
    if not catalogue.entries:
        reading.findings.append(finding_of("CAT-01", "none"))
    findings = tuple(dict.fromkeys(reading.findings))
    outages = reading.outages if len(reading.outages) == len(paths) else []
    return CatalogueProof(
        catalogue,
        tuple(reading.notes),
        findings,
        reading.requests_sent,
        key_refusal=reading.key_refusal,
        outage=next(iter(outages), None),
    )


class _Reading:
    """What was read from a gateway's lists so far."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._left = LISTS_LIMIT
        self.listings: list[tuple[str, Listing]] = []
        self.notes: list[str] = []
        """One per list, in order; a list that was not read to the end has none."""
        self.findings: list[Finding] = []
        self.requests_sent = 0
        self.is_complete = True
        """Whether every list that the gateway has was read to its end."""
        self.key_refusal: Classification | None = None
        self.outages: list[Classification] = []
        """One per list that failed as an outage does."""

    async def read(self, path: str) -> None:
        """Read a list page by page.

        No family header is sent: with `anthropic-version` some gateways answer in another shape.
        """
        query, seen, count, said = "", set[str](), 0, ""
        for page in range(1, _PAGE_LIMIT + 1):
            if self._left <= 0:
                self._cut()
                said = said or f"not requested: the lists before it used up {LISTS_LIMIT // 1024 // 1024} MB"
                break
            limit = min(LIST_LIMIT, self._left)
            self.requests_sent += 1
            try:
                reply = await read_whole(self._gateway.call(path + query, None, None), limit=limit)
            except CallError as error:
                said = error.classification.evidence
                self._note_failure(path, error.classification)
                break
            self._left -= len(reply.body)
            listing = await asyncio.to_thread(self._listed, reply.body) if reply.is_success else None
            if not reply.is_success:
                self._note_refusal(path, reply)
            count += 0 if listing is None else len(listing.entries)
            said = _said(reply, listing, count, limit)
            if listing is None:
                break
            self.listings.append((path, listing))
            has_more = listing.next_after is not None and listing.next_after not in seen
            if listing.is_cut or (has_more and page == _PAGE_LIMIT):
                self._cut()
            if listing.next_after is None or not has_more:
                break
            seen.add(listing.next_after)
            query = f"{'&' if '?' in path else '?'}limit=1000&after_id={quote(listing.next_after, safe='')}"
        self.notes.append(f"GET {path}: {said}")

    def _listed(self, body: bytes) -> Listing | None:
        """Return a page without names that are the token: names are shown, and kept for the next check."""
        listing, mask = read_listing(body), Mask(self._gateway.secret)
        if listing is None:
            return None
        return replace(listing, entries=tuple(each for each in listing.entries if not mask.is_token(each.model)))

    def _note_refusal(self, path: str, reply: Reply) -> None:
        """Note a list that was refused: one that the gateway does not have is missing, any other refusal hides it."""
        reading = classify_reply(path, None, reply)
        if reply.status >= 500 and reply.status != 501:
            self._note_failure(path, reading)
        elif path in _PUBLIC_LISTS:
            return  # most gateways do not have these, and say so with any status
        elif reply.status == 401:
            self.is_complete, self.key_refusal = False, reading
            self.findings.append(finding_of("COM-S-04", "list", f"GET {path}: status 401"))
        elif reply.status not in _ABSENT:
            self.is_complete = False

    def _note_failure(self, path: str, reading: Classification) -> None:
        if reading.category.is_outage:
            self.outages.append(reading)
        if path not in _PUBLIC_LISTS:
            self.is_complete = False
            self.findings.append(finding_of("CAT-02", "failed", f"GET {path}"))

    def _cut(self) -> None:
        self.is_complete = False
        self.findings.append(finding_of("CAT-01", "too_long"))


def _model_paths(routes: Sequence[Route]) -> list[str]:
    """Return the model lists next to the routes' paths, with their queries: for `/v1/responses`, `/v1/models`."""
    paths = []
    for route in routes:
        family = family_of_path(route.endpoint_path)
        if family is not None:
            paths.append(beside(_DEPLOYMENT.sub("", route.endpoint_path), path_ending(family), "/models"))
    return list(dict.fromkeys(paths or ["/v1/models"]))


def _said(reply: Reply, listing: Listing | None, count: int, limit: int) -> str:
    if listing is not None:
        return f"{reply.status}, {count} model(s)"
    if not reply.is_success:
        return f"{reply.status}, {'no such list' if reply.status in _ABSENT else 'not read'}"
    if len(reply.body) >= limit:
        return f"{reply.status}, longer than {limit // 1024} kB"
    return f"{reply.status}, {'a web page' if 'html' in reply.content_type else 'not a list of models'}"

"""Keeps the shape of an exchange as it arrives: events and head without content. No IO; never raises."""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from console.domain.errors.category import Category
from console.domain.exchange.shape import MODEL, ExchangeShape, ShapeEnd
from console.domain.probes.served_head import HeadSays, served_heads
from console.domain.routes.route import Route
from console.domain.text.closed_name import MODEL_NAME
from console.services.gateway.call import Started
from console.services.gateway.failure import CallError
from console.services.probes.head import REQUEST_ID_HEADERS, is_page, request_id
from console.services.probes.intake import Intake
from console.services.probes.mask import Mask
from console.wire.without_content import EventKeeper, shape_body

_TYPES = frozenset(
    {"application/json", "application/problem+json", "application/xhtml+xml", "text/event-stream", "text/html",
     "text/plain", "text/xml", "application/octet-stream"}
)  # fmt: skip
_OTHER_TYPE = "application/x-other"
_WAITS = ("retry-after", "retry-after-ms", "llm_provider-retry-after")
_LIMITS = re.compile(r"(?:x-ratelimit|anthropic-ratelimit)-(?:limit|remaining|reset)(?:-(?:requests|tokens))?")
_FIGURE = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?(?:ms|s|m|h|d)?")
_REQUEST_ID = "req_0001"
_UNREADABLE = "other"
"""A value that no judge can read either."""


class ShapeKeeper:
    """Keeps what an answer was like."""

    __slots__ = ("_close", "_mask", "_route", "events")

    def __init__(self, route: Route, mask: Mask) -> None:
        self._route = route
        self._mask = mask
        self._close = partial(mask.closed, form=MODEL_NAME)
        self.events = EventKeeper()
        """The stream's events, as their reader passes them."""

    def shape(self, started: Started | None, intake: Intake | None, failure: CallError | None) -> ExchangeShape:
        """Return the shape of the exchange that ends here."""
        is_stream = intake is not None and intake.is_stream
        body = b"" if intake is None or is_stream else intake.body
        is_html = started is not None and (is_page(body) or started.content_type.endswith(("html", "xhtml+xml")))
        text = "" if intake is None or is_stream else shape_body(body, self._route.model, self._close, is_page=is_html)
        return ExchangeShape(
            status=0 if started is None else started.status,
            headers=() if started is None else tuple(self._headers(started)),
            body=text,
            events=self.events.shaped(self._route.model, self._close) if is_stream else (),
            end=_end(started, intake, failure),
            is_whole=self.events.is_whole,
        )

    def _headers(self, started: Started) -> Iterator[tuple[str, str]]:
        """Yield the headers that a judge reads, in closed forms."""
        headers = started.headers
        if "content-type" in headers:
            yield "content-type", started.content_type if started.content_type in _TYPES else _OTHER_TYPE
        if (name := next((each for each in REQUEST_ID_HEADERS if each in headers), None)) is not None:
            yield name, _UNREADABLE + " " if request_id(started, self._mask) is None else _REQUEST_ID
        for name, value in headers.items():
            if name in _WAITS or _LIMITS.fullmatch(name):
                yield name, value if _FIGURE.fullmatch(value.strip()) else _UNREADABLE
        yield from _served(headers, self._route.model, self._close)


def _served(headers: Mapping[str, str], model: str, close: "partial[str | None]") -> Iterator[tuple[str, str]]:
    """Yield the headers that say who answered; a header whose name has a free end is not kept."""
    kinds = {row.name: row.says for row in served_heads() if "*" not in row.name}
    for name in kinds.keys() & headers.keys():
        value = headers[name]
        match kinds[name]:
            case HeadSays.FALLBACKS:
                yield name, value if value.isascii() and value.isdigit() and len(value) < 6 else _UNREADABLE
            case HeadSays.MODEL | HeadSays.BEHIND | HeadSays.ALIAS:
                yield name, MODEL if value == model else close(value) or "other-model"
            case _:
                yield name, _UNREADABLE


def _end(started: Started | None, intake: Intake | None, failure: CallError | None) -> ShapeEnd:
    if failure is None:
        return ShapeEnd.INSIDE if intake is not None and intake.is_inside_event else ShapeEnd.WHOLE
    if failure.classification.category is Category.TIMEOUT:
        return ShapeEnd.LATE
    if failure.classification.category is not Category.UPSTREAM_UNAVAILABLE:
        return ShapeEnd.UNREAD
    return ShapeEnd.SILENT if started is None else ShapeEnd.BROKEN

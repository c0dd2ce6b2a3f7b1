"""Catalogues on the wire: reads the model lists of gateways, in any known shape, from bytes to entries.

Shapes: OpenAI's `/v1/models` with new-api's `supported_endpoint_types` and OpenRouter's `pricing`, Anthropic's list,
CometAPI's `/api/models`, new-api's `/api/pricing`. Sources: the gateways' own documentation and answers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.routes.family import EndpointFamily, family_of_path
from console.domain.text.safe import safe
from console.wire.json_value import decode, list_at, text_at, value_at

ENTRY_LIMIT = 5000
"""The maximum number of models kept per list; the largest seen has about a thousand."""
_NAME_LIMIT = 200
_RATIO_USD = 2.0
"""new-api's unit: a model ratio of 1 is 2 US dollars per million input tokens."""

_TYPES = {
    "openai": EndpointFamily.CHAT_COMPLETIONS,
    "openai-response": EndpointFamily.RESPONSES,
    "openai_response": EndpointFamily.RESPONSES,
    "anthropic": EndpointFamily.ANTHROPIC_MESSAGES,
    "chat": EndpointFamily.CHAT_COMPLETIONS,
    "completions": EndpointFamily.CHAT_COMPLETIONS,
    "responses": EndpointFamily.RESPONSES,
    "messages": EndpointFamily.ANTHROPIC_MESSAGES,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list."""

    entries: tuple[CatalogueEntry, ...]
    next_after: str | None = None
    """The id after which the next page begins; None on the last page."""
    is_cut: bool = False
    """Whether the list had more models than are kept."""


def read_listing(body: bytes) -> Listing | None:
    """Read a list of models in any known shape; None if the body is not such a list."""
    value = decode(body)
    rows = value if isinstance(value, list) else value_at(value, "data")
    if not isinstance(rows, list):
        rows = value_at(value, "models")
    if not isinstance(rows, list) or value_at(value, "success") is False or value_at(value, "error"):
        return None
    entries = [entry for row in rows[:ENTRY_LIMIT] if (entry := _entry(row)) is not None]
    if rows and not entries:
        return None
    last = text_at(value, "last_id")
    next_after = last if value_at(value, "has_more") is True and last and len(last) <= _NAME_LIMIT else None
    return Listing(tuple(entries), next_after, is_cut=len(rows) > ENTRY_LIMIT)


def merge(listings: Iterable[tuple[str, Listing]], *, is_complete: bool = True) -> Catalogue:
    """Merge lists, each with its path: a later list fills in the gaps of an earlier one.

    Args:
        listings: Each list's path and content.
        is_complete: Whether every list that the gateway has was read to its end.

    """
    entries: dict[str, CatalogueEntry] = {}
    sources: list[str] = []
    for source, listing in listings:
        if source not in sources:
            sources.append(source)
        for entry in listing.entries:
            known = entries.get(entry.model)
            entries[entry.model] = entry if known is None else _merged(known, entry)
    is_priced = any(entry.price is not None for entry in entries.values())
    return Catalogue(entries, tuple(sources), is_priced, is_complete)


def _merged(known: CatalogueEntry, entry: CatalogueEntry) -> CatalogueEntry:
    return replace(
        known,
        families=known.families if known.families is not None else entry.families,
        price=known.price or entry.price,
        is_enabled=known.is_enabled and entry.is_enabled,
        retires_on=known.retires_on or entry.retires_on,
    )


def _entry(row: object) -> CatalogueEntry | None:
    if isinstance(row, str):
        name: str | None = row
    else:
        name = text_at(row, "id") or text_at(row, "model_name") or text_at(row, "model") or text_at(row, "name")
    if not name or len(name) > _NAME_LIMIT or safe(name) != name:
        return None
    return CatalogueEntry(
        model=name,
        families=_families(row),
        price=_price(row),
        is_enabled=value_at(row, "enabled") is not False
        and value_at(row, "active") is not False
        and value_at(row, "status") != "disabled",
        retires_on=_retirement(row),
    )


def _families(row: object) -> tuple[EndpointFamily, ...] | None:
    types = value_at(row, "supported_endpoint_types")
    if isinstance(types, list):
        return tuple(dict.fromkeys(_TYPES[name] for name in types if isinstance(name, str) and name in _TYPES))
    endpoints = value_at(row, "endpoints")
    if isinstance(endpoints, str):
        endpoints = decode(endpoints)  # CometAPI puts JSON into a string
    if not endpoints:
        return None
    return tuple(dict.fromkeys(_endpoint_families(endpoints)))


def _endpoint_families(endpoints: object) -> Iterator[EndpointFamily]:
    pairs = endpoints.items() if isinstance(endpoints, dict) else ((each, each) for each in _as_list(endpoints))
    for name, about in pairs:
        path = text_at(about, "path") or (about if isinstance(about, str) else "")
        family = family_of_path(path) or (_TYPES.get(name) if isinstance(name, str) else None)
        if family is not None:
            yield family


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _price(row: object) -> Price | None:
    pricing = value_at(row, "pricing")
    if isinstance(pricing, dict):
        per_token = _pair(pricing, "prompt", "completion")
        if per_token is not None:
            return Price.per_token(per_token.input_usd, per_token.output_usd)
        return _pair(pricing, "input", "output")
    ratio, completion = _number(value_at(row, "model_ratio")), _number(value_at(row, "completion_ratio"))
    if value_at(row, "quota_type") in (0, None) and ratio is not None:
        input_usd = ratio * _RATIO_USD
        return Price(input_usd, input_usd * (1.0 if completion is None else completion))
    costs = _pair(row, "input_cost_per_token", "output_cost_per_token")
    return None if costs is None else Price.per_token(costs.input_usd, costs.output_usd)


def _pair(value: object, first: str, second: str) -> Price | None:
    one, other = _number(value_at(value, first)), _number(value_at(value, second))
    return None if one is None or other is None else Price(one, other)


def _number(value: object) -> float | None:
    """Return a price as a number, even if the gateway wrote it as text; None if it is not a number or negative."""
    if isinstance(value, str):
        try:
            value = float(value[:40])
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        return None
    return float(value)


def _retirement(row: object) -> str:
    for key in ("deprecation_date", "retires_on", "retirement_date", "expiration_date", "shutdown_date"):
        date = text_at(row, key)
        if date is not None and len(date) >= 10 and date[:10].replace("-", "").isdecimal():
            return date[:10]
    if value_at(row, "deprecated") is True or text_at(row, "lifecycle") in ("deprecated", "retired"):
        return "deprecated"
    return "" if not list_at(row, "deprecations") else "deprecated"

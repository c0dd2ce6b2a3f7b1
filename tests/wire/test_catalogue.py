"""Catalogues in every shape that gateways show, and in shapes that lie."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.money import Price
from console.domain.probes.catalogue import CatalogueEntry
from console.domain.routes.family import EndpointFamily
from console.wire.catalogue import ENTRY_LIMIT, Listing, merge, read_listing

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


def read(value: object) -> Listing | None:
    return read_listing(json.dumps(value).encode())


def entry(**row: Any) -> CatalogueEntry:
    """Read a list of one row and return its entry."""
    listing = read({"object": "list", "data": [{"id": "m", **row}]})
    assert listing is not None
    (found,) = listing.entries
    return found


# --- Shapes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"object": "list", "data": [{"id": "a", "object": "model"}, {"id": "b", "object": "model"}]},
        {"data": [{"id": "a", "type": "model", "display_name": "A"}, {"id": "b", "type": "model"}], "has_more": False},
        {"data": ["a", "b"]},
        ["a", "b"],
        {"models": [{"name": "a"}, {"model": "b"}]},
        {"success": True, "data": [{"model_name": "a"}, {"model_name": "b"}]},
        {"error": None, "data": [{"id": "a"}, {"id": "b"}]},
    ],
)
def test_every_shape_of_a_list_gives_its_models(body: object) -> None:
    listing = read(body)
    assert listing is not None
    assert [each.model for each in listing.entries] == ["a", "b"]
    assert (listing.next_after, listing.is_cut) == (None, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><html></html>",
        b"null",
        b"{}",
        b'{"ok": true}',
        b'{"data": {}}',
        b'{"data": "a"}',
        b'{"data": [1, 2]}',
        b'{"data": [{"no": "name"}]}',
        b'{"success": false, "data": [{"id": "a"}]}',
        b'{"error": {"message": "no"}, "data": [{"id": "a"}]}',
        b'{"error": {"message": "no such route", "code": "not_found"}}',
        b'{"data": [{"id": "a"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"data":' * 5_000,
    ],
)
def test_what_is_no_list_is_none(body: bytes) -> None:
    assert read_listing(body) is None


def test_an_empty_list_is_a_list() -> None:
    assert read({"data": []}) == Listing(())


@given(body=st.binary(max_size=200))
@examples(100)
def test_no_bytes_raise(body: bytes) -> None:
    assert read_listing(body) is None or isinstance(read_listing(body), Listing)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)
_ROW = st.dictionaries(
    st.sampled_from(
        [
            "id",
            "model_name",
            "pricing",
            "endpoints",
            "supported_endpoint_types",
            "quota_type",
            "model_ratio",
            "completion_ratio",
            "enabled",
            "active",
            "status",
            "deprecated",
            "deprecation_date",
            "lifecycle",
            "deprecations",
            "input_cost_per_token",
        ]
    ),
    _JSON,
)


@given(rows=st.lists(_ROW, max_size=4), more=st.dictionaries(st.sampled_from(["has_more", "last_id", "error"]), _JSON))
@examples(200)
def test_no_row_raises(rows: list[dict[str, object]], more: dict[str, object]) -> None:
    listing = read_listing(json.dumps({"data": rows, **more}, allow_nan=True).encode())
    assert listing is None or all(each.model for each in listing.entries)


# --- Families --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "families"),
    [
        ({}, None),
        ({"supported_endpoint_types": None}, None),
        ({"supported_endpoint_types": []}, ()),
        ({"supported_endpoint_types": ["openai"]}, (C,)),
        ({"supported_endpoint_types": ["openai", "openai-response", "anthropic"]}, (C, R, M)),
        ({"supported_endpoint_types": ["gemini", "image-generation"]}, ()),
        ({"supported_endpoint_types": ["openai", "openai", 5, None, ["openai"]]}, (C,)),
        ({"endpoints": '{"openai": {"path": "/v1/chat/completions", "method": "POST"}}'}, (C,)),
        ({"endpoints": {"openai-response": {"path": "/v1/responses"}, "anthropic": {"path": "/v1/messages"}}}, (R, M)),
        ({"endpoints": {"openai": "/v1/responses"}}, (R,)),
        ({"endpoints": ["/v1/messages", "/v1/responses"]}, (M, R)),
        ({"endpoints": ["chat", "responses"]}, (C, R)),
        ({"endpoints": ""}, None),
        ({"endpoints": "{"}, None),
        ({"endpoints": {}}, None),
    ],
)
def test_the_families_that_a_row_declares(row: dict[str, object], families: tuple[EndpointFamily, ...] | None) -> None:
    assert entry(**row).families == families


# --- Prices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "price"),
    [
        ({"pricing": {"prompt": "0.000003", "completion": "0.000015"}}, (3.0, 15.0)),
        ({"pricing": {"prompt": 0, "completion": 0}}, (0.0, 0.0)),
        ({"pricing": {"input": 3, "output": 15}}, (3.0, 15.0)),
        ({"quota_type": 0, "model_ratio": 1.25, "completion_ratio": 4}, (2.5, 10.0)),
        ({"quota_type": 0, "model_ratio": 1}, (2.0, 2.0)),
        ({"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05}, (3.0, 15.0)),
        ({"quota_type": 1, "model_price": 0.1, "model_ratio": 37.5}, None),
        ({"pricing": {"prompt": "-1", "completion": "-1"}}, None),
        ({"pricing": {"prompt": "-0.000003", "completion": "0.000015"}}, None),
        ({"pricing": {"prompt": "free", "completion": "0"}}, None),
        ({"pricing": {"prompt": "nan", "completion": "inf"}}, None),
        ({"pricing": {"prompt": True, "completion": True}}, None),
        ({"pricing": {"prompt": "0.000003"}}, None),
        ({"pricing": "cheap"}, None),
        ({"model_ratio": -1}, None),
        ({"model_ratio": 10**400}, None),
        ({}, None),
    ],
)
def test_the_price_that_a_row_names(row: dict[str, object], price: tuple[float, float] | None) -> None:
    found = entry(**row).price
    if price is None:
        assert found is None
    else:
        assert found is not None
        assert (found.input_usd, found.output_usd) == pytest.approx(price)


# --- Switched off, retired, lies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "is_enabled"),
    [({}, True), ({"enabled": True}, True), ({"enabled": False}, False), ({"active": False}, False),
     ({"status": "disabled"}, False), ({"status": "active"}, True), ({"enabled": None}, True)],
)  # fmt: skip
def test_a_model_that_is_switched_off(row: dict[str, object], is_enabled: bool) -> None:
    assert entry(**row).is_enabled is is_enabled


@pytest.mark.parametrize(
    ("row", "retires_on"),
    [
        ({}, ""),
        ({"deprecation_date": "2026-12-31"}, "2026-12-31"),
        ({"retires_on": "2026-12-31T00:00:00Z"}, "2026-12-31"),
        ({"deprecation_date": "soon, we hope"}, ""),
        ({"deprecated": True}, "deprecated"),
        ({"lifecycle": "retired"}, "deprecated"),
        ({"deprecations": [{"date": "x"}]}, "deprecated"),
        ({"deprecations": []}, ""),
        ({"deprecation_date": "\x1b[2J-------"}, ""),
    ],
)
def test_a_model_that_is_retired(row: dict[str, object], retires_on: str) -> None:
    assert entry(**row).retires_on == retires_on


def test_a_name_that_could_move_a_cursor_is_dropped_and_the_rest_stays() -> None:
    listing = read({"data": [{"id": "a\x1b[2J"}, {"id": "b\u202e"}, {"id": "x" * 201}, {"id": ""}, {"id": "good"}]})
    assert listing is not None
    assert [each.model for each in listing.entries] == ["good"]


def test_a_hundred_thousand_rows_are_cut_and_said_to_be() -> None:
    listing = read({"data": [{"id": f"m{number}"} for number in range(100_000)]})
    assert listing is not None
    assert (len(listing.entries), listing.is_cut) == (ENTRY_LIMIT, True)


def test_a_price_nested_too_deep_spoils_no_more_than_the_list() -> None:
    body = b'{"data":[{"id":"m","pricing":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}]}"
    assert read_listing(body) is None


# --- Pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "next_after"),
    [
        ({"has_more": True, "last_id": "a"}, "a"),
        ({"has_more": False, "last_id": "a"}, None),
        ({"has_more": True}, None),
        ({"has_more": True, "last_id": ""}, None),
        ({"has_more": "yes", "last_id": "a"}, None),
        ({"has_more": True, "last_id": 5}, None),
    ],
)
def test_the_next_page_follows_has_more_and_last_id(more: dict[str, object], next_after: str | None) -> None:
    listing = read({"data": [{"id": "a"}], **more})
    assert listing is not None
    assert listing.next_after == next_after


# --- Merging ---------------------------------------------------------------------------------------------------------


def _listing(**fields: Any) -> Listing:
    return Listing((CatalogueEntry("m", **fields),))


def test_a_later_list_adds_what_an_earlier_one_leaves_open() -> None:
    price = Price(1.0, 2.0)
    catalogue = merge(
        [
            ("/v1/models", _listing(families=(C,))),
            ("/api/pricing", _listing(price=price, families=(R,), retires_on="deprecated")),
        ]
    )
    assert catalogue.entries["m"] == CatalogueEntry("m", (C,), price, True, "deprecated")
    assert catalogue.sources == ("/v1/models", "/api/pricing")
    assert catalogue.is_priced


def test_one_list_that_switches_a_model_off_is_enough() -> None:
    assert not merge([("a", _listing()), ("b", _listing(is_enabled=False))]).entries["m"].is_enabled


def test_declared_as_none_is_said_and_not_overwritten() -> None:
    assert merge([("a", _listing(families=())), ("b", _listing(families=(R,)))]).entries["m"].families == ()


def test_pages_of_one_list_are_one_source() -> None:
    catalogue = merge([("a", Listing((CatalogueEntry("x"),))), ("a", Listing((CatalogueEntry("y"),)))])
    assert (list(catalogue.entries), catalogue.sources, catalogue.is_priced) == (["x", "y"], ("a",), False)


def test_nothing_merges_to_nothing() -> None:
    assert merge([]).entries == {}

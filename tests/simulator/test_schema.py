"""Documents made from JSON schemas: they fit, they are the same every time, and a bad schema is named by its place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.gateway.calling import fits

from console.simulator.schema_check import SchemaError, require_schema
from console.simulator.schema_instance import make_instance


def of(schema: object) -> dict[str, Any]:
    """Return a schema of an object that has one property."""
    return {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}


def made(schema: object, nonce: str = "") -> Any:
    """Return what is made for a schema of a property."""
    require_schema(of(schema), is_strict=False)
    instance = make_instance(of(schema), nonce)
    assert isinstance(instance, dict)
    assert list(instance) == ["a"]
    return instance["a"]


def refusal(schema: object, *, is_strict: bool = False) -> tuple[tuple[str | int, ...], str]:
    def use() -> None:
        require_schema(schema, is_strict=is_strict)
        assert isinstance(schema, dict)
        make_instance(schema)

    with pytest.raises(SchemaError) as caught:
        use()
    return caught.value.place, caught.value.problem


# --- What fits -------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["name", "score", "nonce", "words", "größe", "\ud800"])
BOUNDS = st.fixed_dictionaries({}, optional={"minimum": st.integers(-50, 0), "maximum": st.integers(1, 50)})
LEAVES = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.builds(lambda values: {"type": "string", "enum": values}, st.lists(st.text(), min_size=1)),
    st.builds(lambda bounds: {"type": "integer"} | bounds, BOUNDS),
    st.builds(lambda bounds: {"type": "number"} | bounds, BOUNDS),
    st.builds(lambda values: {"enum": values}, st.lists(st.one_of(st.integers(), st.none(), st.text()), min_size=1)),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda known, is_closed: (
            {"type": "object", "properties": known, "required": sorted(known)}
            | ({"additionalProperties": False} if is_closed else {})
        ),
        st.dictionaries(NAMES, inner, max_size=4),
        st.booleans(),
    )


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda items: {"type": "array", "items": items}, inner)


SCHEMAS = objects(st.recursive(LEAVES, lambda inner: st.one_of(objects(inner), arrays(inner)), max_leaves=12))


@given(schema=SCHEMAS)
def test_a_document_fits_its_schema_and_is_the_same_every_time(schema: dict[str, Any]) -> None:
    require_schema(schema, is_strict=False)
    instance = make_instance(schema)
    assert fits(instance, schema)
    assert json.loads(json.dumps(instance)) == instance == make_instance(schema)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "enum": ["ready", "block"]}, "ready"),
        ({"enum": [3, 4]}, 3),
        ({"type": "integer", "enum": ["a", 5]}, 5),
        ({"type": "integer", "enum": [1, 5], "minimum": 3}, 5),
        ({"enum": ["a", "abc"], "minLength": 2}, "abc"),
        ({"enum": [[], {}, True], "items": {"type": "string"}}, True),
        ({"const": "fixed"}, "fixed"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "minimum": 2.5}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "number", "minimum": 0.2, "maximum": 0.8}, 0.2),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "exclusiveMaximum": 0.5}, -0.5),
        ({"type": "number", "maximum": 0.5}, 0.5),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 1),
        ({"type": ["null"]}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        ({"type": "array", "items": {"type": "integer"}}, [1, 1]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 1}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3}, [1, 1, 1]),
        ({"type": "array", "items": False}, []),
        ({"type": "array", "items": {"enum": ["correctness", "safety"]}}, ["correctness", "safety"]),
        ({"type": "object"}, {}),
        ({"properties": {"b": {"type": "null"}}}, {"b": None}),
        ({"items": {"type": "null"}}, [None, None]),
        ({"type": "string", "minLength": 0, "maxLength": 0}, ""),
    ],
)
def test_a_value_is_the_simplest_that_fits(schema: dict[str, Any], value: object) -> None:
    assert made(schema) == value


@pytest.mark.parametrize("schema", [{"type": "string"}, {}, True, {"description": "anything"}])
def test_text_is_made_where_nothing_else_is_asked_for(schema: object) -> None:
    text = made(schema)
    assert isinstance(text, str)
    assert text


@pytest.mark.parametrize(("low", "high"), [(1, 1), (0, 3), (100, 100), (40, 1_000), (999, 10**9)])
def test_text_keeps_to_its_length(low: int, high: int) -> None:
    assert low <= len(made({"type": "string", "minLength": low, "maxLength": high})) <= high


def test_a_required_property_that_is_not_described_is_made_too() -> None:
    instance = make_instance({"type": "object", "required": ["b"], "additionalProperties": {"type": "integer"}})
    assert instance == {"b": 1}


def test_a_nonce_is_repeated_wherever_it_is_asked_for() -> None:
    schema = of({"type": "object", "properties": {"nonce": {"type": "string"}}}) | {
        "properties": {"nonce": {"type": "string"}, "a": of({"type": "string"}), "b": {"type": "string"}}
    }
    instance = make_instance(schema, "n-1")
    assert isinstance(instance, dict)
    assert (instance["nonce"], instance["b"] == "n-1") == ("n-1", False)


def test_a_nonce_that_is_too_long_is_not_repeated() -> None:
    schema = {"type": "object", "properties": {"nonce": {"type": "string", "maxLength": 3}}}
    assert make_instance(schema, "n-1") == {"nonce": "n-1"}
    assert make_instance(schema, "n-10") == {"nonce": "sam"}


def test_a_nonce_that_is_no_text_is_made_like_any_other_value() -> None:
    assert make_instance({"type": "object", "properties": {"nonce": {"type": "integer"}}}, "n-1") == {"nonce": 1}


# --- References ------------------------------------------------------------------------------------------------------


def test_a_reference_is_followed_with_its_marks_unescaped() -> None:
    schema = of({"$ref": "#/$defs/a~1b~0"}) | {"$defs": {"a/b~": {"type": "integer", "minimum": 4}}}
    assert make_instance(schema) == {"a": 4}


def test_a_schema_that_holds_itself_ends_at_its_second_level() -> None:
    node = {
        "type": "object",
        "properties": {
            "name": {"const": "n"},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        },
        "required": ["name", "next", "children"],
        "additionalProperties": False,
    }
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    require_schema(schema, is_strict=True)
    last = {"name": "n", "next": None, "children": []}
    assert make_instance(schema) == {"name": "n", "next": last, "children": [last, last]}


# --- Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (None, ()),
        ([], ()),
        ({}, ("type",)),
        ({"type": "string"}, ("type",)),
        ({"type": ["object"]}, ("type",)),
        ({"anyOf": [{"type": "object"}]}, ("type",)),
        (of(None), ("properties", "a")),
        (of({"type": "text"}), ("properties", "a", "type")),
        (of({"type": 1}), ("properties", "a", "type")),
        (of({"type": [[]]}), ("properties", "a", "type")),
        ({"type": "object", "properties": []}, ("properties",)),
        ({"type": "object", "$defs": 1}, ("$defs",)),
        (of({"enum": []}), ("properties", "a", "enum")),
        (of({"enum": "ab"}), ("properties", "a", "enum")),
        (of({"anyOf": {}}), ("properties", "a", "anyOf")),
        (of({"anyOf": [{"type": "no"}]}), ("properties", "a", "anyOf", 0, "type")),
        ({"type": "object", "required": [1]}, ("required",)),
        (of({"type": "array", "items": []}), ("properties", "a", "items")),
        (of({"minItems": -1}), ("properties", "a", "minItems")),
        (of({"maxLength": True}), ("properties", "a", "maxLength")),
        (of({"minimum": "1"}), ("properties", "a", "minimum")),
        (of({"exclusiveMinimum": True}), ("properties", "a", "exclusiveMinimum")),
        (of({"maximum": float("inf")}), ("properties", "a", "maximum")),
        (of({"maximum": 10**400}), ("properties", "a", "maximum")),
        (of({"$ref": 1}), ("properties", "a", "$ref")),
    ],
)
def test_a_malformed_schema_is_named_by_its_place(schema: object, place: tuple[str | int, ...]) -> None:
    assert refusal(schema)[0] == place


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (of(False), ("properties", "a")),
        (of({"type": "integer", "minimum": 2, "maximum": 1}), ("properties", "a")),
        (of({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}), ("properties", "a")),
        (of({"type": "string", "enum": [1]}), ("properties", "a", "enum")),
        (of({"type": "string", "const": None}), ("properties", "a", "const")),
        (of({"type": "array", "minItems": 2, "maxItems": 1}), ("properties", "a", "minItems")),
        (of({"type": "string", "minLength": 1_001}), ("properties", "a", "minLength")),
        (of({"type": "array", "minItems": 10**9, "maxItems": 10**10}), ("properties", "a", "minItems")),
        (of({"type": "string", "pattern": "^a"}), ("properties", "a", "pattern")),
        (of({"oneOf": [{"type": "string"}]}), ("properties", "a", "oneOf")),
        (of({"type": "string", "anyOf": [{"maxLength": 1}]}), ("properties", "a", "anyOf")),
        (of({"$ref": "#/$defs/none"}), ("properties", "a", "$ref")),
        (of({"$ref": "https://example.invalid/schema"}), ("properties", "a", "$ref")),
        (of({"$ref": "#"}), ("properties", "a", "properties", "a", "properties", "a", "properties", "a", "$ref")),
        ({"type": "object", "required": ["b"], "additionalProperties": False}, ("required",)),
    ],
)
def test_a_schema_that_nothing_can_be_made_from_is_named_by_its_place(
    schema: dict[str, Any], place: tuple[str | int, ...]
) -> None:
    require_schema(schema, is_strict=False)
    assert refusal(schema)[0] == place


def test_a_schema_that_asks_for_too_much_is_refused() -> None:
    wide: dict[str, Any] = {"type": "null"}
    for _ in range(7):
        wide = {"type": "array", "items": wide, "minItems": 4}
    assert refusal(of(wide)) == ((), "asks for more than 2000 values")


def test_a_chain_of_references_without_an_end_in_sight_is_refused() -> None:
    links = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(5_000)}
    assert refusal(of({"$ref": "#/$defs/d0"}) | {"$defs": links}) == ((), "is nested too deeply")


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "object"}, ("additionalProperties",)),
        ({"type": "object", "additionalProperties": True}, ("additionalProperties",)),
        (of({"type": ["object", "null"]}), ("properties", "a", "additionalProperties")),
        (of({"type": "null"}) | {"required": []}, ("required",)),
        (of({"type": "array", "items": {"type": "object"}}), ("properties", "a", "items", "additionalProperties")),
    ],
)
def test_strict_wants_closed_objects_and_every_property_required(
    schema: dict[str, Any], place: tuple[str | int, ...]
) -> None:
    require_schema(schema, is_strict=False)
    assert refusal(schema, is_strict=True)[0] == place

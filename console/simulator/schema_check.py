"""The form of JSON schemas: what is malformed in them, before anything is made from one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Place = tuple[str | int, ...]
"""The keys and positions that lead to a value."""

TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_BOUND_LIMIT = 2**63
"""The largest number that a bound may be: schemas made by tools bound an integer by 2**53 - 1 or by 2**63 - 1."""
_SIZES = ("minItems", "maxItems", "minLength", "maxLength")
_NAMED = ("properties", "$defs", "definitions")
"""The keywords that hold named schemas."""
_SINGLE = ("items", "additionalProperties")


@dataclass
class SchemaError(Exception):
    """A schema that is malformed, or that nothing can be made from."""

    place: Place
    problem: str
    """Text that follows the path, such as `has to be a list of names`."""


def require_schema(schema: object, *, is_strict: bool) -> None:
    """Check an object's schema, and all schemas inside it.

    Args:
        schema: The schema as it was given.
        is_strict: Enforce the vendors' strict mode: every object closed, every property required.

    Raises:
        SchemaError: It is malformed.

    """
    if not isinstance(schema, dict):
        raise SchemaError((), "has to be a JSON schema")
    if schema.get("type") != "object" and "$ref" not in schema:
        raise SchemaError(("type",), "has to be 'object'")
    for place, each in _all_in(schema, ()):
        _require_form(each, place)
        if is_strict and isinstance(each, dict):
            _require_closed(each, place)


def _all_in(schema: object, place: Place) -> Iterator[tuple[Place, object]]:
    """Yield a schema and all schemas inside it, each with its path, outer ones first."""
    yield place, schema
    if not isinstance(schema, dict):
        return
    for word in _NAMED:
        for name, each in schema.get(word, {}).items():
            yield from _all_in(each, (*place, word, name))
    for position, each in enumerate(schema.get("anyOf", ())):
        yield from _all_in(each, (*place, "anyOf", position))
    for word in _SINGLE:
        if word in schema:
            yield from _all_in(schema[word], (*place, word))


def _require_form(schema: object, place: Place) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise SchemaError(place, "has to be a JSON schema")
    types = schema.get("type", [])
    if not all(isinstance(each, str) and each in TYPES for each in (types if isinstance(types, list) else [types])):
        raise SchemaError((*place, "type"), "has to be a JSON type")
    for word in _NAMED:
        if not isinstance(schema.get(word, {}), dict):
            raise SchemaError((*place, word), "has to be an object of schemas")
    for word in ("enum", "anyOf"):
        if word in schema and not (isinstance(schema[word], list) and schema[word]):
            raise SchemaError((*place, word), "has to be a list that is not empty")
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise SchemaError((*place, "required"), "has to be a list of names")
    for word in _SIZES:
        if not _is_size(schema.get(word, 0)):
            raise SchemaError((*place, word), "has to be a whole number from 0 on")
    for word in _BOUNDS:
        if not _is_bound(schema.get(word, 0)):
            raise SchemaError((*place, word), f"has to be a number of at most {_BOUND_LIMIT:.0e}")
    if not isinstance(schema.get("$ref", ""), str):
        raise SchemaError((*place, "$ref"), "has to be text")


def _require_closed(schema: dict[str, Any], place: Place) -> None:
    types = schema.get("type")
    if types != "object" and not (isinstance(types, list) and "object" in types):
        return
    if schema.get("additionalProperties") is not False:
        raise SchemaError((*place, "additionalProperties"), "is required to be supplied and to be false")
    missing = [name for name in schema.get("properties", {}) if name not in schema.get("required", [])]
    if missing:
        raise SchemaError((*place, "required"), "has to name every property")


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_bound(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _BOUND_LIMIT

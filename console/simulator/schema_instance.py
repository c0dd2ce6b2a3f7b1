"""Instances of JSON schemas: documents that fit a schema, made from it alone, the same one every time."""

import math
from collections.abc import Iterator
from typing import Any

from console.simulator.schema_check import Place, SchemaError

_TEXTS = ("sample text", "another line", "made up here", "one more entry", "words of no meaning")
_ITEMS = 2
"""The number of items in an array if its schema leaves it open."""
_NODE_LIMIT = 2_000
_SIZE_LIMIT = 1_000
_DEPTH_LIMIT = 120
_REPEAT_LIMIT = 3
"""How often a schema may be nested inside itself before it counts as endless."""
_UNKNOWN = (
    "allOf", "contains", "dependentRequired", "dependentSchemas", "else", "if", "minContains", "minProperties",
    "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties", "uniqueItems",
)  # fmt: skip
"""The keywords that constrain an instance but are not supported here."""
_INSIDE = ("properties", "required", "additionalProperties", "items", "minItems", "maxItems")
"""The keywords about the contents of a list or an object."""
_CONSTRAINTS = ("type", "enum", "const", "properties", "required", "items", "anyOf", "$ref")


def make_instance(schema: dict[str, Any], nonce: str = "") -> object:
    """Make a document that fits a schema.

    Objects get all their properties, arrays one or two items, values with an `enum` its values in turn. A property
    named `nonce` gets the given one.

    Args:
        schema: A schema that `require_schema` found well formed.
        nonce: The value of a property named `nonce`; empty for none.

    Raises:
        SchemaError: The schema contradicts itself, is too large, or uses a keyword that is not supported here.

    """
    return _Maker(schema, nonce).make(schema, (), "", 0)


class _Maker:
    """Makes one instance."""

    def __init__(self, root: dict[str, Any], nonce: str) -> None:
        self._root = root
        self._nonce = nonce
        self._nodes = 0
        self._texts = 0
        self._followed: list[str] = []
        """The references that the maker is inside of."""

    def make(self, schema: object, place: Place, name: str, turn: int) -> object:
        """Make the value at a path; `turn` is its position in an array, which selects values of an enum."""
        self._nodes += 1
        if self._nodes > _NODE_LIMIT:
            raise SchemaError((), f"asks for more than {_NODE_LIMIT} values")
        if len(place) + len(self._followed) > _DEPTH_LIMIT:
            raise SchemaError((), "is nested too deeply")
        if schema is False:
            raise SchemaError(place, "allows no value at all")
        if not isinstance(schema, dict):
            return self._text({}, place)
        for word in _UNKNOWN:
            if word in schema:
                raise SchemaError((*place, word), "is a word that is not supported here")
        for word in ("$ref", "anyOf"):
            if word in schema:
                others = [other for other in _CONSTRAINTS if other != word and other in schema]
                if others:
                    raise SchemaError((*place, word), f"is not supported beside '{others[0]}'")
        if "$ref" in schema:
            return self._follow(schema["$ref"], place, name, turn)
        if "anyOf" in schema:
            position = self._choose(schema["anyOf"])
            return self.make(schema["anyOf"][position], (*place, "anyOf", position), name, turn)
        if "const" in schema or "enum" in schema:
            return _given(schema, place, turn)
        return self._of_type(schema, place, name, turn)

    def _of_type(self, schema: dict[str, Any], place: Place, name: str, turn: int) -> object:
        match _type(schema):
            case "object":
                return self._object(schema, place, turn)
            case "array":
                return self._array(schema, place)
            case "integer":
                return _number(schema, place, is_whole=True)
            case "number":
                return _number(schema, place, is_whole=False)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                if name == "nonce" and self._nonce and _is_fit(self._nonce, schema):
                    return self._nonce
                return self._text(schema, place)

    # --- References --------------------------------------------------------------------------------------------------

    @property
    def _is_inside_itself(self) -> bool:
        """Whether a reference was followed from inside itself: from there on only required properties are made."""
        return len(self._followed) != len(set(self._followed))

    def _follow(self, reference: str, place: Place, name: str, turn: int) -> object:
        if self._followed.count(reference) >= _REPEAT_LIMIT:
            raise SchemaError((*place, "$ref"), "leads back to itself without an end")
        if reference != "#" and not reference.startswith("#/"):
            raise SchemaError((*place, "$ref"), "has to point into this schema")
        target: object = self._root
        for step in reference.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or key not in target:
                raise SchemaError((*place, "$ref"), "points at nothing")
            target = target[key]
        self._followed.append(reference)
        try:
            return self.make(target, place, name, turn)
        finally:
            self._followed.pop()

    def _choose(self, choices: list[object]) -> int:
        """Return the position of the choice to take: the first, or inside itself the one that ends soonest."""
        if not self._is_inside_itself:
            return 0
        plain = (at for at, each in enumerate(choices) if not (isinstance(each, dict) and "$ref" in each))
        return next(plain, 0)

    # --- Values ------------------------------------------------------------------------------------------------------

    def _object(self, schema: dict[str, Any], place: Place, turn: int) -> dict[str, object]:
        known: dict[str, object] = schema.get("properties", {})
        required: list[str] = schema.get("required", [])
        rest = schema.get("additionalProperties", True)
        made: dict[str, object] = {}
        for name in dict.fromkeys((*known, *required)):
            if self._is_inside_itself and name not in required:
                continue
            if name in known:
                made[name] = self.make(known[name], (*place, "properties", name), name, turn)
            elif rest is False:
                raise SchemaError((*place, "required"), "names a property that is not allowed")
            else:
                made[name] = self.make(rest, (*place, "additionalProperties"), name, turn)
        return made

    def _array(self, schema: dict[str, Any], place: Place) -> list[object]:
        low, high = _sizes(schema, place, "minItems", "maxItems")
        count = low if self._is_inside_itself else min(max(low, _ITEMS), high)
        items = schema.get("items", True)
        if items is False and not low:
            return []
        return [self.make(items, (*place, "items"), "", turn) for turn in range(count)]

    def _text(self, schema: dict[str, Any], place: Place) -> str:
        low, high = _sizes(schema, place, "minLength", "maxLength")
        text = _TEXTS[self._texts % len(_TEXTS)]
        self._texts += 1
        while len(text) < low:
            text = f"{text} {text}"
        return text[:high]


def _type(schema: dict[str, Any]) -> str:
    types = schema.get("type")
    if isinstance(types, list):
        types = next((each for each in types if each != "null"), "null") if types else None
    if isinstance(types, str):
        return types
    hints = {"properties": "object", "required": "object", "items": "array", "minItems": "array", "minimum": "number"}
    return next((kind for word, kind in hints.items() if word in schema), "string")


def _given(schema: dict[str, Any], place: Place, turn: int) -> object:
    """Return one of the values that a schema lists."""
    word = "const" if "const" in schema else "enum"
    values = [schema["const"]] if word == "const" else schema["enum"]
    fitting = [value for value in values if _is_fit(value, schema)]
    if not fitting:
        raise SchemaError((*place, word), "holds no value that fits")
    return fitting[turn % len(fitting)]


def _is_fit(value: object, schema: dict[str, Any]) -> bool:
    """Return whether a value listed in a schema meets its other constraints; a list or object never meets more."""
    types = schema.get("type", [])
    allowed = types if isinstance(types, list) else [types]
    if allowed and not any(_is_of(value, each) for each in allowed):
        return False
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return _is_within(value, schema)
    if isinstance(value, str):
        return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf))
    return value is None or not any(word in schema for word in _INSIDE)


def _is_of(value: object, kind: str) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            )
        case "number":
            return not isinstance(value, bool) and isinstance(value, int | float)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case _:
            return value is None


def _sizes(schema: dict[str, Any], place: Place, least: str, most: str) -> tuple[int, int]:
    low, high = schema.get(least, 0), min(schema.get(most, _SIZE_LIMIT), _SIZE_LIMIT)
    if low > high:
        raise SchemaError((*place, least), f"leaves no size that is at least {low} and at most {high}")
    return low, high


def _number(schema: dict[str, Any], place: Place, *, is_whole: bool) -> float:
    """Return the least number that fits, or 1 if the schema does not say."""
    for value in _whole_candidates(schema) if is_whole else _candidates(schema):
        if _is_within(value, schema):
            return value
    raise SchemaError(place, "leaves no number between its bounds")


def _is_within(value: float, schema: dict[str, Any]) -> bool:
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    return bool(low <= value <= high and above < value < below)


def _whole_candidates(schema: dict[str, Any]) -> Iterator[int]:
    if "minimum" in schema:
        yield math.ceil(schema["minimum"])
    if "exclusiveMinimum" in schema:
        yield math.floor(schema["exclusiveMinimum"]) + 1
    yield 1
    if "maximum" in schema:
        yield math.floor(schema["maximum"])
    if "exclusiveMaximum" in schema:
        yield math.ceil(schema["exclusiveMaximum"]) - 1


def _candidates(schema: dict[str, Any]) -> Iterator[float]:
    tops = [schema[word] for word in ("maximum", "exclusiveMaximum") if word in schema]
    if "minimum" in schema:
        yield schema["minimum"]
    if "exclusiveMinimum" in schema:
        yield schema["exclusiveMinimum"] + 1
        yield from ((schema["exclusiveMinimum"] + top) / 2 for top in tops)
    yield 1
    if "maximum" in schema:
        yield schema["maximum"]
    if "exclusiveMaximum" in schema:
        yield schema["exclusiveMaximum"] - 1

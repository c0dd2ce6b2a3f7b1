"""What a request asks for: a text, a JSON schema, a tool. The families put the same wish into different fields."""

from collections.abc import Mapping
from dataclasses import dataclass

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON schema that the answer's text has to fit."""

    name: str
    schema: Json


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call, or has to."""

    name: str
    description: str
    parameters: Json
    is_forced: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """One request's wish."""

    prompt: str
    max_output_tokens: int
    is_streamed: bool = True
    instructions: str = ""
    """What stands above the prompt: the system's or developer's words."""
    schema: Schema | None = None
    tool: Tool | None = None


def fits(value: object, schema: Json) -> bool:
    """Return whether a decoded value fits a JSON schema.

    Knows what the console's own schemas use: type, properties, required, additionalProperties, items, maxItems, enum,
    minimum and maximum. Total: a schema word that it does not know constrains nothing.
    """
    kind = schema.get("type")
    if isinstance(kind, str) and not _is_of(value, kind):
        return False
    options = schema.get("enum")
    if isinstance(options, list | tuple) and value not in options:
        return False
    if isinstance(value, dict):
        return _object_fits(value, schema)
    if isinstance(value, list):
        most = schema.get("maxItems")
        if isinstance(most, int) and len(value) > most:
            return False
        items = schema.get("items")
        return not isinstance(items, Mapping) or all(fits(item, items) for item in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        is_above = not isinstance(low, int | float) or value >= low
        return is_above and (not isinstance(high, int | float) or value <= high)
    return True


def _object_fits(value: dict[str, object], schema: Json) -> bool:
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    if isinstance(required, list | tuple) and any(not isinstance(key, str) or key not in value for key in required):
        return False
    if schema.get("additionalProperties") is False and any(key not in known for key in value):
        return False
    return all(fits(value[key], inner) for key, inner in known.items() if key in value and isinstance(inner, Mapping))


def _is_of(value: object, kind: str) -> bool:
    match kind:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return is_whole and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "null":
            return value is None
        case _:
            return True

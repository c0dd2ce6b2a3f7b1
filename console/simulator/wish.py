"""Wishes: the JSON schemas and tools of a request, parsed and turned into what the answer has to contain.

The families put the same wish into different fields; each reads its own and passes what it found to `make_wish`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from console.simulator.dialect import RequestError
from console.simulator.roles.agent_work import agent_wish
from console.simulator.schema_check import Place, SchemaError, require_schema
from console.simulator.schema_instance import make_instance
from console.simulator.script import Wish

Refuse = Callable[[Place, str], RequestError]
"""Words the refusal of the value at a path, as a family does."""

ANY = "*"
"""The choice of whichever function comes first; no function can have this name."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_NONCE = re.compile(r"\bNonce: ([A-Za-z0-9_-]+)")
_ANY_OBJECT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Given:
    """A JSON schema in a request, and where it is."""

    place: Place
    schema: object
    is_strict: bool = False
    name: str = ""
    """The schema's name; empty if the family's format has none."""


def any_object(place: Place) -> Given:
    """Return the schema of requests that want JSON and give no schema."""
    return Given(place, _ANY_OBJECT)


def make_wish(
    prompt: str,
    *,
    form: Given | None,
    functions: Mapping[str, Given],
    forced: str | None,
    refuse: Refuse,
    has_result: bool = False,
) -> Wish:
    """Build what an answer has to contain.

    Args:
        prompt: The prompt, which may hold a nonce.
        form: The schema that the answer's text has to fit.
        functions: The functions that may be called, by name.
        forced: The name of the function that has to be called; `ANY` if one has to, None if none has to.
        has_result: Whether the request has the result of a tool.
        refuse: How the family words a refusal.

    Raises:
        RequestError: A schema is malformed or unsupported, or no such function is given.

    """
    for given in (*functions.values(), *(() if form is None else (form,))):
        try:
            require_schema(given.schema, is_strict=given.is_strict)
        except SchemaError as error:
            raise refuse((*given.place, *error.place), error.problem) from None
    if forced is not None:
        name = next(iter(functions), ANY) if forced == ANY else forced
        if name not in functions:
            raise refuse(("tool_choice",), "has to name a function among the tools")
        return replace(_wish(functions[name], prompt, refuse), tool=name, name=name)
    if form is not None:
        return _wish(form, prompt, refuse)
    schemas = {name: each.schema for name, each in functions.items()}
    return agent_wish(prompt, schemas, has_result=has_result) or Wish()


def object_in(value: object, place: Place, refuse: Refuse) -> dict[str, Any]:
    """Return a request's value as an object; a missing one is empty. Raises `RequestError`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refuse(place, "has to be an object")
    return value


def name_in(value: object, place: Place, refuse: Refuse) -> str:
    """Return the name of a schema or function. Raises `RequestError`."""
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise refuse(place, "has to be a name of 1 to 128 letters, digits, '_' and '-'")
    return value


def tools_in(body: dict[str, Any], refuse: Refuse) -> list[tuple[Place, dict[str, Any]]]:
    """Return a request's tools, each with its path. Raises `RequestError`."""
    tools = body.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise refuse(("tools",), "has to be a list")
    places: list[Place] = [("tools", position) for position in range(len(tools))]
    return [(place, object_in(tool, place, refuse)) for place, tool in zip(places, tools, strict=True)]


def _wish(given: Given, prompt: str, refuse: Refuse) -> Wish:
    nonce = _NONCE.search(prompt)
    schema = given.schema if isinstance(given.schema, dict) else {}
    try:
        instance = make_instance(schema, "" if nonce is None else nonce[1])
    except SchemaError as error:
        raise refuse((*given.place, *error.place), error.problem) from None
    return Wish(json.dumps(instance, separators=(",", ":")), name=given.name, schema=schema)

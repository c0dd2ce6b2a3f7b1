"""Make docs/schema/NAME-vN.json of the documents that the console writes: `python docs/report_schemas.py`.

Each is a JSON Schema (2020-12) for `gateway-console/NAME/vN`. The text beneath a field of a document's type is its
description.
"""

import ast
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache, reduce
from importlib import import_module
from itertools import pairwise
from operator import or_
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from console.cli.reports import documents
from console.domain.team import notice
from console.services import baseline
from console.simulator import process
from console.view.record.document import MOMENTS, PAIRS, WHERE_ANY

FOLDER = Path(__file__).parent / "schema"


class _DocumentSchema(GenerateJsonSchema):
    """A schema of what is written: every field, and no other one; those of `WHERE_ANY` where they are not empty."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> dict[str, Any]:
        made = super().dataclass_schema(schema)
        texts = meanings(schema["cls"])
        properties = {}
        for name in schema["cls"].__dataclass_fields__:  # the order in which they are written
            written, shape = _as_written(name, made["properties"][name])
            properties[written] = shape | ({"description": texts[name]} if name in texts else {})
        head = {"type": "object", "description": _unwrapped(schema["cls"].__doc__ or "")}
        required = [name for name in properties if name not in WHERE_ANY]
        return head | {"properties": properties, "required": required, "additionalProperties": False}

    def enum_schema(self, schema: core_schema.EnumSchema) -> dict[str, Any]:
        return {**super().enum_schema(schema), "description": _unwrapped(schema["cls"].__doc__ or "")}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _as_written(name: str, shape: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a field's name and shape in a document; `readable` changes those of a record."""
    if name in MOMENTS:
        written = {"type": "string", "format": "date-time"}
        return name.removesuffix("_ms"), {"anyOf": [written, {"type": "null"}]} if "anyOf" in shape else written
    return name, {"type": "object", "additionalProperties": {"type": "integer"}} if name == PAIRS else shape


@cache
def meanings(cls: type) -> dict[str, str]:
    """Return the text beneath each field of a dataclass, by the field's name."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__[:-1]):
        match ast.parse(inspect.getsource(each)).body:
            case [ast.ClassDef(body=body)]:
                for field, text in pairwise(body):
                    match field, text:
                        case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                            found[name] = _unwrapped(words)
    return found


def _unwrapped(words: str) -> str:
    """Return a text with each paragraph in one line."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(words))


def document_types() -> dict[str, list[type]]:
    """Return the types of each document, by the name that its field `schema` holds."""
    found: dict[str, list[type]] = {}
    for each in _named_types():
        for name in get_args(get_type_hints(each)["schema"]):
            found.setdefault(name, []).append(each)
    return found


def _named_types() -> Iterator[type]:
    found = pkgutil.walk_packages(documents.__path__, f"{documents.__name__}.")
    modules = [import_module(each.name) for each in found]
    for module in [*modules, baseline, notice, process]:
        for name, each in inspect.getmembers(module, is_dataclass):
            is_own = each.__module__ == module.__name__ and not name.startswith("_")
            if is_own and "schema" in each.__dataclass_fields__:
                yield each


def schema(name: str, types: list[type]) -> dict[str, Any]:
    """Return the schema of the documents of one name."""
    made = TypeAdapter(reduce(or_, types)).json_schema(mode="serialization", schema_generator=_DocumentSchema)
    for each in [made, *made.get("$defs", {}).values()]:
        each.pop("title", None)
        if "schema" in each.get("properties", {}):
            inner = each["properties"]["schema"].get("const")  # of a document in this one
            each["properties"]["schema"] = {"const": inner or name}
    return {"$schema": GenerateJsonSchema.schema_dialect, "title": name} | made


def texts() -> dict[str, str]:
    """Return the files that are published, by their names."""
    return {
        f"{name.removeprefix('gateway-console/').replace('/', '-')}.json": json.dumps(
            schema(name, types), indent=2, ensure_ascii=False
        )
        + "\n"
        for name, types in document_types().items()
    }


if __name__ == "__main__":
    for file, text in texts().items():
        (FOLDER / file).write_text(text, encoding="utf-8")

"""Make docs/schema/config-v1.json of the settings' models: `python docs/config_schema.py`.

It is a JSON Schema (2020-12) for editors. The meaning beneath a setting in `console/services/config/`, in `model.py` or
a module of `tables/`, is its description.
"""

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from console.services.config import model
from console.services.config.tables import agent, store, team, watch

PATH = Path(__file__).parent / "schema" / "config-v1.json"


class _TomlSchema(GenerateJsonSchema):
    """A schema of TOML, which has no null: a setting that may be left out has no value that says so."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        made = super().default_schema(schema)
        if made.get("default") is None or "$ref" in made:
            made.pop("default", None)
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> dict[str, Any]:
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def meanings() -> dict[str, dict[str, str]]:
    """Return the text beneath each setting, by model and name, and that of each model under an empty name."""
    found: dict[str, dict[str, str]] = {}
    modules = (model, agent, store, team, watch)
    for node in (each for module in modules for each in ast.parse(inspect.getsource(module)).body):
        if isinstance(node, ast.ClassDef):
            texts = found[node.name] = {"": _unwrapped(ast.get_docstring(node) or "")}
            for setting, text in zip(node.body, node.body[1:], strict=False):
                match setting, text:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                        texts[name] = _unwrapped(words)
    return found


def _unwrapped(words: str) -> str:
    """Return a text with each paragraph and each point of a list in one line."""
    return re.sub(r"(?<!\n)\n(?![\n-])", " ", inspect.cleandoc(words))


def schema() -> dict[str, Any]:
    """Return the schema of a config file."""
    made = model.FileModel.model_json_schema(schema_generator=_TomlSchema)
    texts = meanings()
    for name, table in [("FileModel", made), *made["$defs"].items()]:
        table.pop("title", None)
        table["description"] = texts[name][""]
        cls = getattr(model, name)
        inherited = {
            field: words for base in reversed(cls.__mro__) for field, words in texts.get(base.__name__, {}).items()
        }
        for field, info in cls.model_fields.items():
            table["properties"][info.alias or field]["description"] = inherited[field]
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": "gateway-console config, version 1"}
    return head | made


def text() -> str:
    """Return the schema as the file that is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")

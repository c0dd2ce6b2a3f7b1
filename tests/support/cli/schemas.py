"""The published schemas of the documents that `--json` writes."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[3] / "docs" / "schema"


@cache
def validator(name: str) -> Draft202012Validator:
    """Return what checks documents of a name, such as `gateway-console/smoke/v1`."""
    file = FOLDER / f"{name.removeprefix('gateway-console/').replace('/', '-')}.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def valid(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document that its published schema allows. Raises `jsonschema.ValidationError` for any other one."""
    validator(document["schema"]).validate(document)
    return document

"""in-toto's own fields, as its specification names them, and what does not have them."""

import json
import re
from pathlib import Path
from typing import Any

FIELDS = json.loads((Path(__file__).parents[2] / "data" / "in_toto_fields.json").read_text(encoding="utf-8"))
_DIGESTS = {"sha256": r"[0-9a-f]{64}", "gitCommit": r"[0-9a-f]{40}|[0-9a-f]{64}"}


def statements(lines: str) -> list[dict[str, Any]]:
    """Return bare Statements, one a line."""
    return [json.loads(line) for line in lines.splitlines()]


def checked(statement: dict[str, Any]) -> None:
    """Assert that a Statement, its subjects and the predicates that in-toto defines have the fields they must have."""
    _check(statement, statement["_type"])
    assert statement["subject"], "a Statement is about something"
    if statement["predicateType"] in FIELDS:
        _check(statement["predicate"], statement["predicateType"])
    assert re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", statement["predicateType"]), "a URI"


def _check(value: dict[str, Any], name: str) -> None:
    fields = FIELDS[name]
    assert {each for each in fields if not each.endswith("?")} <= set(value), f"{name} lacks a field"
    assert set(value) <= {each.removesuffix("?") for each in fields}, f"{name} has a field that nobody knows"
    for key, each in value.items():
        _check_kind(each, fields.get(key) or fields[f"{key}?"])
    if name == "resource":
        for algorithm, digest in value["digest"].items():
            assert re.fullmatch(_DIGESTS[algorithm], digest)


def _check_kind(value: Any, kind: str) -> None:
    if kind in FIELDS:
        _check(value, kind)
    elif kind.startswith("["):
        assert isinstance(value, list)
        for each in value:
            _check_kind(each, kind.strip("[]"))
    elif kind == "time":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value)
    elif "|" in kind:
        assert value in kind.split("|")
    else:
        assert isinstance(value, {"string": str, "object": dict}[kind])

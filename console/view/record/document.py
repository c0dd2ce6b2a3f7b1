"""A run's record as a document: JSON for programs, and YAML for people, what every record needs first."""

import json
from typing import Any

from console.domain.ledger.checkpoint import moment
from console.domain.record.record import Record
from console.domain.text.json_text import shown_json
from console.domain.text.safe import safe

RECORD_SCHEMA = "gateway-console/record/v1"
"""The name of a record's document; `docs/schema/record-v1.json` is its JSON Schema."""

MOMENTS = ("started_at_ms", "updated_at_ms", "decided_at_ms", "checked_at_ms", "handed_over_at_ms")
"""Fields of a record that a document shows as RFC 3339 or null, without `_ms` in the name."""
PAIRS = "independence"
"""The field of a record that a document shows as an object."""

WHERE_ANY = frozenset({"chosen_routes", "handovers"})
"""Fields of a record that a document has only where they are not empty."""


def readable(document: object) -> Any:
    """Return a document as plain values, with `MOMENTS`, `PAIRS` and `WHERE_ANY` of records as documents have them."""
    import msgspec

    return _readable(msgspec.to_builtins(document))


def record_document(record: Record) -> dict[str, Any]:
    """Return the document of a record, as plain values."""
    return {"schema": RECORD_SCHEMA, **readable(record)}


def json_text(document: object) -> str:
    """Return plain values as JSON that is safe to show, with a line feed at its end."""
    return shown_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def record_yaml(record: Record) -> str:
    """Return a record in YAML. Characters that a reader obeys or does not see are escaped, and keep their value."""
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
        """Writes a text with such a character in double quotes, the only style that has escapes."""

    def represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if safe(text) == text else '"')

    Dumper.add_representer(str, represent)
    text: str = yaml.dump(
        readable(record), Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False
    )
    lines = text.split("\n")
    return "\n".join(line if safe(line) == line else "".join(map(_escaped, line)) for line in lines)


def _escaped(character: str) -> str:
    if safe(character) == character:
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        shown: dict[str, object] = {}
        for key, each in value.items():
            if key in WHERE_ANY and not each:
                continue
            if key in MOMENTS:
                shown[key.removesuffix("_ms")] = None if each is None else moment(each)
            else:
                shown[key] = dict(each) if key == PAIRS else _readable(each)
        return shown
    return [_readable(each) for each in value] if isinstance(value, list | tuple) else value

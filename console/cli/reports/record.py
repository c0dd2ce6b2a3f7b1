"""A run's record as a document: JSON for programs, and YAML in the article's shape."""

from datetime import UTC, datetime
from typing import Any

from console.domain.run.record import Record

_PAIRS = ("scores", "independence")


def record_document(record: Record) -> dict[str, object]:
    """Return a record with times as RFC 3339 and pairs as objects."""
    import msgspec

    plain = _readable(msgspec.to_builtins(record))
    return plain if isinstance(plain, dict) else {}


def record_yaml(record: Record) -> str:
    """Return a record in YAML, the article's fields first."""
    import yaml

    text: str = yaml.safe_dump(record_document(record), sort_keys=False, allow_unicode=True, default_flow_style=False)
    return text


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        shown: dict[str, object] = {}
        for key, each in value.items():
            if key in _PAIRS:
                shown[key] = dict(each)
            elif key.endswith("_at_ms"):
                shown[key.removesuffix("_ms")] = None if each is None else moment(each)
            else:
                shown[key] = _readable(each)
        return shown
    if isinstance(value, list):
        return [_readable(each) for each in value]
    return value


def moment(at_ms: int) -> str:
    """Return a Unix time in ms as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

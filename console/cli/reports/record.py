"""A run's record as a document: JSON for programs, and YAML for people, what every record needs first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from textwrap import wrap
from typing import Any

from console.domain.record.record import Record

MOMENTS = ("started_at_ms", "updated_at_ms", "decided_at_ms", "checked_at_ms")
"""Fields of a record that a document shows as RFC 3339 or null, without `_ms` in the name."""
PAIRS = "independence"
"""The field of a record that a document shows as an object."""

CHOSEN = "chosen_routes"
"""A field of a record that a document has only where it is not empty."""

WIDTH = 80
"""The columns of a summary, which also fits 24 lines unless many people decided."""
_LABEL = 12
_WORD = 8


def readable(document: object) -> object:
    """Return a document as plain values, with `MOMENTS`, `PAIRS` and `CHOSEN` of its records as documents have them."""
    import msgspec

    return _readable(msgspec.to_builtins(document))


def record_yaml(record: Record) -> str:
    """Return a record in YAML."""
    import yaml

    text: str = yaml.safe_dump(readable(record), sort_keys=False, allow_unicode=True, default_flow_style=False)
    return text


def summary_lines(record: Record) -> Iterator[str]:
    """Yield the lines of a record's summary, for a terminal of `WIDTH` columns."""
    from console.view.record_summary import summary_of

    for fact in summary_of(record):
        sign = "" if fact.sign is None else f"{fact.sign.sign} {fact.sign.word:<{_WORD}}  "
        pieces = wrap(sign + fact.words, WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False)
        for label, piece in zip_longest([fact.label], pieces, fillvalue=""):
            yield f"{label:<{_LABEL}}{piece}".rstrip()


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        shown: dict[str, object] = {}
        for key, each in value.items():
            if key == CHOSEN and not each:
                continue
            if key in MOMENTS:
                shown[key.removesuffix("_ms")] = None if each is None else moment(each)
            else:
                shown[key] = dict(each) if key == PAIRS else _readable(each)
        return shown
    return [_readable(each) for each in value] if isinstance(value, list | tuple) else value


def moment(at_ms: int) -> str:
    """Return a Unix time in ms as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

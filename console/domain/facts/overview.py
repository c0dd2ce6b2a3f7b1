"""An overview of a table of facts: how many rows it has, where they come from, and how old they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

STALE_DAYS = 60
"""From which age on a table may lack something: providers give 60 days of notice before they retire a model."""
FRESH_DAYS = 30
"""How long a recording of an agent is taken for what it sends today: agents change every few days."""


@dataclass(frozen=True, slots=True)
class TableOverview:
    """One table of facts."""

    name: str
    rows: int
    oldest: date | None
    """The earliest day on which a source was read; None if the rows carry no dates."""
    newest: date | None
    is_recording: bool
    """Whether it was recorded from a program, and not read from sources."""
    sources: tuple[str, ...]
    """The addresses that the rows name, sorted."""

    def age_days(self, today: date) -> int | None:
        """Return the days since the oldest source was read; None if no row says when."""
        return None if self.oldest is None else max(0, (today - self.oldest).days)

    def is_stale(self, today: date) -> bool | None:
        """Return whether a source was read, or a recording made, too long ago; None if no row says when."""
        age_days = self.age_days(today)
        if age_days is None:
            return None
        return age_days > FRESH_DAYS if self.is_recording else age_days >= STALE_DAYS


def overview_of(name: str, document: Mapping[str, object]) -> TableOverview:
    """Return the overview of a table.

    Args:
        name: The table's name.
        document: The table, as TOML. A row without a `checked_on` has the table's; a recording has a `recorded_on`.

    """
    recorded_on = document.get("recorded_on")
    days = [recorded_on] if isinstance(recorded_on, date) else sorted(_days_of(document))
    sources = {each for key in ("source_url", "source") for each in _texts_at(document, key)}
    return TableOverview(
        name,
        _rows_of(document),
        days[0] if days else None,
        days[-1] if days else None,
        isinstance(recorded_on, date),
        tuple(sorted(each for each in sources if each.startswith("https://"))),
    )


def _rows_of(document: Mapping[str, object]) -> int:
    """Return the number of rows: the entries of the arrays of tables, or, in a table without any, all keys."""
    arrays = [
        value for value in document.values() if isinstance(value, list) and any(isinstance(x, dict) for x in value)
    ]
    if arrays:
        return sum(map(len, arrays))
    return sum(len(value) if isinstance(value, dict | list) else 1 for value in document.values())


def _days_of(document: Mapping[str, object]) -> Iterator[date]:
    """Yield the days on which sources were read."""
    for text in _texts_at(document, "checked_on"):
        try:
            yield date.fromisoformat(text)
        except ValueError:  # a packaged table has none, and an installed one was refused
            continue


def _texts_at(value: object, key: str) -> Iterator[str]:
    """Yield every text under a key, at any depth."""
    if isinstance(value, Mapping):
        if isinstance(found := value.get(key), str):
            yield found
        for inner in value.values():
            yield from _texts_at(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_at(inner, key)

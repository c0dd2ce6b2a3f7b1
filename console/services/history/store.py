"""Facts into an open history: appended in one transaction, pruned by age and by size."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.domain.history.fact import Fact, FactRoute
from console.services.history.reader import Reader
from console.services.system.sqlite_file import transaction

if TYPE_CHECKING:
    from sqlite3 import Connection

DAY_MS = 86_400_000
PRUNED_AT_ONCE = 5_000
"""The most facts that one append deletes: another console waits meanwhile."""
_FREED_AT_ONCE = 256
"""The most pages that are given back to the disk at once."""
_INTEGER_LIMIT = 2**53
_MOST_DAYS = 36_500
"""The most days that count: a higher number was written by hand."""


class Store:
    """The statements on one connection. It belongs to one thread at a time."""

    def __init__(self, connection: "Connection") -> None:
        """Take an open history.

        Args:
            connection: What `schema.open_file` returned.

        """
        self._connection = connection
        self.reader = Reader(connection)
        """Reads on the same connection."""
        self._words: dict[str, int] = {}
        self._routes: dict[FactRoute, int] = {}

    def append(self, facts: Sequence[Fact], *, version: str) -> None:
        """Store facts: all of them, or none.

        Args:
            facts: The facts.
            version: The console's version, for those that name none.

        """
        known = dict(self._words), dict(self._routes)
        try:
            with transaction(self._connection):
                self._connection.executemany(_INSERT, [self._row(fact, fact.version or version) for fact in facts])
        except BaseException:
            self._words, self._routes = known  # what the transaction would have added is not there
            raise

    def keep_for(self, profile: str, days: int) -> None:
        """Note how many days a profile's facts are kept."""
        found = self._connection.execute("SELECT days FROM retention WHERE profile = ?", (profile,)).fetchone()
        if found != (days,):
            with transaction(self._connection):
                self._connection.execute("INSERT OR REPLACE INTO retention VALUES (?, ?)", (profile, days))

    def prune(self, now_ms: int, size_limit: int) -> int:
        """Delete some of what is too old, or the oldest of what is too much; return how many facts that was.

        Args:
            now_ms: The Unix time.
            size_limit: The most bytes that facts may take.

        """
        read = self._connection.execute
        due = [
            (route, now_ms - min(max(days, 0), _MOST_DAYS) * DAY_MS)
            for route, days in read("SELECT id, days FROM route JOIN retention USING (profile)").fetchall()
        ]
        if (cutoff := self._cutoff(now_ms, size_limit)) is not None:
            due += [(route, cutoff) for (route,) in read("SELECT id FROM route").fetchall()]
        left = PRUNED_AT_ONCE
        due = [(route, before) for route, before in due if read(_HAS_OLDER, (route, before)).fetchone()]
        if not due:
            return 0
        with transaction(self._connection):
            for route, before in due:
                left -= read(_DELETE, (route, before, max(0, left))).rowcount
        read(f"PRAGMA incremental_vacuum({_FREED_AT_ONCE})").fetchall()
        return PRUNED_AT_ONCE - left

    def _cutoff(self, now_ms: int, size_limit: int) -> int | None:
        """Return the time before which facts go because the file is too large; None if it is not."""
        read = self._connection.execute
        pages, free, size = (
            int(read(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size <= size_limit:
            return None
        ends = [
            end
            for end in read(
                "SELECT (SELECT min(at_ms) FROM fact WHERE route = id), (SELECT max(at_ms) FROM fact WHERE route = id)"
                " FROM route"
            ).fetchall()
            if end[0] is not None
        ]
        if not ends:
            return None
        oldest, newest = min(first for first, _ in ends), min(now_ms, max(last for _, last in ends))
        return int(oldest + max(1, (newest - oldest) // 32))

    def _row(self, fact: Fact, version: str) -> tuple[object, ...]:
        return (
            self._route(fact.route),
            fact.at_ms,
            fact.at_ms,
            self._route(fact.route),
            self._word(fact.kind),
            self._word(fact.status),
            None if fact.rung is None else int(fact.rung),
            self._word(fact.shape),
            self._word(fact.category),
            _scaled(fact.http_status, 1),
            _scaled(fact.ttft_ms, 1000),
            _scaled(fact.total_ms, 1000),
            _scaled(fact.output_tokens, 1),
            _scaled(fact.tokens_per_s, 1000),
            _scaled(fact.microusd, 1),
            self._word(" ".join(fact.findings) or None),
            self._word(version or None),
            fact.request_id,
        )

    def _word(self, text: str | None) -> int | None:
        if text is None:
            return None
        if text not in self._words:
            self._connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (str(text),))
            (found,) = self._connection.execute("SELECT id FROM word WHERE text = ?", (str(text),)).fetchone()
            self._words[str(text)] = int(found)
        return self._words[text]

    def _route(self, route: FactRoute) -> int:
        if route not in self._routes:
            fields = (route.profile, route.origin, str(route.key or ""), route.model, str(route.family or ""))
            self._connection.execute(
                "INSERT OR IGNORE INTO route (profile, origin, key, model, family) VALUES (?, ?, ?, ?, ?)", fields
            )
            (found,) = self._connection.execute(
                "SELECT id FROM route WHERE profile = ? AND origin = ? AND key = ? AND model = ? AND family = ?", fields
            ).fetchone()
            self._routes[route] = int(found)
        return self._routes[route]


_INSERT = (
    "INSERT INTO fact SELECT ?, ?, 1 + coalesce((SELECT max(n) FROM fact WHERE at_ms = ? AND route = ?), 0),"
    " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
)
_HAS_OLDER = "SELECT 1 FROM fact WHERE route = ? AND at_ms < ? LIMIT 1"
_DELETE = (
    "DELETE FROM fact WHERE (route, at_ms, n) IN"
    " (SELECT route, at_ms, n FROM fact WHERE route = ? AND at_ms < ? ORDER BY at_ms, n LIMIT ?)"
)


def _scaled(value: float | None, by: int) -> int | None:
    """Return a figure as a whole number of its smaller unit; None for one that is not a figure."""
    if value is None or not 0 <= value * by < _INTEGER_LIMIT:
        return None
    return round(value * by)

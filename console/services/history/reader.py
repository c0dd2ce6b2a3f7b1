"""Facts out of an open history: counted, timed and listed by route, each in one pass over what is wanted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from console.domain.errors.category import Category
from console.domain.history.fact import HELD, RED, Fact, FactKind, FactRoute, FactStatus
from console.domain.history.streak import End, RedAt, Streak, current_end
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape

if TYPE_CHECKING:
    from sqlite3 import Connection, Cursor

END_OF_TIME = 2**53
"""After every Unix time in ms."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which facts are wanted; None means any."""

    profile: str | None = None
    role: Role | None = None
    key: RouteKey | None = None
    kinds: frozenset[FactKind] | None = None
    since_ms: int = 0
    """Unix time, included."""
    until_ms: int = END_OF_TIME
    """Unix time, excluded."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many facts of a route ended in one way."""

    kind: FactKind
    status: FactStatus
    category: Category | None
    count: int
    microusd: int
    """What those with a known cost took together."""
    priced: int
    """How many have a known cost."""
    output_tokens: int
    first_ms: int
    last_ms: int


ANY = Wanted()
_RUNGS = frozenset(Rung)
_LOOKED_AT = 1000
Timed: TypeAlias = tuple[int, int | None, int | None, int | None]
"""A call's end as Unix time in ms, its time to first token and total time in µs, and its speed in thousandths of a
token per second."""


class Reader:
    """The readings on one connection. It belongs to one thread at a time."""

    def __init__(self, connection: "Connection") -> None:
        """Take an open history."""
        self._connection = connection
        self._words: dict[str, int] = {}

    def routes(self, wanted: Wanted) -> list[tuple[int, FactRoute]]:
        """Return the routes that may have wanted facts, with their numbers."""
        found = []
        for number, *fields in self._connection.execute("SELECT id, profile, origin, key, model, family FROM route"):
            route = _route_of(fields)
            if route is None or (wanted.profile is not None and route.profile != wanted.profile):
                continue
            if (wanted.role is not None and route.role is not wanted.role) or (
                wanted.key is not None and route.key != wanted.key
            ):
                continue
            found.append((int(number), route))
        return found

    def counts(self, number: int, wanted: Wanted) -> list[Counted]:
        """Return how many facts of a route ended in each way."""
        words = self._texts()
        counted = []
        for kind, status, category, *sums in self._select(_COUNT, number, wanted, "GROUP BY kind, status, category"):
            parsed = _parsed(words, kind, status, category)
            if parsed is not None:
                counted.append(Counted(*parsed, *sums))
        return counted

    def shapes(self, number: int, wanted: Wanted) -> list[Shape]:
        """Return the shapes of a route's timed calls."""
        words = self._texts()
        rows = self._select("DISTINCT shape", number, wanted, f"AND {self._is(HELD)} AND shape IS NOT NULL")
        shapes = {words.get(each) for (each,) in rows}
        return [shape for shape in Shape if shape.value in shapes]

    def timed(self, number: int, wanted: Wanted, shape: Shape) -> Iterator[list[Timed]]:
        """Yield a route's calls of one shape that hold, oldest first, some thousand at once."""
        rows = self._select(_TIMES, number, wanted, f"{self._held_of(shape)} ORDER BY at_ms")
        while chunk := rows.fetchmany(4096):
            yield chunk

    def newest(self, number: int, wanted: Wanted, shape: Shape, count: int) -> list[Timed]:
        """Return the newest calls of one shape that hold, oldest first, also from before `since_ms`."""
        tail = f"{self._held_of(shape)} ORDER BY at_ms DESC, n DESC LIMIT {count:d}"
        return self._select(_TIMES, number, replace(wanted, since_ms=0), tail).fetchall()[::-1]

    def newest_ends(self, number: int, wanted: Wanted, count: int) -> list[tuple[int, bool]]:
        """Return when the newest facts were, and whether each is red, oldest first, also from before `since_ms`."""
        tail = f"AND {self._is(RED | HELD)} ORDER BY at_ms DESC, n DESC LIMIT {count:d}"
        rows = self._select(f"at_ms, {self._is(RED)}", number, replace(wanted, since_ms=0), tail)
        return [(int(at_ms), bool(is_red)) for at_ms, is_red in rows][::-1]

    def current_end(self, number: int, wanted: Wanted = ANY) -> End | None:
        """Return how a route stands by its newest thousand facts; None if none says something of it."""
        words = self._texts()
        tail = f"AND {self._is(RED | HELD)} ORDER BY at_ms DESC, n DESC LIMIT {_LOOKED_AT:d}"
        rows = self._select("kind, status, rung, category", number, wanted, tail)
        return current_end(
            End(
                FactStatus(words[status]),
                None if rung is None else Rung(rung),
                words.get(kind) == FactKind.CHECK,
                category is not None,
            )
            for kind, status, rung, category in rows
            if rung is None or rung in _RUNGS  # a file that was changed by hand, or by a newer console
        )

    def streak(self, number: int, red: RedAt, before_ms: int = END_OF_TIME) -> Streak:
        """Return since when a route is red, and when it was green last.

        Args:
            number: The route's number.
            red: What must have held.
            before_ms: The Unix time from which on facts do not count.

        """
        holds = "" if red.rung is None else f" AND rung >= {int(red.rung):d}"
        kinds = frozenset({FactKind.CHECK}) if red.needs_check else None
        known = Wanted(kinds=kinds, until_ms=before_ms)
        tail = f"AND {self._is(HELD)}{holds} ORDER BY at_ms DESC LIMIT 1"
        green = self._select("at_ms", number, known, tail).fetchone()
        after = Wanted(since_ms=0 if green is None else int(green[0]), until_ms=before_ms)
        first = self._select("at_ms", number, after, f"AND {self._is(RED)} ORDER BY at_ms LIMIT 1").fetchone()
        return Streak(None if first is None else int(first[0]), None if green is None else int(green[0]))

    def newest_of_all(self) -> "Iterator[tuple[FactRoute, int, End, FactKind, Category | None, tuple[str, ...]]]":
        """Yield of every route the newest fact of each kind, rung and end: when it was, and what it says."""
        words = self._texts()
        routes = dict(self.routes(ANY))
        for number, kind, status, category, rung, ids, at_ms in self._connection.execute(_NEWEST):
            parsed = _parsed(words, kind, status, category)
            if parsed is None or number not in routes or (rung is not None and rung not in _RUNGS):
                continue
            what, how, why = parsed
            end = End(how, None if rung is None else Rung(rung), what is FactKind.CHECK, why is not None)
            yield routes[number], int(at_ms), end, what, why, tuple(words.get(ids, "").split())

    def costs(self, since_ms: int, until_ms: int) -> list[tuple[str, str, int]]:
        """Return what each profile's facts with a known cost took between two moments, by its name and origin."""
        return self._connection.execute(_COSTS, (since_ms, until_ms)).fetchall()

    def facts(self, wanted: Wanted, limit: int) -> list[Fact]:
        """Return the newest wanted facts of all routes, newest first."""
        words = self._texts()
        found: list[Fact] = []
        for number, route in self.routes(wanted):
            rows = self._select("*", number, wanted, f"ORDER BY at_ms DESC, n DESC LIMIT {limit:d}")
            found += (fact for row in rows if (fact := _fact_of(route, row, words)) is not None)
        return sorted(found, key=lambda fact: fact.at_ms, reverse=True)[:limit]

    def is_empty(self) -> bool:
        """Return whether the history holds nothing."""
        return self._connection.execute("SELECT 1 FROM fact LIMIT 1").fetchone() is None

    def data_version(self) -> int:
        """Return a number that changes when another connection has written."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _select(self, columns: str, number: int, wanted: Wanted, tail: str) -> "Cursor":
        """Select from a route's wanted facts; columns and tail are of our own constants and numbers."""
        kinds = "" if wanted.kinds is None else f"AND kind IN ({self._ids(wanted.kinds)})"
        return self._connection.execute(
            f"SELECT {columns} FROM fact WHERE route = ? AND at_ms >= ? AND at_ms < ? {kinds} {tail}",  # noqa: S608
            (number, wanted.since_ms, wanted.until_ms),
        )

    def _held_of(self, shape: Shape) -> str:
        return f"AND {self._is(HELD)} AND shape IN ({self._ids((shape,))})"

    def _is(self, statuses: Iterable[FactStatus]) -> str:
        return f"status IN ({self._ids(statuses)})"

    def _ids(self, words: Iterable[str]) -> str:
        """Return the numbers of words; those that no fact has are left out."""
        for text in words:
            if text not in self._words:
                found = self._connection.execute("SELECT id FROM word WHERE text = ?", (str(text),)).fetchone()
                if found is not None:
                    self._words[str(text)] = int(found[0])
        return ", ".join(str(self._words[each]) for each in words if each in self._words)

    def _texts(self) -> dict[int, str]:
        return dict(self._connection.execute("SELECT id, text FROM word"))


_COUNT = (
    "kind, status, category, count(*), coalesce(sum(microusd), 0), count(microusd), coalesce(sum(output_tokens), 0),"
    " min(at_ms), max(at_ms)"
)
_NEWEST = (
    "SELECT route, kind, status, category, rung, findings, max(at_ms) FROM fact"
    " GROUP BY route, kind, status, category, rung"
)
_COSTS = (
    "SELECT profile, origin, sum(microusd) FROM route JOIN fact ON fact.route = route.id"
    " AND at_ms >= ? AND at_ms < ? WHERE microusd > 0 GROUP BY profile, origin"
)
_TIMES = "at_ms, ttft_us, total_us, millitokens_per_s"


def _route_of(fields: Sequence[str]) -> FactRoute | None:
    """Return a stored route; None if a field has a form that this console does not know."""
    profile, origin, key, model, family = fields
    try:
        return FactRoute(
            profile, origin, RouteKey(key) if key else None, model, EndpointFamily(family) if family else None
        )
    except ValueError:
        return None


def _parsed(
    words: dict[int, str], kind: int, status: int, category: int | None
) -> tuple[FactKind, FactStatus, Category | None] | None:
    try:
        return (
            FactKind(words[kind]),
            FactStatus(words[status]),
            None if category is None else Category(words[category]),
        )
    except (KeyError, ValueError):
        return None


def _fact_of(route: FactRoute, row: Sequence[Any], words: dict[int, str]) -> Fact | None:
    """Return a stored fact; None if a field has a value that this console does not know."""
    _, at_ms, _, kind, status, rung, shape, category, http, ttft, total, tokens, speed, microusd, ids, version, id_ = (
        row
    )
    parsed = _parsed(words, kind, status, category)
    if parsed is None:
        return None
    try:
        return Fact(
            at_ms,
            route,
            *parsed[:2],
            None if rung is None else Rung(rung),
            None if shape is None else Shape(words[shape]),
            parsed[2],
            http,
            None if ttft is None else ttft / 1000,
            None if total is None else total / 1000,
            tokens,
            None if speed is None else speed / 1000,
            microusd,
            tuple(words.get(ids, "").split()),
            words.get(version, ""),
            id_,
        )
    except (KeyError, ValueError):
        return None

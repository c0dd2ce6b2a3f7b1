"""The keeper: takes what a console or a worker sees of routes without ever waiting, and keeps the newest in the store.

While the store cannot be reached, the newest state of each route waits here, and is written when the store is back.
"""

import asyncio
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from console.domain.fleet.state import Cost, Looker, Owner, ProfileLook, RouteEnd, end_of
from console.domain.history.fact import Fact
from console.domain.problem import Problem, ProblemKind
from console.services.fleet.store_states import Seen, keep_states
from console.services.history.recorder import CLOSE_S

if TYPE_CHECKING:
    from console.services.ledger.postgres.database import Database

OpenDatabase = "Callable[[], AbstractAsyncContextManager[Database]]"
PAUSE_S = 0.5
"""How long states are gathered before they are written together."""
RETRY_S = 5.0
"""How long to wait before a store that could not be reached is tried again."""
_AT_ONCE = 2_000
"""The most states that are written in one transaction."""
_COST_LIMIT = 10_000
"""How many costs may wait for the store. More are dropped, and that is said."""


class FleetKeeper:
    """Writes states in a daemon thread with an event loop of its own, which starts with the first state."""

    def __init__(
        self,
        opened: "Callable[[], AbstractAsyncContextManager[Database]]",
        looker: Looker,
        tell: Callable[[str], None] = lambda words: None,
        *,
        pause_s: float = PAUSE_S,
        retry_s: float = RETRY_S,
    ) -> None:
        """Prepare; no thread is started and nothing is opened.

        Args:
            opened: Opens the store's database, and closes it again.
            looker: Who sees what is kept.
            tell: Called in the thread: once while states cannot be kept, with why, and once when they are again.
            pause_s: How long states are gathered before they are written.
            retry_s: How long to wait before the store is tried again.

        """
        self._opened = opened
        self._looker = looker
        self._tell = tell
        self._pause_s, self._retry_s = pause_s, retry_s
        self._lock = threading.Lock()
        self._looks: dict[Owner, ProfileLook] = {}
        self._ends: dict[tuple[str, ...], RouteEnd] = {}
        self._costs: dict[str, Cost] = {}
        self._days: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._is_closing = False
        self.problem = ""
        """Why states are not kept now; empty if they are."""
        self.lost = 0
        """How many costs were not kept."""

    def keep_for(self, profile: str, days: int) -> None:
        """Keep a profile's states; none if 0 days of its history are kept."""
        self._days[profile] = days

    def knows(self, profile: str) -> bool:
        """Return whether a profile was named."""
        return profile in self._days

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts; what they say of routes is written soon. Never waits."""
        for fact in facts:
            end = end_of(fact)
            if end is None or self._days.get(fact.route.profile, 0) <= 0:
                continue
            owner = (fact.route.profile, fact.route.origin)
            with self._lock:
                self._put_look(ProfileLook(owner, fact.at_ms, self._looker))
                known = self._ends.get((*end.id, end.mark))
                if known is None or known.at_ms < end.at_ms:
                    self._ends[*end.id, end.mark] = end
                if fact.microusd:
                    self._put_cost(Cost(str(uuid.uuid4()), owner, fact.at_ms, fact.microusd))
            self._start()

    def put_problem(self, owner: Owner, at_ms: int, kind: ProblemKind) -> None:
        """Take that a profile could not be used, and why: only the kind, as a message may name a file."""
        if self._days.get(owner[0], 0) <= 0 or not owner[1]:
            return
        with self._lock:
            self._put_look(ProfileLook(owner, at_ms, self._looker, kind))
        self._start()

    def close(self, wait_s: float = CLOSE_S) -> None:
        """Write what waits, and end; what a store that cannot be reached does not take within that time is lost.

        Args:
            wait_s: How long to wait for that, in seconds.

        """
        if self._thread is None or self._is_closing:
            return
        self._is_closing = True
        self._nudge()
        self._thread.join(wait_s)

    @property
    def words(self) -> str:
        """What a person has to know of it at the end; empty if all states were kept."""
        with self._lock:
            waiting = len(self._ends) + len(self._looks)
        if waiting:
            why = self.problem or "the store is too slow"
            return f"the fleet's newest states are not in the store: {why}. The next check of these profiles adds them"
        return f"{self.lost} costs are missing in the store's fleet: {self.problem}" if self.lost else ""

    def _put_look(self, look: ProfileLook) -> None:
        known = self._looks.get(look.owner)
        if known is None or known.at_ms < look.at_ms:
            self._looks[look.owner] = look

    def _put_cost(self, cost: Cost) -> None:
        if len(self._costs) < _COST_LIMIT:
            self._costs[cost.id] = cost
        else:
            self.lost += 1

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True, name="fleet")
            self._thread.start()
        self._nudge()

    def _nudge(self) -> None:
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None and not loop.is_closed():
            loop.call_soon_threadsafe(wake.set)

    async def _serve(self) -> None:
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                async with self._opened() as database:
                    await self._write_all(database)
                    return
            except Problem as problem:
                self._fail(str(problem))
            if self._is_closing:
                return
            await self._wait(self._retry_s)

    async def _write_all(self, database: "Database") -> None:
        """Write what comes, until the end. Raises `Problem` if the store does not take it."""
        while True:
            if not (seen := self._next()):
                if self._is_closing:
                    return
                await self._wait(None)
                await self._wait(self._pause_s, ends_at_close=True)
                continue
            await database.run(lambda connection, seen=seen: keep_states(connection, seen))  # type: ignore[misc]
            self._forget(seen)
            if self.problem:
                self.problem = ""
                self._tell("the store is back: the fleet's newest states are kept again")

    async def _wait(self, seconds: float | None, *, ends_at_close: bool = False) -> None:
        """Wait until something came, the end, or some seconds have passed."""
        if self._is_closing or self._wake is None:
            return
        if seconds is not None and not ends_at_close:
            self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
                while ends_at_close and not self._is_closing:
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _next(self) -> Seen:
        with self._lock:
            looks = list(self._looks.values())[:_AT_ONCE]
            ends = list(self._ends.values())[:_AT_ONCE]
            return Seen(looks, ends, list(self._costs.values())[:_AT_ONCE])

    def _forget(self, seen: Seen) -> None:
        """Let go of what was written, unless something newer has come since."""
        with self._lock:
            for look in seen.looks:
                if self._looks.get(look.owner) is look:
                    del self._looks[look.owner]
            for end in seen.ends:
                if self._ends.get((*end.id, end.mark)) is end:
                    del self._ends[*end.id, end.mark]
            for cost in seen.costs:
                self._costs.pop(cost.id, None)

    def _fail(self, words: str) -> None:
        if not self.problem:
            self._tell(f"the fleet's newest states are not kept until the store is back: {words}")
        self.problem = words

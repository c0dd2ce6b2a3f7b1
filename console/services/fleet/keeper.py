"""The keeper: takes what a console or a worker sees of routes without ever waiting, and keeps the newest in the store.

While the store cannot be reached, the newest state of each route waits here, and is written when the store is back.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from console.domain.fleet.state import Cost, Looker, LookerKind, Owner, ProfileLook, RouteEnd
from console.domain.history.fact import Fact
from console.domain.problem import Problem, ProblemKind
from console.services.fleet.store_states import Seen, keep_states, seen_of
from console.services.history.recorder import CLOSE_S, Keeps
from console.services.ledger.postgres.failures import UnknownOutcomeError
from console.services.store.door import open_store

if TYPE_CHECKING:
    from console.services.ledger.postgres.database import Database

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
        environment: Mapping[str, str],
        looker: Looker,
        tell: Callable[[str], None] = lambda words: None,
        *,
        opened: "Callable[[], AbstractAsyncContextManager[Database]] | None" = None,
        pause_s: float = PAUSE_S,
        retry_s: float = RETRY_S,
    ) -> None:
        """Prepare; no thread is started and nothing is opened.

        Args:
            environment: The environment variables, which lead to the config that names the store.
            looker: Who sees what is kept.
            tell: Called in the thread: once while states cannot be kept, with why, and once when they are again.
            opened: Opens the store's database, and closes it again; None means that of the store's door.
            pause_s: How long states are gathered before they are written.
            retry_s: How long to wait before the store is tried again.

        """
        self._opened = partial(opened_database, environment) if opened is None else opened
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
        """How many states the store refused, and costs that did not fit."""

    def keep_for(self, profile: str, days: int) -> None:
        """Keep a profile's states; none if 0 days of its history are kept."""
        self._days[profile] = days

    def knows(self, profile: str) -> bool:
        """Return whether a profile was named."""
        return profile in self._days

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts; what they say of routes is written soon. Never waits."""
        seen = seen_of((fact for fact in facts if self._days.get(fact.route.profile, 0) > 0), self._looker)
        if not seen:
            return
        with self._lock:
            for look in seen.looks:
                self._put_look(look)
            for end in seen.ends:
                known = self._ends.get((*end.id, end.mark))
                if known is None or known.at_ms < end.at_ms:
                    self._ends[*end.id, end.mark] = end
            for cost in seen.costs:
                self._put_cost(cost)
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
        return f"{self.lost} states or costs are missing in the store's fleet: {self.problem}" if self.lost else ""

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
            around = copy_context()  # who is told writes to the streams of the caller's command line
            self._thread = threading.Thread(
                target=lambda: around.run(asyncio.run, self._serve()), daemon=True, name="fleet"
            )
            self._thread.start()
        self._nudge()

    def _nudge(self) -> None:
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: all was written
                loop.call_soon_threadsafe(wake.set)

    async def _serve(self) -> None:
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                async with self._opened() as database:
                    while seen := await self._gathered():
                        await self._write(database, seen)
                    return
            except Problem as problem:
                self._fail(str(problem))
            if self._is_closing:
                return
            await self._wait(self._retry_s)

    async def _gathered(self) -> Seen:
        """Return what waits, after waiting for it; nothing at the end."""
        while not (seen := self._next()) and not self._is_closing:
            await self._wait(None)
        if not self._is_closing:
            await self._wait(self._pause_s)
            seen = self._next()
        return seen

    async def _write(self, database: "Database", seen: Seen) -> None:
        """Write states; what the store refuses is dropped, and that is said. Raises `Problem` if it is cut off."""
        try:
            await database.run(partial(keep_states, seen=seen))
        except Problem as problem:
            if problem.kind is ProblemKind.UNREACHABLE or isinstance(problem, UnknownOutcomeError):
                raise
            self._forget(seen)
            self.lost += len(seen.ends)
            self._fail(str(problem))
            return
        self._forget(seen)
        if self.problem:
            self.problem = ""
            self._tell("the store is back: the fleet's newest states are kept again")

    async def _wait(self, seconds: float | None) -> None:
        """Wait for some seconds, or until something comes; the end is not waited for."""
        if self._wake is None or self._is_closing:
            return
        self._wake.clear()
        if seconds is None and (self._next() or self._is_closing):
            return  # it came before the event was cleared
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
                while seconds is not None and not self._is_closing:
                    self._wake.clear()
                    await self._wake.wait()

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


def this_looker(kind: LookerKind = LookerKind.CONSOLE) -> Looker:
    """Return this process as who looks."""
    return Looker(kind, socket.gethostname())


@contextlib.asynccontextmanager
async def opened_database(environment: Mapping[str, str]) -> "AsyncIterator[Database]":
    """Open the database of the store that the operator's own config names.

    Raises:
        Problem: It cannot be used, or the config names none any more.

    """
    async with open_store(environment) as store:
        if store.database is None:
            raise Problem("the config names no store any more", ProblemKind.CONFIG)
        yield store.database


class Recorders:
    """Shows the same facts to the history of this machine and to the team's store."""

    def __init__(self, recorder: Keeps, keeper: FleetKeeper) -> None:
        """Take both."""
        self._recorder = recorder
        self._keeper = keeper

    def keep_for(self, profile: str, days: int) -> None:
        """Keep a profile's facts for some days; none if 0."""
        self._recorder.keep_for(profile, days)
        self._keeper.keep_for(profile, days)

    def knows(self, profile: str) -> bool:
        """Return whether a profile was named."""
        return self._recorder.knows(profile)

    def put_problem(self, owner: Owner, at_ms: int, kind: ProblemKind) -> None:
        """Take that a profile could not be used; the history knows routes alone."""
        self._keeper.put_problem(owner, at_ms, kind)

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts. Never waits."""
        self._recorder.put(facts)
        self._keeper.put(facts)

    def close(self, wait_s: float = CLOSE_S) -> None:
        """Write what waits, and end."""
        self._recorder.close(wait_s)
        self._keeper.close(wait_s)

    @property
    def words(self) -> str:
        """What a person has to know of both; empty if all was kept."""
        return ". ".join(filter(None, (self._recorder.words, self._keeper.words)))

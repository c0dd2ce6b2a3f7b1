"""A courier: takes what is told to another program's address, beside the rounds and never in their way.

What waits is bounded, and so are the time and the tries of each delivery. What was given up is counted, and the next
delivery that arrives says how much. Everything goes to the one origin of the address, over the console's one client for
HTTP: no redirect, no proxy, no token but the address's own, and no text that holds a token of this process.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.domain.tokens.secret import Secret
from console.services.config.settings import GatewaySettings
from console.services.gateway.call import KeyUse, Started
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.gateway.post_address import PostAddress

Item = TypeVar("Item")

WAITING_LIMIT = 256
"""How many items may wait; the oldest are given up first."""
BATCH_LIMIT = 32
"""How many items one delivery has."""
WAITS_S = (1.0, 5.0, 25.0)
"""How long to wait before each further try of a delivery, in seconds."""
DEADLINE_S = 10.0
"""How long one try may take, in seconds."""
END_S = 15.0
"""How long what still waits at the end of a watch may take, in seconds."""


@dataclass(frozen=True, slots=True)
class CourierFailed:
    """Deliveries do not arrive; told once, until one does."""

    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class CourierWorks:
    """Deliveries arrive again."""

    origin: str
    dropped: int
    """How many items were given up meanwhile."""


CourierEvent = CourierFailed | CourierWorks


class Courier(Generic[Item]):
    """Delivers items to one address, in their order."""

    def __init__(
        self,
        address: PostAddress,
        body_of: Callable[[Sequence[Item], int], bytes],
        told: Callable[[CourierEvent], None],
        *,
        secret: Secret | None = None,
        limit: int = WAITING_LIMIT,
        is_at_most_once: bool = False,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare; nothing is sent before `run`.

        Args:
            address: Where to deliver.
            body_of: Returns the JSON of some items, and of how many were given up before them.
            told: Takes what there is to say of deliveries.
            secret: The address's own token, sent as a bearer; None sends none.
            limit: How many items may wait.
            is_at_most_once: Whether what was sent and got no answer is given up: it may have arrived.
            pause: Waits for so many seconds.

        """
        self._address = address
        self._body_of = body_of
        self._told = told
        self._pause = pause
        self._waiting: deque[Item] = deque()
        self._limit = limit
        self._is_at_most_once = is_at_most_once
        self._may_have_arrived = False
        self._came = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._is_failing = False
        self._under_way = 0
        self.dropped = 0
        """How many items were given up since the last delivery that arrived."""
        self.dropped_in_all = 0
        options = GatewaySettings(deadline_s=DEADLINE_S, idle_timeout_s=DEADLINE_S, connect_timeout_s=DEADLINE_S)
        self._client = Gateway(address.origin, secret, options)

    @property
    def waiting(self) -> int:
        """How many items are not delivered yet."""
        return len(self._waiting) + self._under_way

    def put(self, item: Item) -> None:
        """Add an item; if too many wait, the oldest is given up."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self._drop(1)
        self._waiting.append(item)
        self._is_idle.clear()
        self._came.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with self._client:
            while True:
                await self._came.wait()
                while self._waiting:
                    await self._deliver()
                self._came.clear()
                self._is_idle.set()

    async def finish(self) -> None:
        """Wait until everything is delivered or given up, but not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await self._is_idle.wait()

    async def _deliver(self) -> None:
        """Try to deliver the first items that wait; they are given up after the last try."""
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
        self._under_way = len(batch)
        for wait_s in (*WAITS_S, None):
            reason = await self._post(self._body_of(batch, self.dropped))
            if not reason:
                self._arrived()
                break
            if not self._is_failing:
                self._is_failing = True
                self._told(CourierFailed(self._address.origin, reason))
            if wait_s is None or (self._is_at_most_once and self._may_have_arrived):
                self._drop(len(batch))
                break
            await self._pause(wait_s)
        self._under_way = 0

    def _arrived(self) -> None:
        if self._is_failing:
            self._told(CourierWorks(self._address.origin, self.dropped))
        self._is_failing, self.dropped = False, 0

    def _drop(self, count: int) -> None:
        self.dropped += count
        self.dropped_in_all += count

    async def _post(self, body: bytes) -> str:
        """Send one request; return why it did not arrive, in our own words, or nothing if it did."""
        status, self._may_have_arrived = 0, False
        try:
            async with aclosing(self._client.call(self._address.path, None, body, key=KeyUse.OWN)) as parts:
                async for part in parts:
                    if isinstance(part, Started):
                        status = part.status
                        break
        except CallError as error:
            self._may_have_arrived = error.was_sent and error.http_status is None
            return error.classification.evidence.replace("the gateway", "it")
        return "" if 200 <= status < 300 else f"it answered with status {status}"

"""The time of one call: its total deadline, and the idle timeout between two arrivals. By the loop's clock."""

import asyncio
from typing import TYPE_CHECKING, Any

from console.services.gateway.failure import CallError, Flow, deadline_passed, stalled
from console.services.gateway.options import CallTimes

if TYPE_CHECKING:
    import aiohttp


class CallWatch:
    """Watches the time of one call: its total deadline, and the idle timeout between two arrivals."""

    def __init__(self, times: CallTimes, *, is_stream: bool) -> None:
        """Start a call's time. An answer without a stream comes at once: the idle timeout is its total, too."""
        is_wide = is_stream or times.deadline_s <= times.idle_timeout_s
        self._deadline_s = deadline_s = times.deadline_s if is_wide else times.idle_timeout_s
        self._setting = "deadline_s" if is_wide else "idle_timeout_s"
        self._idle_timeout_s = times.idle_timeout_s
        self._table = times.table
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + deadline_s
        self._first_at = self._last_at = self._loop.time()
        self._size = 0
        self._content: aiohttp.StreamReader | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def next_deadline(self) -> float:
        """When the call ends if nothing arrives before, on the loop's clock."""
        return min(self._ends_at, self._last_at + self._idle_timeout_s)

    def take(self, size: int) -> int:
        """Note that bytes of the body arrived; return how many have by now."""
        self._last_at = self._loop.time()
        if not self._size:
            self._first_at = self._last_at
        self._size += size
        return self._size

    def guard(self, content: "aiohttp.StreamReader") -> None:
        """End the reading of a body when its time runs out: by then, reading it raises `CallError`.

        One timer watches the whole body. It looks at what has arrived since, and sleeps on.
        """
        self._content = content
        self._timer = self._loop.call_at(self.next_deadline, self._look)

    def end(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        content, now = self._content, self._loop.time()
        if content is None:
            return
        if content.total_bytes > self._size:
            self._last_at = now  # it has arrived, and our reader has not read it yet
        if self.next_deadline > now:
            self._timer = self._loop.call_at(self.next_deadline, self._look)
        else:
            content.set_exception(self.failure(written=True))

    async def wait_for(self, futures: set[asyncio.Future[Any]], written: asyncio.Future[float]) -> None:
        """Wait for the first of futures, within the time; their end is an arrival.

        Args:
            futures: What to wait for.
            written: Done once the request was sent.

        Raises:
            CallError: The time ran out.

        """
        left = self.next_deadline - self._loop.time()
        done, _ = await asyncio.wait(futures, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise self.failure(written=written.done())
        self._last_at = self._loop.time()

    def failure(self, *, written: bool) -> CallError:
        """Say which of the two times ran out, and what had arrived by then."""
        now = self._loop.time()
        silent_s = max(0.0, now - self._last_at)
        flow = Flow(self._size, self._last_at - self._first_at, silent_s)
        if written and self._last_at + self._idle_timeout_s < self._ends_at:
            return stalled(self._idle_timeout_s, flow, self._table)
        is_idle = self._idle_timeout_s < self._deadline_s
        setting = "idle_timeout_s" if is_idle and not written else self._setting
        seconds = self._idle_timeout_s if is_idle and not written else self._deadline_s
        return deadline_passed(seconds, written=written, flow=flow, setting=setting, table=self._table)

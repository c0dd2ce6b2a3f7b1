"""Holding a run: a lease, renewed for as long as it is needed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from console.services.ledger.ledger import HEARTBEAT_S, FencedError, Holder, Lease, Ledger, LedgerError


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease while it is being renewed."""

    lease: Lease
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when another process has taken the run: stop working on it."""


@contextlib.asynccontextmanager
async def holding(
    ledger: Ledger, run_id: str, holder: Holder, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[HeldLease]:
    """Hold a run within the block, and release it afterwards.

    Raises:
        LeaseHeldError: Another process holds it.
        LedgerError: The run does not exist, or the ledger cannot be used.

    """
    held = HeldLease(await ledger.acquire(run_id, holder))
    beat = asyncio.create_task(_renew(ledger, held, sleep), name=f"lease of {run_id}")
    try:
        yield held
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
        with contextlib.suppress(LedgerError):  # a lease that cannot be released runs out
            await ledger.release(held.lease)


async def _renew(ledger: Ledger, held: HeldLease, sleep: Callable[[float], Awaitable[None]]) -> None:
    while not held.lost.is_set():
        await sleep(HEARTBEAT_S)
        try:
            await ledger.renew(held.lease)
        except FencedError:
            held.lost.set()
        except LedgerError:
            continue  # the next beat may succeed; if none does, the fence protects the run

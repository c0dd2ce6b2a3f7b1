"""Leases: which process steps a run. The fence protects it; the time only says when someone else may ask."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.domain.text.safe import safe
from console.services.ledger.fence import require_fence
from console.services.ledger.ledger import LEASE_MS, Holder, Lease, LeaseHeldError
from console.services.ledger.lines import require_run
from console.services.system.sqlite_file import transaction

if TYPE_CHECKING:
    from sqlite3 import Connection


class Leases:
    """The leases of one ledger."""

    def __init__(
        self,
        connection: "Connection",
        clock: Callable[[], int],
        boot_clock: Callable[[], int],
        is_dead: Callable[[Holder], bool],
    ) -> None:
        """Name the clocks that leases are measured with.

        Args:
            connection: The ledger.
            clock: Returns the Unix time in ms.
            boot_clock: Returns the ms since boot, used between two holders on one host.
            is_dead: Returns whether a holder is known to be dead.

        """
        self._connection = connection
        self._clock = clock
        self._boot_clock = boot_clock
        self._is_dead = is_dead

    def acquire(self, run_id: str, holder: Holder) -> Lease:
        """Take a run whose lease is free or over, or whose holder is dead."""
        with transaction(self._connection):
            require_run(self._connection, run_id)
            row = self._connection.execute(
                "SELECT fence, name, host, pid, started, is_held, until_ms, until_boot_ms FROM lease WHERE run_id = ?",
                (run_id,),
            ).fetchone()
            if row is not None:
                fence, *other, is_held, until_ms, until_boot_ms = row
                if is_held:
                    self._require_over(run_id, Holder(*other), holder.host, (until_ms, until_boot_ms))
            lease = Lease(run_id, fence + 1 if row is not None else 1, holder)
            self._connection.execute(
                "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (run_id, lease.fence, holder.name, holder.host, holder.pid, holder.started, *self._until()),
            )
        return lease

    def renew(self, lease: Lease) -> None:
        """Extend a lease that no other process has taken, counted from now."""
        with transaction(self._connection):
            require_fence(self._connection, lease.run_id, lease.fence)
            self._connection.execute(
                "UPDATE lease SET until_ms = ?, until_boot_ms = ? WHERE run_id = ?", (*self._until(), lease.run_id)
            )

    def release(self, lease: Lease) -> None:
        """Release a lease; its fence stays, so that the next one is higher."""
        with transaction(self._connection):
            require_fence(self._connection, lease.run_id, lease.fence)
            self._connection.execute("UPDATE lease SET is_held = 0 WHERE run_id = ?", (lease.run_id,))

    def _until(self) -> tuple[int, int]:
        return self._clock() + LEASE_MS, self._boot_clock() + LEASE_MS

    def _require_over(self, run_id: str, other: Holder, host: str, until: tuple[int, int]) -> None:
        if self._is_dead(other):
            return
        until_ms, until_boot_ms = until
        is_near = other.host == host
        left_ms = until_boot_ms - self._boot_clock() if is_near else until_ms - self._clock()
        if not 0 < left_ms <= LEASE_MS:  # no lease is longer than that: a clock was set back
            return
        raise held(run_id, other, left_ms, is_near=is_near)


def held(run_id: str, other: Holder, left_ms: int, *, is_near: bool) -> LeaseHeldError:
    """Return the refusal of a run that another process steps."""
    return LeaseHeldError(
        f"{safe(other.name)}, process {other.pid}{'' if is_near else ' on another machine'}, is stepping run"
        f" {run_id}; watch it there, or try again in {-(-left_ms // 1000)} s, when it may have ended",
        holder=other,
        left_ms=left_ms,
    )

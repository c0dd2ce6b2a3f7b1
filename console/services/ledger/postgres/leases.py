"""Leases in a shared store: the clock of the database measures them, for it is the same for all machines."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.services.ledger.fence import require_fence
from console.services.ledger.leases import held
from console.services.ledger.ledger import LEASE_MS, Holder, Lease
from console.services.ledger.lines import require_run
from console.services.ledger.postgres.statements import Statements
from console.services.ledger.postgres.transactions import lock

if TYPE_CHECKING:
    import psycopg


def acquire(
    connection: "psycopg.Connection[Any]", run_id: str, holder: Holder, is_dead: Callable[[Holder], bool]
) -> Lease:
    """Take a run whose lease is free or over, or whose holder is dead."""
    lock(connection, run_id)
    require_run(Statements(connection), run_id)
    row = connection.execute(
        "SELECT fence, is_held, until_ms - gateway_console.now_ms(), name, host, pid, started"
        " FROM gateway_console.lease WHERE run_id = %s",
        (run_id,),
    ).fetchone()
    seen = 0
    if row is not None:
        seen, is_held, left_ms, *rest = row
        other = Holder(*rest)
        # No lease is longer than LEASE_MS: with more left, the database's clock was set back.
        if is_held and 0 < left_ms <= LEASE_MS and not is_dead(other):
            raise held(run_id, other, left_ms, is_near=other.host == holder.host)
    taken = connection.execute(
        "SELECT gateway_console.take_lease(%s, %s, %s, %s, %s, %s, %s)",
        (run_id, seen, holder.name, holder.host, holder.pid, holder.started, LEASE_MS),
    ).fetchone()
    return Lease(run_id, int(taken[0]) if taken is not None else seen + 1, holder)


def keep(connection: "psycopg.Connection[Any]", lease: Lease, *, is_kept: bool) -> None:
    """Extend a lease that no other process has taken, counted from now, or release it: its fence stays."""
    lock(connection, lease.run_id)
    require_fence(Statements(connection), lease.run_id, lease.fence)
    connection.execute(
        "SELECT gateway_console.keep_lease(%s, %s, %s, %s)", (lease.run_id, lease.fence, is_kept, LEASE_MS)
    )

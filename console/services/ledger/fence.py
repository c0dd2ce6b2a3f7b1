"""The fence of a run's lease: whoever steps a run writes only while no other process has taken it."""

from console.domain.text.safe import safe
from console.services.ledger.ledger import FencedError
from console.services.ledger.rows import Rows


def require_fence(rows: Rows, run_id: str, fence: int) -> None:
    """Refuse a fence that is not the run's; an expired one still counts until another process takes the run.

    Raises:
        FencedError: The lease is over.

    """
    row = rows.execute("SELECT fence, name, pid, is_held FROM lease WHERE run_id = ?", (run_id,)).fetchone()
    now, name, pid, is_held = row or (None, "", 0, False)
    if now == fence and is_held:
        return
    if now is None or now == fence:
        raise FencedError(f"this process does not hold run {run_id}, so nothing was stored; resume the run to go on")
    raise FencedError(f"{safe(name)}, process {pid}, has taken over run {run_id}; nothing more was stored here")

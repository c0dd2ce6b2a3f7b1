"""The thread in which all IO of a ledger happens."""

from collections.abc import Callable
from typing import TypeVar

from console.services.ledger.ledger import LedgerError
from console.services.system.thread import ClosedError, OverdueError, Worker

_Value = TypeVar("_Value")


class LedgerThread(Worker):
    """A worker whose errors are a ledger's errors."""

    async def run(self, work: Callable[[], _Value]) -> _Value:
        """Run a call in the thread and return its result.

        Raises:
            LedgerError: It did not return in time, or the ledger is closed.

        """
        try:
            return await super().run(work)
        except ClosedError:
            raise LedgerError("the ledger is closed; open it again") from None
        except OverdueError:
            raise LedgerError(
                f"the ledger did not answer within {self.deadline_s:g} s, so whether it was stored is unknown;"
                " check the disk, then read the run again"
            ) from None

"""The thread in which all IO of a ledger happens."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from console.domain.problem import ProblemKind
from console.services.ledger.ledger import LedgerError
from console.services.system.thread import ClosedError, OverdueError, Worker

_Value = TypeVar("_Value")


class LedgerThread(Worker):
    """A worker whose errors are a ledger's errors."""

    def __init__(
        self,
        name: str,
        deadline_s: float,
        time_limit: Callable[[float], AbstractAsyncContextManager[object]] = asyncio.timeout,
        *,
        what: str = "the ledger",
        check: str = "the disk",
        kind: ProblemKind | None = None,
    ) -> None:
        """Name the thread; it is not started.

        Args:
            name: Its name in a list of threads.
            deadline_s: How long a caller waits at most.
            time_limit: Raises TimeoutError inside the block after that many seconds.
            what: What does not answer if a call does not return in time.
            check: What to check then.
            kind: The kind of that error; by default LedgerError's own.

        """
        super().__init__(name, deadline_s, time_limit)
        self._what, self._check, self._kind = what, check, kind

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
                f"{self._what} did not answer within {self.deadline_s:g} s, so whether it was stored is unknown;"
                f" check {self._check}, then read the run again",
                self._kind,
            ) from None

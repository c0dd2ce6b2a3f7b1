"""The history for those who read it, or append facts made elsewhere: all IO happens in a thread of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar

from console.domain.history.fact import Fact
from console.services.history.file import HistoryFile
from console.services.history.reader import Reader, Wanted
from console.services.history.schema import DamagedError, HistoryError
from console.services.system.clock import unix_ms
from console.services.system.thread import ClosedError, OverdueError, Worker

DEADLINE_S = 30.0
"""How long one reading may take: a slow disk with a file of full size."""
_Value = TypeVar("_Value")


class History:
    """An open history; `open` opens it."""

    def __init__(self, file: HistoryFile, worker: Worker) -> None:
        self._file = file
        self._worker = worker

    @classmethod
    async def open(
        cls, environment: Mapping[str, str], *, is_looking: bool = False, clock: Callable[[], int] = unix_ms
    ) -> Self:
        """Open the history of a state directory.

        Args:
            environment: The environment variables, which say where state is kept.
            is_looking: Whether nothing may be written: a file that is absent stays so, and is read as empty.
            clock: Returns the Unix time in ms.

        Raises:
            HistoryError: It cannot be used.

        """
        history = cls(HistoryFile(environment, is_looking=is_looking, clock=clock), Worker("history", DEADLINE_S))
        try:
            if not is_looking or await history._run(history._file.is_there):
                await history._run(lambda: history._file.use(lambda store: store.reader.is_empty()))
        except BaseException:
            await history.close()
            raise
        return history

    async def append(self, facts: Sequence[Fact], *, days: Mapping[str, int]) -> None:
        """Store facts.

        Args:
            facts: The facts.
            days: How many days a profile's facts are kept, by the profile's name: `policy.history_days`.

        Raises:
            HistoryError: They cannot be stored.

        """
        await self._run(lambda: self._file.append(facts, days))

    async def query(self, wanted: Wanted, limit: int = 1000) -> tuple[Fact, ...]:
        """Return the newest wanted facts, newest first. Raises `HistoryError`."""
        return await self.read(lambda reader: tuple(reader.facts(wanted, limit)), ())

    async def read(self, work: Callable[[Reader], _Value], absent: _Value) -> _Value:
        """Read something in one go.

        Args:
            work: Reads it, in the history's thread.
            absent: What to return if the file does not exist.

        Raises:
            HistoryError: It cannot be read.

        """

        def perform() -> _Value:
            return self._file.use(lambda store: work(store.reader)) if self._file.is_there() else absent

        return await self._run(perform)

    @property
    def notice(self) -> str:
        """What was damaged and set aside, and where; empty if nothing was."""
        return self._file.notice

    async def close(self) -> None:
        """Close the file."""
        try:
            await self._run(self._file.close)
        finally:
            self._worker.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, work: Callable[[], _Value]) -> _Value:
        try:
            return await self._worker.run(work)
        except ClosedError:
            raise HistoryError("the history is closed") from None
        except OverdueError:
            raise HistoryError(f"the history did not answer within {DEADLINE_S:g} s; check the disk") from None
        except DamagedError:
            raise HistoryError("the history was damaged and was set aside; try again") from None

"""What team mode asks of a team's database: work in one transaction, and what is told on a channel."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from psycopg import Connection

_Value = TypeVar("_Value")


class TeamDatabase(Protocol):
    """A database that several consoles share; `services/ledger/postgres/database.py` is the one."""

    where: str
    """Where it is, as it may be shown."""

    async def run(self, work: "Callable[[Connection], _Value]") -> _Value:
        """Return what some work returns, which is done in one transaction. Raises `LedgerError`."""

    def listen(self, channel: str) -> AsyncIterator[str]:
        """Yield what is told on a channel; an empty text means: look at everything."""

"""What the operations of every store ask of a connection: SQL with `?` for each value."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol


class Found(Protocol):
    """The rows that a statement found."""

    def fetchone(self) -> Any:
        """Return the next row; None after the last one."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Rows(Protocol):
    """A connection to a store, within a transaction; SQLite's own connections are such."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Found:
        """Execute a statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Any:
        """Execute a statement for each set of values."""

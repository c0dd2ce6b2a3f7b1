"""The document of `facts`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from console.services.facts.tables import FactsTable


class FactsAction(StrEnum):
    """What was done to the tables."""

    SHOW = "show"
    UPDATE = "update"
    RESET = "reset"


@dataclass(frozen=True, kw_only=True)
class InstalledFactsDocument:
    """A table that the operator installed."""

    path: str
    origin: str | None
    """The day on which it was installed, and the file it came from."""
    sha256: str | None
    """Of its text; null where it cannot be read."""
    problem: str | None
    """Why it is not used; null if it is."""


@dataclass(frozen=True, kw_only=True)
class FactsTableDocument:
    """One table of facts, as it is in use."""

    name: str
    rows: int
    oldest: str | None
    """ISO date of the earliest day on which a source was read; null if the rows carry no dates. So is the next."""
    newest: str | None
    age_days: int | None
    """Since the oldest source was read."""
    is_stale: bool | None
    sources: tuple[str, ...]
    is_installed: bool
    """Whether the operator installed the table in use; if not, it came with the console."""
    can_be_installed: bool
    """Whether an operator may install another one."""
    installed: InstalledFactsDocument | None

    @classmethod
    def of(cls, table: "FactsTable", today: date) -> Self:
        """Return a table as the document names it."""
        used, installed = table.used, table.installed
        return cls(
            name=table.name,
            rows=used.rows,
            oldest=None if used.oldest is None else used.oldest.isoformat(),
            newest=None if used.newest is None else used.newest.isoformat(),
            age_days=used.age_days(today),
            is_stale=used.is_stale(today),
            sources=used.sources,
            is_installed=table.is_installed,
            can_be_installed=table.can_be_installed,
            installed=None
            if installed is None
            else InstalledFactsDocument(
                path=str(installed.path),
                origin=installed.origin or None,
                sha256=installed.sha256 or None,
                problem=installed.problem or None,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class FactsDocument:
    """Tables of facts: all, the one that was asked for, or those that were changed."""

    schema: Literal["gateway-console/facts/v1"] = "gateway-console/facts/v1"
    action: FactsAction
    tables: tuple[FactsTableDocument, ...]

    @classmethod
    def of(cls, tables: "Iterable[FactsTable]", action: FactsAction, today: date) -> Self:
        """Return tables as the document names them."""
        return cls(action=action, tables=tuple(FactsTableDocument.of(each, today) for each in tables))

"""The documents of `store url`, `store migrate` and `store grants`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class StoreUrlDocument:
    """The database's URL was stored."""

    schema: Literal["gateway-console/store-url/v1"] = "gateway-console/store-url/v1"
    reference: str
    """Where it is now."""


@dataclass(frozen=True, kw_only=True)
class StoreMigrateDocument:
    """The steps of the schema that a database lacked."""

    schema: Literal["gateway-console/store-migrate/v1"] = "gateway-console/store-migrate/v1"
    where: str
    """The database, without user and password."""
    pending: tuple[str, ...]
    """What it lacked, each with its number."""
    applied: tuple[str, ...]
    """What was applied now; empty with `--dry-run`."""


@dataclass(frozen=True, kw_only=True)
class StoreGrantsDocument:
    """The rights of operators and workers."""

    schema: Literal["gateway-console/store-grants/v1"] = "gateway-console/store-grants/v1"
    sql: str
    where: str | None
    """The database in which it was run; null if it was not."""
    is_applied: bool

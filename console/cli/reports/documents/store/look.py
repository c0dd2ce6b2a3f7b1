"""The documents of `store status` and `store check`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from console.cli.exit_code import ExitCode

if TYPE_CHECKING:
    from console.services.store.check import StoreRow
    from console.services.store.status import StoreStatus


@dataclass(frozen=True, kw_only=True)
class StoreClientDocument:
    """Who is connected to the database."""

    application_name: str
    user: str
    connections: int
    is_own: bool
    """Whether this command's own connection is among them."""


@dataclass(frozen=True, kw_only=True)
class StoreCountsDocument:
    """How many of each the store has."""

    runs: int
    lines: int
    checkpoints: int
    tombstones: int
    artifacts: int
    artifact_bytes: int


@dataclass(frozen=True, kw_only=True)
class StoreStatusDocument:
    """A store as it is now."""

    schema: Literal["gateway-console/store-status/v1"] = "gateway-console/store-status/v1"
    kind: Literal["postgresql", "sqlite"]
    where: str
    """A file, or a database without user and password."""
    log_id: str
    """The log in which new runs are written; empty if the store is not set up."""
    logs: int
    """Of how many logs it has runs: its own, and those that were copied in."""
    size_bytes: int
    counts: StoreCountsDocument | None
    """Null if it is not set up."""
    server_version: str | None
    """Null for a file."""
    clock_ahead_ms: int | None
    """How far this machine's clock is ahead of the server's; null for a file."""
    applied: tuple[str, ...]
    """The steps of the schema that it has."""
    pending: tuple[str, ...]
    unknown: tuple[int, ...]
    """Steps that only a newer version knows."""
    clients: tuple[StoreClientDocument, ...]

    @classmethod
    def of(cls, status: "StoreStatus") -> Self:
        """Return a status as the document names it."""
        counts, is_database = status.counts, status.kind == "postgresql"
        return cls(
            kind="postgresql" if is_database else "sqlite",
            where=status.where,
            log_id=status.log_id,
            logs=status.logs,
            size_bytes=status.size_bytes,
            counts=None
            if counts is None
            else StoreCountsDocument(
                runs=counts.runs,
                lines=counts.lines,
                checkpoints=counts.checkpoints,
                tombstones=counts.tombstones,
                artifacts=counts.artifacts,
                artifact_bytes=counts.artifact_bytes,
            ),
            server_version=status.server_version if is_database else None,
            clock_ahead_ms=status.skew_ms if is_database else None,
            applied=status.applied,
            pending=status.pending,
            unknown=status.unknown,
            clients=tuple(
                StoreClientDocument(
                    application_name=each.name, user=each.user, connections=each.connections, is_own=each.is_own
                )
                for each in status.clients
            ),
        )


@dataclass(frozen=True, kw_only=True)
class StoreRowDocument:
    """The answer to one question about the database."""

    id: str
    health: Literal["ok", "note", "warn", "fail"]
    found: str
    """The evidence."""
    todo: str
    """What to do; empty if nothing."""


@dataclass(frozen=True, kw_only=True)
class StoreCheckDocument:
    """Whether this console can rely on the database."""

    schema: Literal["gateway-console/store-check/v1"] = "gateway-console/store-check/v1"
    checked_at: str
    rows: tuple[StoreRowDocument, ...]
    exit_code: ExitCode

    @classmethod
    def of(cls, rows: "Sequence[StoreRow]", checked_at: str, code: ExitCode) -> Self:
        """Return rows as the document names them."""
        made = tuple(
            StoreRowDocument(id=each.id, health=each.health.value, found=each.found, todo=each.todo) for each in rows
        )
        return cls(checked_at=checked_at, rows=made, exit_code=code)

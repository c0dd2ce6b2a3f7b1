"""What a store is now: where, how large, which schema, and who else is connected."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.domain.text.safe import safe
from console.services.ledger.ledger import Ledger
from console.services.store.server import server_of

if TYPE_CHECKING:
    import psycopg

    from console.services.ledger.postgres.database import Database


@dataclass(frozen=True, slots=True)
class Client:
    """What is connected to the database, as it names itself."""

    name: str
    """`application_name`, which each client chooses: outside text made safe."""
    user: str
    connections: int
    is_own: bool
    """Whether this command's own connection is among them."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each there are."""

    runs: int
    lines: int
    checkpoints: int
    tombstones: int
    artifacts: int
    artifact_bytes: int


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store that was looked at."""

    where: str
    kind: str
    """`postgresql` or `sqlite`."""
    log_id: str
    """The id of the log that new runs are written in; empty if it is not set up."""
    size_bytes: int
    counts: Counts | None
    """None if it is not set up."""
    server_version: str = ""
    skew_ms: int = 0
    """How far this machine's clock is ahead of the database's."""
    applied: tuple[str, ...] = ()
    """The steps of the schema that it has."""
    pending: tuple[str, ...] = ()
    unknown: tuple[int, ...] = ()
    """The steps that only a newer version knows."""
    logs: int = 1
    """Of how many logs it has runs: its own, and those that were copied in."""
    clients: tuple[Client, ...] = ()


async def status_of_files(ledger: Ledger, directory: Path) -> StoreStatus:
    """Return the status of a store in the files of a state directory. Raises `LedgerError`."""
    named = await ledger.named_runs()
    runs = await ledger.run_ids()
    tombstones = await ledger.tombstones()
    checkpoints = sum([len(await ledger.checkpoints(run_id)) for run_id in named])
    sizes = [each.stat().st_size for each in _files(directory / "artifacts")]
    counts = Counts(
        len(runs), await ledger.last_place(), checkpoints, len(tombstones), len(sizes), sum(sizes)
    )  # no line is ever deleted but by prune
    size = sum(each.stat().st_size for each in _files(directory) if each.name.startswith("runs.db"))
    return StoreStatus(ledger.where, "sqlite", ledger.log_id, size, counts)


async def status_of_database(database: "Database", now_ms: Callable[[], int]) -> StoreStatus:
    """Return the status of a database, whatever it has. Raises `LedgerError` if it cannot be asked."""
    from console.services.ledger.postgres.migrations import state

    schema = await database.run(state)
    counts, log_id, logs = None, "", 0
    if schema.applied:
        counts = await database.run(_counts)
        log_id, logs = await database.run(_logs)
    size, clients = await database.run(_surroundings)
    server = await database.run(server_of)
    return StoreStatus(
        database.where,
        "postgresql",
        log_id,
        size,
        counts,
        server_version=server.version,
        skew_ms=server.ahead_of(now_ms()),
        applied=tuple(f"{step.number:04} {step.name}" for step in schema.applied),
        pending=tuple(f"{step.number:04} {step.name}" for step in schema.pending),
        unknown=schema.unknown,
        logs=logs,
        clients=clients,
    )


def _counts(connection: "psycopg.Connection[Any]") -> Counts:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM gateway_console.run), (SELECT count(*) FROM gateway_console.line),"
        " (SELECT count(*) FROM gateway_console.checkpoint), (SELECT count(*) FROM gateway_console.tombstone),"
        " (SELECT count(*) FROM gateway_console.artifact), (SELECT bytes FROM gateway_console.artifact_total)"
    ).fetchone()
    return Counts(*map(int, row or (0,) * 6))


def _logs(connection: "psycopg.Connection[Any]") -> tuple[str, int]:
    rows = connection.execute("SELECT log_id, is_own FROM gateway_console.log").fetchall()
    return next((str(log_id) for log_id, is_own in rows if is_own), ""), len(rows)


def _surroundings(connection: "psycopg.Connection[Any]") -> tuple[int, tuple[Client, ...]]:
    size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    rows = connection.execute(
        "SELECT application_name, usename, count(*), bool_or(pid = pg_backend_pid()) FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    clients = tuple(
        Client(safe(str(name or ""), limit=60), safe(str(user or ""), limit=60), int(count), bool(is_own))
        for name, user, count, is_own in rows
    )
    return (0 if size is None else int(size[0])), clients


def _files(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each.is_file()]
    except FileNotFoundError:
        return []

"""Artifacts in a shared store: what a run's models wrote, by the hash of its content, apart from the lines."""

import hashlib
from typing import TYPE_CHECKING, Any

from console.services.ledger.artifacts import ARTIFACT_LIMIT, require_hash
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.database import Database

if TYPE_CHECKING:
    import psycopg


class PostgresArtifacts:
    """The artifacts of one database; whoever opened the database closes it."""

    def __init__(self, database: Database, *, limit: int = ARTIFACT_LIMIT) -> None:
        """Name the database.

        Args:
            database: An open one.
            limit: The maximum size of an artifact, in bytes.

        """
        self._database = database
        self._limit = min(limit, ARTIFACT_LIMIT)

    async def put(self, data: bytes) -> str:
        """Store content and return its SHA-256; it is in the database when this returns.

        Raises:
            LedgerError: It is too large, the artifacts of the store have no more room, or it cannot be stored.

        """
        if len(data) > self._limit:
            raise LedgerError(f"an artifact of {len(data)} bytes is over the limit of {self._limit}; ask for less")
        sha256 = hashlib.sha256(data).hexdigest()

        def put(connection: "psycopg.Connection[Any]") -> None:
            connection.execute(
                "INSERT INTO gateway_console.artifact (sha256, size, data) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (sha256, len(data), data),
            )

        await self._database.run(put, may_repeat=True)
        return sha256

    async def read(self, sha256: str) -> bytes | None:
        """Return the content of a hash; None if it is not stored, or was deleted.

        Raises:
            LedgerError: The hash is malformed, or what is stored cannot be read or has other content.

        """
        require_hash(sha256)

        def read(connection: "psycopg.Connection[Any]") -> bytes | None:
            row = connection.execute(
                "SELECT data FROM gateway_console.artifact WHERE sha256 = %s", (sha256,), binary=True
            ).fetchone()
            return None if row is None else bytes(row[0])

        data = await self._database.run(read, may_repeat=True)
        if data is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise LedgerError(
                f"the content of artifact {sha256} in {self._database.where} does not match its name: it was changed;"
                " delete it, the record still has the hash of the original content"
            )
        return data

    async def delete(self, sha256: str) -> bool:
        """Delete an artifact; return whether there was one.

        Raises:
            LedgerError: The hash is malformed, or it cannot be deleted.

        """
        require_hash(sha256)

        def delete(connection: "psycopg.Connection[Any]") -> bool:
            row = connection.execute("SELECT gateway_console.delete_artifact(%s)", (sha256,)).fetchone()
            return row == (True,)

        return await self._database.run(delete)

    def close(self) -> None:
        """Do nothing: whoever opened the database closes it."""

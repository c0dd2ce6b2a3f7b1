"""Artifacts: what a run's models wrote, in files named by the hash of their content, apart from the ledger's lines.

An artifact may be deleted at any time: the chain of lines still holds, and records which content it was.
"""

import hashlib
import os
import re
from functools import partial
from pathlib import Path
from typing import Protocol

from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError
from console.services.ledger.thread import LedgerThread
from console.services.system.os_reason import os_reason
from console.services.system.private_file import PrivateFileError, open_to_read, read_open, write_private

ARTIFACT_LIMIT = 8 * 1024 * 1024
"""The maximum size of an artifact, in bytes."""
_NAME = re.compile(r"[0-9a-f]{64}")


class ArtifactStore(Protocol):
    """Where artifacts are kept."""

    async def put(self, data: bytes) -> str:
        """Store content and return its SHA-256; it survives this process when this returns.

        Raises:
            LedgerError: It is too large, or cannot be written.

        """

    async def read(self, sha256: str) -> bytes | None:
        """Return the content of a hash; None if it is not stored, or was deleted.

        Raises:
            LedgerError: The hash is malformed, or what is stored cannot be read or has other content.

        """

    async def delete(self, sha256: str) -> bool:
        """Delete an artifact; return whether there was one.

        Raises:
            LedgerError: The hash is malformed, or it cannot be deleted.

        """


class Artifacts:
    """The artifacts of one state directory."""

    def __init__(self, directory: Path, *, limit: int = ARTIFACT_LIMIT, deadline_s: float = 10.0) -> None:
        """Name the directory; nothing is opened.

        Args:
            directory: The state directory.
            limit: The maximum size of an artifact, in bytes.
            deadline_s: How long an operation may take.

        """
        self._state = directory
        self._directory = directory / "artifacts"
        self._limit = limit
        self._worker = LedgerThread("artifacts", deadline_s)

    async def put(self, data: bytes) -> str:
        """Store content and return its SHA-256; it is on the disk when this returns.

        Raises:
            LedgerError: It is too large, or cannot be written.

        """
        if len(data) > self._limit:
            raise LedgerError(f"an artifact of {len(data)} bytes is over the limit of {self._limit}; ask for less")
        return await self._worker.run(partial(self._put, data))

    async def read(self, sha256: str) -> bytes | None:
        """Return the content of a hash; None if it is not stored, or no longer.

        Raises:
            LedgerError: The hash is malformed, or the file cannot be read or has other content.

        """
        return await self._worker.run(partial(self._read, require_hash(sha256)))

    async def delete(self, sha256: str) -> bool:
        """Delete an artifact; return whether there was one.

        Raises:
            LedgerError: The hash is malformed, or the file cannot be deleted.

        """
        return await self._worker.run(partial(self._delete, require_hash(sha256)))

    def close(self) -> None:
        """Accept no more calls."""
        self._worker.close()

    def _put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            self._state.parent.mkdir(parents=True, exist_ok=True)
            self._state.mkdir(mode=0o700, exist_ok=True)
            path = self._directory / sha256
            if self._content(path) != data:  # a damaged one is written again
                write_private(path, data)
            self._sync()
        except PrivateFileError as error:
            raise _translated(error) from None
        except OSError as error:
            raise self._failed(sha256, "written", error) from None
        return sha256

    def _read(self, sha256: str) -> bytes | None:
        try:
            data = self._content(self._directory / sha256)
        except PrivateFileError as error:
            raise _translated(error) from None
        if data is None:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LedgerError(
                f"the content of {safe(str(self._directory / sha256))} does not match its name: it was changed;"
                " delete it, the record still has the hash of the original content"
            )
        return data

    def _content(self, path: Path) -> bytes | None:
        """Return a file's content; None if there is no file, and nothing if it is larger than any artifact."""
        file = open_to_read(path)
        return None if file is None else read_open(file, path, self._limit) or b""

    def _delete(self, sha256: str) -> bool:
        try:
            (self._directory / sha256).unlink()
            self._sync()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._failed(sha256, "deleted", error) from None
        return True

    def _sync(self) -> None:
        """Sync the directory, so that its names are on the disk as well."""
        folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _failed(self, sha256: str, done: str, error: OSError) -> LedgerError:
        where = safe(str(self._directory / sha256))
        return LedgerError(f"{where} cannot be {done}: {os_reason(error)}; check the disk")


def require_hash(sha256: str) -> str:
    """Return a hash; raise LedgerError if it is malformed."""
    if _NAME.fullmatch(sha256) is None:
        raise LedgerError("an artifact's name must be the 64 hexadecimal digits of its SHA-256")
    return sha256


def _translated(error: PrivateFileError) -> LedgerError:
    return LedgerError(str(error), is_unsafe=error.is_unsafe)

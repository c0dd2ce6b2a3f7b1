"""Receipts of what was written into agents' settings: with them, every byte can be put back."""

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.agent_settings.read_source import SIZE_LIMIT
from console.services.agent_settings.writing import OwnFile, own_file, put
from console.services.system.directories import state_directory
from console.services.system.os_reason import os_reason
from console.services.system.private_file import create_private, read_private, remove_private

_NAME = re.compile(r"\d{8}T\d{6}Z-[a-z_]{1,20}(?:-\d{1,3})?")
_RECEIPT_BYTES = 64 * 1024
_SPECIAL = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was written, and what was there before."""

    name: str
    agent: str
    path: str
    had_file: bool
    mode: int
    before_sha256: str
    after_sha256: str
    written_at: str
    """ISO time in UTC."""


class Receipts:
    """The receipts in the console's state directory, each with a backup beside it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Name the directory. Raises `PrivateFileError` if there is none."""
        self._folder = state_directory(environment) / "agent-settings"

    def backup_of(self, receipt: Receipt) -> Path:
        """Return where the bytes are that were there before."""
        return self._folder / f"{receipt.name}.backup"

    def keep(self, agent: str, file: OwnFile, new: bytes, now: datetime) -> Receipt:
        """Write the receipt and the backup of a file, before it is replaced. Raises `PrivateFileError`."""
        stem = f"{now:%Y%m%dT%H%M%SZ}-{agent}"
        for name in (stem, *(f"{stem}-{count}" for count in range(2, 1000))):
            after = hashlib.sha256(new).hexdigest()
            receipt = Receipt(
                name,
                agent,
                str(file.path),
                file.data is not None,
                file.mode,
                file.sha256,
                after,
                now.isoformat(timespec="seconds"),
            )
            if create_private(self._folder / f"{name}.json", json.dumps(asdict(receipt), indent=2).encode()):
                create_private(self.backup_of(receipt), file.data or b"")
                return receipt
        raise Problem("there are too many receipts of this second; try again", ProblemKind.WAITING)

    def names(self) -> tuple[str, ...]:
        """Return the names of all receipts, the oldest first. Raises `Problem` if they cannot be listed."""
        try:
            found = [each.stem for each in self._folder.iterdir() if each.suffix == ".json"]
        except FileNotFoundError:
            return ()
        except OSError as error:
            words = f"{safe(str(self._folder), limit=300)} cannot be read: {os_reason(error)}"
            raise Problem(words, ProblemKind.FAILED) from None
        return tuple(sorted(filter(_NAME.fullmatch, found)))

    def find(self, word: str) -> Receipt:
        """Return the receipt of a name, or the last one. Raises `Problem` if there is none, or it cannot be read."""
        names = self.names()
        if not names:
            raise Problem("nothing to undo: agents --write has written nothing here", ProblemKind.USAGE)
        name = names[-1] if word == "last" else word
        if name not in names:
            raise Problem(f"no receipt has that name; choose one of: {', '.join(names[-10:])}", ProblemKind.USAGE)
        data = read_private(self._folder / f"{name}.json", _RECEIPT_BYTES)
        try:
            receipt = Receipt(**json.loads(data or b""))
            is_right = receipt.name == name and Path(receipt.path).is_absolute() and "\0" not in receipt.path
            is_right = is_right and stat.S_IMODE(receipt.mode) == receipt.mode and not receipt.mode & _SPECIAL
        except (ValueError, TypeError, OverflowError):
            is_right = False
        if not is_right:
            words = f"the receipt {name} cannot be read; its backup is {name}.backup in the same directory"
            raise Problem(words, ProblemKind.FAILED)
        return receipt

    def undo(self, receipt: Receipt) -> OwnFile:
        """Return the file of a receipt, which is still as it was written.

        Raises:
            Problem: It changed since, or may not be written.

        """
        file = own_file(Path(receipt.path))
        backup = safe(str(self.backup_of(receipt)), limit=300)
        if file.sha256 == receipt.before_sha256:
            self.drop(receipt)
            words = "is as it was before; there is nothing to undo, and the receipt is removed"
            raise Problem(f"{safe(receipt.path, limit=300)} {words}", ProblemKind.USAGE)
        if file.sha256 != receipt.after_sha256:
            words = f"was changed since it was written, and stays as it is. What was there before is in {backup}"
            raise Problem(f"{safe(receipt.path, limit=300)} {words}", ProblemKind.REFUSED)
        return file

    def before(self, receipt: Receipt) -> bytes | None:
        """Return the bytes that were there before; None if there was no file. Raises `Problem`."""
        data = read_private(self.backup_of(receipt), SIZE_LIMIT)
        if data is None or (receipt.had_file and hashlib.sha256(data).hexdigest() != receipt.before_sha256):
            raise Problem(f"the backup of {receipt.name} is missing or was changed", ProblemKind.FAILED)
        return data if receipt.had_file else None

    def put_back(self, receipt: Receipt, file: OwnFile, before: bytes | None) -> None:
        """Put the bytes back that were there before, and remove the receipt. Raises `Problem`."""
        if before is None:
            self.undo(receipt)  # the agent may have written to it while the operator was asked
            try:
                file.path.unlink()
            except OSError as error:
                words = f"{safe(receipt.path, limit=300)} cannot be removed: {os_reason(error)}"
                raise Problem(words, ProblemKind.FAILED) from None
        else:
            put(OwnFile(file.path, file.data, receipt.mode), before)
        self.drop(receipt)

    def drop(self, receipt: Receipt) -> None:
        """Remove a receipt and its backup. Raises `PrivateFileError`."""
        remove_private(self.backup_of(receipt))
        remove_private(self._folder / f"{receipt.name}.json")

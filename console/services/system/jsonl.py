"""Private logs with one JSON document per line: an appended line is on the disk, whole and after all earlier ones.

Lines are appended under a lock, so that two concurrent writers both keep theirs. If a crash cut a line short, the
next one still starts on a new line, and readers skip the broken one.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from console.domain.text.safe import safe
from console.services.system.os_reason import os_reason
from console.services.system.private_file import PrivateFileError, open_to_append, require_clean


def append_line(path: Path, document: object, *, aside_above: int | None = None) -> None:
    """Append a document as one line; it is on the disk when this returns.

    Args:
        path: The log; it and its directory are created if missing.
        document: What msgspec can encode.
        aside_above: The size in bytes above which the log is renamed to `….1`, replacing the one before; None keeps
              all lines in one file.

    Raises:
        PrivateFileError: It cannot be written, would hold a token of this process, or other users can access the file.

    """
    line = msgspec.json.encode(document) + b"\n"
    require_clean(line, safe(path.name))
    with _locked(path) as log:
        size = os.fstat(log).st_size
        is_cut = size > 0 and os.pread(log, 1, size - 1) != b"\n"
        try:
            _write_all(log, b"\n" + line if is_cut else line)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(log, size)
            raise
        os.fsync(log)
        if aside_above is not None and os.fstat(log).st_size > aside_above:
            path.replace(path.with_name(f"{path.name}.1"))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open a log, and lock it until the end of the block: the file that has its name once the lock is held."""
    while True:
        log = open_to_append(path)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)
            if _is_at(log, path):  # else another writer renamed it while this one waited for the lock
                yield log
                return
        except OSError as error:
            where, reason = safe(str(path)), os_reason(error)
            raise PrivateFileError(f"{where} cannot be written: {reason}") from None
        finally:
            os.close(log)


def _is_at(log: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(log), os.lstat(path))
    except FileNotFoundError:
        return False


def _write_all(log: int, data: bytes) -> None:
    while data:
        data = data[os.write(log, data) :]

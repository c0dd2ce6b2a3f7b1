"""What every SQLite file of the console needs: a private place on a local disk, a journal, and whole transactions."""

import contextlib
import os
import re
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from console.domain.text.safe import safe
from console.services.system.os_reason import os_reason
from console.services.system.private_file import PrivateFileError, open_to_append

if TYPE_CHECKING:
    from sqlite3 import Connection

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ceph|coda|davfs\w*|glusterfs|gfs2?|gpfs|lustre|beegfs|moosefs|ncpfs|ocfs2|orangefs|pvfs2"
    r"|vboxsf|vmhgfs|prl_fs"
    r"|fuse\.(?:sshfs|ceph\S*|glusterfs|gcsfuse|s3fs|rclone|davfs\w*|mfs|moosefs|juicefs|smbnetfs|curlftpfs|vmhgfs-fuse"
    r"|gvfsd-fuse|cvmfs\w*|goofys|blobfuse2?|lizardfs|seaweedfs)"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")
_making = threading.Lock()


def linux_mounts() -> str:
    """Return the kernel's list of this process's mounts (proc_pid_mountinfo(5)); empty if there is none."""
    with contextlib.suppress(OSError):
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    return ""


def require_local(directory: Path, mounts: Callable[[], str]) -> None:
    """Refuse a directory on a network file system: SQLite's write-ahead log needs memory that all its users share.

    Raises:
        PrivateFileError: It is on one.

    """
    place, best, kind = os.path.realpath(directory), "", ""
    for row in mounts().splitlines():
        front, _, rear = row.partition(" - ")
        fields, types = front.split(" "), rear.split(" ")
        if len(fields) < 5:
            continue
        point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4])
        if len(point) >= len(best) and (place + "/").startswith(point.rstrip("/") + "/"):
            best, kind = point, types[0]  # of two mounts on one point, the later one is visible
    if _NETWORK.fullmatch(kind):
        raise PrivateFileError(
            f"{safe(str(directory))} is on a network file system ({safe(kind)}), where two consoles could damage"
            " the file; set XDG_STATE_HOME to a directory on a disk of this machine"
        )


def require_place(directory: Path, name: str) -> Path:
    """Return the path of a file; create it and its directory if missing.

    Raises:
        PrivateFileError: It cannot be created, or other users could read or write it.

    """
    path = directory / name
    try:
        with _making:
            # Open only a file that does not exist: closing one that does would release all locks that this
            # process has on it (fcntl(2)), including those that SQLite relies on.
            if not _exists(path):
                os.close(open_to_append(path))
        for each, is_expected, mode in ((directory, stat.S_ISDIR, "700"), (path, stat.S_ISREG, "600")):
            _require_private(each, is_expected, mode)
        _require_writable(directory)
    except PrivateFileError as error:
        advice = "" if error.is_unsafe else "; set XDG_STATE_HOME to a writable directory"
        raise PrivateFileError(f"{error}{advice}", is_unsafe=error.is_unsafe) from None
    except OSError as error:
        raise PrivateFileError(f"{safe(str(path))} cannot be used: {os_reason(error)}") from None
    return path


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _require_private(path: Path, is_expected: Callable[[int], bool], mode: str) -> None:
    found, where = path.lstat(), safe(str(path))
    if stat.S_ISLNK(found.st_mode):
        raise PrivateFileError(f"{where} is a symbolic link; replace it with its target", is_unsafe=True)
    if not is_expected(found.st_mode):
        raise PrivateFileError(f"{where} is not a regular file; move it away", is_unsafe=True)
    if found.st_uid != os.geteuid():
        raise PrivateFileError(
            f"{where} belongs to another user; set XDG_STATE_HOME to your own directory", is_unsafe=True
        )
    if found.st_mode & 0o077:
        raise PrivateFileError(f"{where} is open to other users; run: chmod {mode} {where}", is_unsafe=True)


def copy_to_look(directory: Path, name: str) -> tuple[TemporaryDirectory[str], Path] | None:
    """Return a copy of a file in a read-only directory, and the temporary directory to close afterwards.

    SQLite keeps two files beside its own while it is open, even for reading, so a read-only one is read from a copy.
    None if it can be opened directly, or does not exist.

    Raises:
        PrivateFileError: Other users could write it, or it cannot be copied.

    """
    path = directory / name
    try:
        if not _exists(path) or is_writable(directory):
            return None
        for each, is_expected, mode in ((directory, stat.S_ISDIR, "700"), (path, stat.S_ISREG, "600")):
            _require_private(each, is_expected, mode)
        copies = TemporaryDirectory(prefix="gateway-console-look-")
        for each in (path, path.with_name(f"{name}-wal")):
            if _exists(each):
                shutil.copyfile(each, Path(copies.name) / each.name, follow_symlinks=False)
    except OSError as error:
        raise PrivateFileError(f"{safe(str(path))} cannot be read: {os_reason(error)}") from None
    return copies, Path(copies.name) / name


def is_writable(directory: Path) -> bool:
    """Return whether files can be created in a directory."""
    return os.access(directory, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def _require_writable(directory: Path) -> None:
    """Refuse a read-only directory: SQLite keeps two files beside its own while it is open."""
    if not is_writable(directory):
        where = safe(str(directory))
        raise PrivateFileError(
            f"{where} is read-only, so nothing can be stored there; run: chmod 700 {where},"
            " or set XDG_STATE_HOME to a writable directory"
        )


def use_write_ahead_log(connection: "Connection", busy_ms: int) -> str:
    """Switch the journal mode; SQLite does not wait by itself when two processes do so at once.

    Args:
        connection: The open file.
        busy_ms: How long to wait for other processes.

    Returns:
        The mode that it has now: not `wal` on a file system that allows none.

    Raises:
        sqlite3.OperationalError: SQLite raised it, or the wait is over.

    """
    import sqlite3

    ends = time.monotonic() + busy_ms / 1000
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.01)
            continue
        return str(mode)


@contextlib.contextmanager
def transaction(connection: "Connection", begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Commit everything written within the block, or nothing; reads within it see one moment."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")

"""Private files: read only if no other user can read or swap them, written whole or not at all.

This module handles all of them: the state files, the vault, the audit log, and the files that references name. The
console's own directories are 0700, files in them 0600; a file is opened within the open directory that was checked,
and symbolic links are not followed. Data that holds a token of this process is never written.
"""

import contextlib
import os
import secrets
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

from console.domain.problem import Problem
from console.domain.text.safe import safe
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.os_reason import os_reason

_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
"""Follow no link, do not wait for a pipe, pass the file to no child, and do not become a terminal's owner."""


class PrivateFileError(Problem):
    """A private file cannot be used. The message says what, where and what to do; it never holds the file's text."""


def shown(path: Path) -> str:
    """Return a path that is safe in a message, and in a shell if the message names a command."""
    return shlex.quote(safe(str(path)))


def require_clean(data: bytes, name: str) -> None:
    """Refuse to store data that holds a token of this process.

    Raises:
        PrivateFileError: It does.

    """
    if LEAK_GUARD.is_hit(data.decode("utf-8", "replace")):
        raise PrivateFileError(f"{name} was not written: it would hold a token", is_unsafe=True)


def read_private(path: Path, limit: int) -> bytes | None:
    """Read a file of this user, wherever it is; None if there is none.

    Args:
        path: The file; a symbolic link, a pipe or a device is refused.
        limit: Its maximum size, in bytes.

    Raises:
        PrivateFileError: It is not safe to use, too large, or cannot be read.

    """
    try:
        file = _open(path, os.O_RDONLY, "read")
    except (FileNotFoundError, NotADirectoryError):
        return None
    data = read_open(file, path, limit)
    if data is None:
        raise PrivateFileError(f"{safe(str(path))} is larger than {limit} bytes", is_unsafe=True)
    return data


def read_open(file: int, path: Path, limit: int) -> bytes | None:
    """Read an open file and close it; None if it is larger than `limit` bytes.

    Raises:
        PrivateFileError: It cannot be read.

    """
    try:
        with os.fdopen(file, "rb") as opened:
            data = opened.read(limit + 1)
    except OSError as error:
        raise _unusable(path, error, "read") from None
    return data if len(data) <= limit else None


def open_to_read(path: Path) -> int | None:
    """Open a file in one of the console's directories; None if it does not exist.

    Raises:
        PrivateFileError: It cannot be opened, or other users could have written it.

    """
    try:
        folder = _open_directory(path.parent, "read")
    except FileNotFoundError:
        return None
    try:
        return _open(path, os.O_RDONLY, "read", folder)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise _unusable(path, error, "read") from None
    finally:
        os.close(folder)


def open_to_append(path: Path) -> int:
    """Open a file to append to and to read; create it and its directory if missing.

    Raises:
        PrivateFileError: It cannot be opened, or other users could read or write it.

    """
    folder = _made_directory(path.parent)
    try:
        file = _open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, "written", folder)
        os.fsync(folder)  # so that a new file's name is on the disk as well
    except OSError as error:
        raise _unusable(path, error, "written") from None
    finally:
        os.close(folder)
    return file


def write_private(path: Path, data: bytes) -> None:
    """Write a file for this user alone; a reader sees the old file or the new one, even after a crash.

    Raises:
        PrivateFileError: It cannot be written, or would hold a token of this process.

    """
    require_clean(data, safe(path.name))
    folder = _made_directory(path.parent)
    _put(path, data, lambda draft: os.replace(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder), folder)


def create_private(path: Path, data: bytes) -> bool:
    """Write a file that must not exist yet, whole or not at all; return whether it was written.

    Raises:
        PrivateFileError: It cannot be written, or would hold a token of this process.

    """
    require_clean(data, safe(path.name))
    folder = _made_directory(path.parent)
    try:
        _put(path, data, lambda draft: os.link(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder), folder)
    except FileExistsError:
        return False
    return True


def create_file(path: Path, data: bytes) -> bool:
    """Write a file for this user alone that must not exist yet, in a directory of any kind; return whether it was.

    A missing directory is created for this user alone.

    Raises:
        PrivateFileError: It cannot be written, or would hold a token of this process.

    """
    folder = _any_directory(path, data)
    try:
        _put(path, data, lambda draft: os.link(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder), folder)
    except FileExistsError:
        return False
    return True


def replace_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file in a directory of any kind, in the place of one that may be there.

    A missing directory is created for this user alone. A symbolic link is replaced, and its target left alone.

    Args:
        path: The file.
        data: What it is to hold.
        mode: Its permissions; by default it is for this user alone.

    Raises:
        PrivateFileError: It cannot be written, or would hold a token of this process.

    """
    folder = _any_directory(path, data)
    _put(path, data, lambda draft: os.replace(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder), folder, mode)


def require_writable(path: Path) -> None:
    """Refuse a file that `replace_file` could not write, or that is not to be replaced; create its directory.

    Raises:
        PrivateFileError: It is a symbolic link, a directory, a pipe or a device, or another user's file, or no file
            can be written in its directory.

    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise _unusable(path, error, "written") from None
    else:
        if not stat.S_ISREG(found.st_mode):
            kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "not a regular file"
            raise PrivateFileError(f"{safe(str(path))} is {kind} and was not touched; name another file")
        if found.st_uid != os.geteuid():
            raise PrivateFileError(f"{safe(str(path))} belongs to another user and was not touched; name another file")
    folder = _any_directory(path, b"")
    _put(path, b"", lambda draft: None, folder)


def _any_directory(path: Path, data: bytes) -> int:
    """Open the directory of a file that is to hold clean data, after creating it if missing."""
    require_clean(data, safe(path.name))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unusable(path, error, "written") from None


def remove_private(path: Path) -> bool:
    """Remove a file from one of the console's directories; return whether there was one.

    Raises:
        PrivateFileError: It cannot be removed, or its directory is open to other users.

    """
    try:
        folder = _open_directory(path.parent, "removed")
    except FileNotFoundError:
        return False
    try:
        os.unlink(path.name, dir_fd=folder)
        os.fsync(folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unusable(path, error, "removed") from None
    finally:
        os.close(folder)
    return True


def _put(path: Path, data: bytes, place: Callable[[str], None], folder: int, mode: int = 0o600) -> None:
    """Write a draft within an open directory, move it to its final name, and close the directory.

    Raises:
        FileExistsError: The name is taken, and has to be free.
        PrivateFileError: It cannot be written.

    """
    draft = f".{path.name}.{secrets.token_hex(8)}"
    try:
        try:
            file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o600, dir_fd=folder)
            with os.fdopen(file, "wb") as opened:
                opened.write(data)
                opened.flush()
                os.fchmod(file, mode)
                os.fsync(file)
            place(draft)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=folder)
        os.fsync(folder)
    except FileExistsError:
        raise
    except OSError as error:
        raise _unusable(path, error, "written") from None
    finally:
        os.close(folder)


def _made_directory(path: Path) -> int:
    """Open a directory, after creating it if missing."""
    try:
        for each in (*reversed(path.parents), path):
            if not each.exists():
                with contextlib.suppress(FileExistsError):
                    each.mkdir(mode=0o700)
        return _open_directory(path, "written")
    except (OSError, ValueError) as error:
        raise _unusable(path, error, "written") from None


def _open_directory(path: Path, done: str) -> int:
    """Open a private directory.

    Raises:
        FileNotFoundError: It does not exist.
        PrivateFileError: It cannot be opened, or is not private.

    """
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _SAFELY)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise _unusable(path, error, done) from None
    return _checked(folder, path)


def _open(path: Path, flags: int, done: str, folder: int | None = None) -> int:
    """Open a private regular file, within an open directory if one is given.

    Raises:
        FileNotFoundError: It does not exist.
        NotADirectoryError: Its parent is not a directory.
        PrivateFileError: It cannot be opened, or is not private.

    """
    try:
        file = os.open(path if folder is None else path.name, flags | _SAFELY, 0o600, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError) as error:
        raise _unusable(path, error, done) from None
    return _checked(file, path, is_directory=False)


def _checked(opened: int, path: Path, *, is_directory: bool = True) -> int:
    """Return the open file, or close and refuse it if it is of another kind or user, or open to others."""
    found = os.fstat(opened)
    kind, is_kind = ("directory", stat.S_ISDIR) if is_directory else ("regular file", stat.S_ISREG)
    if not is_kind(found.st_mode):
        problem = f"is not a {kind}; replace it with one"
    elif found.st_uid != os.geteuid():
        problem = "belongs to another user; it must be yours"
    elif found.st_mode & 0o077:
        problem = f"is open to other users; run: chmod {'700' if is_directory else '600'} {shown(path)}"
    else:
        return opened
    os.close(opened)
    raise PrivateFileError(f"{safe(str(path))} {problem}", is_unsafe=True)


def _unusable(path: Path, error: OSError | ValueError, done: str) -> PrivateFileError:
    where = safe(str(path))
    if _is_link(path):
        return PrivateFileError(
            f"{where} is a symbolic link; name its target, or replace it with the target", is_unsafe=True
        )
    reason = os_reason(error) if isinstance(error, OSError) else "it is not a file name"
    return PrivateFileError(f"{where} cannot be {done}: {reason}")


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:
        return False

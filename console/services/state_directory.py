"""The state directory: files that the console keeps for its user alone."""

import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from console.domain.guard import safe
from console.services.leak_guard import LEAK_GUARD


class StateError(Exception):
    """A state file cannot be used. The message says what, where and what to do; it never holds the file's text."""

    def __init__(self, words: str, *, is_unsafe: bool = False) -> None:
        super().__init__(words)
        self.is_unsafe = is_unsafe
        """Whether it is refused for safety: others could read or change the file, or it is not where it seems."""


def state_directory(environment: Mapping[str, str]) -> Path:
    """Return where state is kept: `$XDG_STATE_HOME/gateway-console`, by default in `~/.local/state`.

    Raises:
        StateError: Neither XDG_STATE_HOME nor HOME names an absolute path.

    """
    base, home = environment.get("XDG_STATE_HOME", ""), environment.get("HOME", "")
    if base.startswith("/"):  # the XDG specification has relative paths ignored
        return Path(base) / "gateway-console"
    if home.startswith("/"):
        return Path(home) / ".local" / "state" / "gateway-console"
    raise StateError("there is no place for state: set XDG_STATE_HOME or HOME to an absolute path")


def open_to_read(directory: Path, name: str) -> int | None:
    """Open a state file to read; None where it does not exist.

    Raises:
        StateError: It cannot be opened, or others than its user could have written it.

    """
    try:
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _not_opened(directory, error, "read") from None
    try:
        _require_private(folder, directory, stat.S_ISDIR)
        return _open(folder, directory / name, os.O_RDONLY, "read")
    except FileNotFoundError:
        return None
    finally:
        os.close(folder)


def open_to_append(directory: Path, name: str) -> int:
    """Open a state file to append to; it and its directory are made where they are missing.

    Raises:
        StateError: It cannot be opened, or others than its user could read or write it.

    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _not_opened(directory, error, "written") from None
    try:
        _require_private(folder, directory, stat.S_ISDIR)
        file = _open(folder, directory / name, os.O_RDWR | os.O_APPEND | os.O_CREAT, "written")
        os.fsync(folder)  # so that a new file's name is on the disk as well
    finally:
        os.close(folder)
    return file


def read_state(directory: Path, name: str, *, limit: int) -> bytes | None:
    """Return a state file's bytes; None where it does not exist or is larger than `limit`.

    Raises:
        StateError: It cannot be read, or others than its user could have written it.

    """
    file = open_to_read(directory, name)
    if file is None:
        return None
    try:
        with os.fdopen(file, "rb") as opened:
            data = opened.read(limit + 1)
    except OSError as error:
        raise _not_opened(directory / name, error, "read") from None
    return data if len(data) <= limit else None


def require_clean(data: bytes, name: str) -> None:
    """Refuse to keep what holds a token of this process.

    Raises:
        StateError: It does.

    """
    if LEAK_GUARD.is_hit(data.decode("utf-8", "replace")):
        raise StateError(f"{name} was not written: it would hold a token", is_unsafe=True)


def replace_state(directory: Path, name: str, data: bytes) -> None:
    """Write a state file as a whole: a reader sees the old or the new one, also after a crash.

    Raises:
        StateError: It cannot be written, or its directory is open to others.

    """
    require_clean(data, name)
    draft = f".{name}.{secrets.token_hex(8)}"
    file = open_to_append(directory, draft)
    path = directory / draft
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        path.replace(directory / name)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _not_opened(directory / name, error, "written") from None


def _open(folder: int, path: Path, flags: int, deed: str) -> int:
    """Open a private regular file within an open directory.

    Raises:
        FileNotFoundError: It is not there.
        StateError: It cannot be opened, or is not private.

    """
    try:
        # O_NONBLOCK: a pipe in the file's place must not keep the console waiting.
        file = os.open(path.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _not_opened(path, error, deed) from None
    try:
        _require_private(file, path, stat.S_ISREG)
    except StateError:
        os.close(file)
        raise
    return file


def _require_private(opened: int, path: Path, is_expected: Callable[[int], bool]) -> None:
    """Refuse what is of another kind, belongs to another user, or is open to others."""
    found, where = os.fstat(opened), safe(str(path))
    if not is_expected(found.st_mode):
        raise StateError(f"{where} is no regular file; move it away", is_unsafe=True)
    if found.st_uid != os.geteuid():
        raise StateError(f"{where} belongs to another user; set XDG_STATE_HOME to a place of your own", is_unsafe=True)
    if found.st_mode & 0o077:
        mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise StateError(f"{where} is open to other users; run: chmod {mode} {where}", is_unsafe=True)


def _not_opened(path: Path, error: OSError | ValueError, deed: str) -> StateError:
    where = safe(str(path))
    if _is_link(path):
        return StateError(f"{where} is a symbolic link; put what it leads to in its place", is_unsafe=True)
    reason = error.strerror if isinstance(error, OSError) else "it is no file name"
    return StateError(f"{where} cannot be {deed}: {reason or 'input/output error'}")


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:
        return False

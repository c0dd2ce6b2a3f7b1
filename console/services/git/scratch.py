"""A scratch repository: our own, in a private temporary directory, borrowing the objects of another one.

There git reads only its own configuration, so that no filter, hook, monitor, external diff or promised remote of the
other repository can run or be asked. Objects that a partial clone has not fetched are missing.
"""

import asyncio
import contextlib
import fcntl
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from console.services.git.checkout import Checkout
from console.services.git.command import run_own_git
from console.services.system.os_reason import os_reason
from console.services.system.process import ChildReport

_PREFIX = "gateway-console-scratch-"
_LOCK = "in-use"
_FOLDERS = ("files", "home", "tmp")
_MOVED = "removed-"


class ScratchError(Exception):
    """A scratch repository cannot be created or used. The message says why."""


class Scratch:
    """A private repository, and directories beside it. Created by `scratch`, which removes it."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root = root
        self._environment = environment
        self._inside = {
            "GIT_DIR": str(self.repository),
            "GIT_INDEX_FILE": str(self.index),
            "HOME": str(self.home),
        }

    @property
    def repository(self) -> Path:
        """Git's own directory."""
        return self.root / "repository"

    @property
    def index(self) -> Path:
        """The index; it does not exist until something is read into it."""
        return self.repository / "index"

    @property
    def alternates(self) -> Path:
        """Git's list of the directories to borrow objects from."""
        return self.repository / "objects" / "info" / "alternates"

    @property
    def files(self) -> Path:
        """An empty directory for files to write."""
        return self.root / "files"

    @property
    def home(self) -> Path:
        """An empty home directory."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """An empty directory for the temporary files of programs that run in the tree."""
        return self.root / "tmp"

    async def git(
        self,
        *arguments: str,
        tree: Path | None = None,
        given: Path | None = None,
        is_stderr_kept: bool = False,
        repository: Path | None = None,
    ) -> ChildReport:
        """Run git in this repository.

        Args:
            arguments: The command and its arguments.
            tree: The working tree; `files` by default.
            given: A file that git reads from stdin.
            is_stderr_kept: Whether stderr counts as output.
            repository: Another repository to run it in, which the console made and nothing else has changed yet.

        Raises:
            NoGitError: Git cannot be started.

        """
        inside = self._inside | {"GIT_WORK_TREE": str(tree or self.files)}
        if repository is not None:
            inside |= {"GIT_DIR": str(repository), "GIT_INDEX_FILE": str(repository / "index")}
        return await run_own_git(
            inside, self._environment, tree or self.files, *arguments, given=given, is_stderr_kept=is_stderr_kept
        )

    async def has_commit(self, commit: str) -> bool:
        """Return whether a commit is among the borrowed objects; nothing is fetched.

        Raises:
            NoGitError: Git cannot be started.

        """
        report = await self.git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{commit}^{{commit}}")
        return report.is_success

    async def begin(self, checkout: Checkout) -> None:
        """Create the repository, on borrowed objects.

        Raises:
            NoGitError: Git cannot be started.
            OSError: Nothing can be written.
            ScratchError: Git cannot create it.

        """
        shape = ("--bare", "--template=", f"--object-format={checkout.object_format}")
        made = await run_own_git(
            {"HOME": str(self.home)},
            self._environment,
            self.files,
            *("init", "--quiet", *shape, str(self.repository)),
        )
        if not made.is_success:
            raise ScratchError("git cannot create a repository in the temporary directory; is there space?")
        self.alternates.parent.mkdir(exist_ok=True)
        self.alternates.write_bytes(_quoted(os.fsencode(checkout.objects)) + b"\n")


@contextlib.asynccontextmanager
async def scratch(
    checkout: Checkout, environment: Mapping[str, str], place: Path | None = None
) -> AsyncIterator[Scratch]:
    """Create a scratch repository, and remove it with its contents at the end.

    If a process is killed, the next scratch repository removes what it left.

    Args:
        checkout: The repository whose objects are borrowed. Nothing is written there.
        environment: The source of PATH.
        place: Where to create the temporary directory; the system's by default.

    Raises:
        NoGitError: Git cannot be started.
        ScratchError: It cannot be created.

    """
    root, lock = await asyncio.to_thread(_make_root, place)
    try:
        made = Scratch(root, environment)
        try:
            await made.begin(checkout)
        except OSError as error:
            raise _not_made(error) from None
        yield made
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, root))
        os.close(lock)


def _make_root(place: Path | None) -> tuple[Path, int]:
    """Create a directory for this user alone, and hold the lock that marks it as in use."""
    try:
        parent = Path(place or tempfile.gettempdir())
        _sweep(parent)
        root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).resolve()
        for name in _FOLDERS:
            (root / name).mkdir()
        lock = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        (root / "lock").rename(root / _LOCK)  # so that anyone who finds it finds it locked
    except OSError as error:
        raise _not_made(error) from None
    return root, lock


def _sweep(parent: Path) -> None:
    """Remove this user's directories that a killed process left: no process holds their lock."""
    for each in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if each.lstat().st_uid != os.geteuid() or each.is_symlink():
                continue
            descriptor = os.open(each / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(each)
            finally:
                os.close(descriptor)


def _remove(root: Path) -> None:
    """Remove a tree, however deep, including directories that a program made inaccessible to their own user.

    Each directory is moved to the root before it is emptied, so that its path is short whatever depth it had.
    """
    numbers = itertools.count()
    waiting = [root]
    while waiting:
        directory = waiting.pop()
        waiting += _empty(directory, root, numbers)
        if directory != root:
            with contextlib.suppress(OSError):
                directory.rmdir()
    with contextlib.suppress(OSError):
        root.rmdir()


def _empty(directory: Path, root: Path, numbers: Iterator[int]) -> list[Path]:
    """Remove a directory's files, and move its directories to the root; return where those are."""
    moved = []
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if not entry.is_dir(follow_symlinks=False):
                    Path(entry.path).unlink()
                    continue
                Path(entry.path).chmod(0o700)
                moved.append(Path(entry.path).rename(root / f"{_MOVED}{next(numbers)}"))
    return moved


def _quoted(path: bytes) -> bytes:
    """Quote a path for git's list of borrowed object directories, which has one path per line."""
    return b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


def _not_made(error: OSError) -> ScratchError:
    reason = os_reason(error)
    return ScratchError(f"The throwaway repository cannot be created in the temporary directory: {reason}.")

"""Real git repositories for tests, and what is known of one: to see that nothing was changed."""

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ENVIRONMENT = {"PATH": os.environ["PATH"]}
_AUTHOR = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com"}
_COMMITTER = {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}


class Repository:
    """A repository of its own with files in it."""

    def __init__(self, root: Path, files: dict[str, bytes], *init: str) -> None:
        self.root = root
        if files:
            shutil.copytree(_committed(tuple(files.items()), init), root, symlinks=True)
        else:
            root.mkdir()
            self._begin(init)

    def _begin(self, init: tuple[str, ...]) -> None:
        self.git("init", "--quiet", "--initial-branch=main", "--template=", *init)

    def git(self, *arguments: str) -> str:
        home = {"HOME": str(self.root.parent), "GIT_CONFIG_NOSYSTEM": "1"}
        environment = ENVIRONMENT | _AUTHOR | _COMMITTER | home
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments], env=environment, capture_output=True, check=True
        )
        return done.stdout.decode()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "-m", "files")

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD").strip()

    def diff(self) -> bytes:
        """Return the working tree's difference to the last commit, and take the difference back."""
        self.git("add", "--all")
        patch = self.git("diff", "--cached", "--binary", "-M")
        self.git("reset", "--quiet", "--hard")
        return patch.encode()

    def state(self) -> dict[str, tuple[int, str]]:
        """Return the time stamp and content of every file, git's own too."""
        return {
            str(path.relative_to(self.root)): (
                path.lstat().st_mtime_ns,
                str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest(),
            )
            for path in sorted(self.root.rglob("*"))
            if path.is_symlink() or path.is_file()
        }


@functools.cache
def _place() -> tempfile.TemporaryDirectory[str]:
    """Return a directory that lasts as long as this process."""
    return tempfile.TemporaryDirectory(prefix="repositories-of-tests-")


@functools.cache
def _committed(files: tuple[tuple[str, bytes], ...], init: tuple[str, ...]) -> Path:
    """Return a repository with these files committed, made once by git, to be copied."""
    root = Path(tempfile.mkdtemp(dir=_place().name))
    repository = Repository(root / "repository", {}, *init)
    for name, content in files:
        (repository.root / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.root / name).write_bytes(content)
    repository.commit()
    return repository.root

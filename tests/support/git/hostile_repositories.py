"""Repositories that name programs: each fires under plain git, and must not under the console.

A program that runs leaves a witness. `fires` is what makes plain git run it, so that no trap is one by name alone.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.git.repositories import Repository

FILES = {
    "AGENTS.md": b"# Rules\nKeep notes short.\n",
    "docs/index.md": b"# Documents\n\nAll that is written down.\n",
    "docs/a.md": b"A first file.\n",
}
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "TERM": "xterm",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    **{f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@dataclass
class Trap:
    """A program that leaves a witness, and then does what a filter does."""

    place: Path

    def __post_init__(self) -> None:
        self.place.mkdir()
        self.program.write_text(f"#!/bin/sh\necho ran >>{self.witness}\n[ $# -gt 0 ] || exec cat\n")
        self.program.chmod(0o755)

    @property
    def program(self) -> Path:
        return self.place / "program"

    @property
    def witness(self) -> Path:
        return self.place / "witness"

    @property
    def has_run(self) -> bool:
        return self.witness.exists()


@dataclass(frozen=True)
class Hostile:
    """A kind of hostile repository."""

    make: Callable[[Repository, Trap], Path]
    """Turns a good repository into it; returns the directory that an operator would name."""
    fires: tuple[str, ...] = ("status",)
    """What makes plain git run the trap."""


def build(name: str, place: Path) -> tuple[Path, Trap]:
    """Build a hostile repository; return the directory that an operator would name, and its trap."""
    trap = Trap(place / "trap")
    repository = Repository(place / "repository", FILES)
    directory = HOSTILE[name].make(repository, trap)
    trap.witness.unlink(missing_ok=True)  # git ran it while it built the repository
    return directory, trap


def fire(name: str, directory: Path) -> None:
    """Do what makes plain git run the trap of a repository."""
    ours, theirs = os.openpty()  # a pager is started for a terminal alone
    try:
        subprocess.run(
            ["git", "-C", str(directory), *HOSTILE[name].fires],
            env=_ENVIRONMENT | {"HOME": str(directory)},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)


def _config(repository: Repository, *settings: tuple[str, object], file: str = ".git/config") -> None:
    for key, value in settings:
        repository.git("config", "--file", str(repository.root / file), key, str(value))


def _touch(root: Path) -> None:
    """Give the files another time, so that git has to compare their contents."""
    for path in (root / "docs").iterdir():
        os.utime(path, ns=(1, 1))


def _filter(kind: str, attributes: str = ".gitattributes", file: str = ".git/config") -> Callable[..., Path]:
    def make(repository: Repository, trap: Trap) -> Path:
        path = repository.root / attributes
        path.parent.mkdir(exist_ok=True)
        path.write_text("*.md filter=trap\n")
        if attributes == ".gitattributes":
            repository.commit()
        if file != ".git/config":
            _config(repository, ("include.path", f"../{file}"))
        _config(repository, (f"filter.trap.{kind}", trap.program), file=file)
        _touch(repository.root)
        return repository.root

    return make


def _include_by_branch(repository: Repository, trap: Trap) -> Path:
    _filter("clean", file="settings.cfg")(repository, trap)
    repository.git("config", "--unset", "include.path")
    _config(repository, ("includeIf.onbranch:main.path", "../settings.cfg"))
    return repository.root


def _worktree_config(repository: Repository, trap: Trap) -> Path:
    (repository.root / ".gitattributes").write_text("*.md filter=trap\n")
    repository.commit()
    _config(repository, ("extensions.worktreeConfig", "true"))
    _config(repository, ("filter.trap.clean", trap.program), file=".git/config.worktree")
    _touch(repository.root)
    return repository.root


def _settings(*settings: tuple[str, str]) -> Callable[..., Path]:
    """Make a repository whose configuration names the program where a value has `{}`."""

    def make(repository: Repository, trap: Trap) -> Path:
        (repository.root / ".gitattributes").write_text("*.md diff=trap merge=trap\n")
        repository.commit()
        _config(repository, *((key, value.format(trap.program)) for key, value in settings))
        _touch(repository.root)
        (repository.root / "docs" / "a.md").write_text("Another first file.\n")
        return repository.root

    return make


def _hooks(repository: Repository, trap: Trap) -> Path:
    folder = repository.root / ".git" / "hooks"
    folder.mkdir()
    for name in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman", "pre-commit"):
        shutil.copy(trap.program, folder / name)
    _touch(repository.root)
    return repository.root


def _submodule(repository: Repository, trap: Trap) -> Path:
    module = Repository(repository.root.parent / "module", FILES)
    _filter("clean")(module, trap)
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module.root), "module")
    repository.git("commit", "--quiet", "-m", "module")
    inner = repository.root / ".git" / "modules" / "module" / "config"
    repository.git("config", "--file", str(inner), "filter.trap.clean", str(trap.program))
    _touch(repository.root / "module")
    return repository.root


def _embedded_bare(repository: Repository, trap: Trap) -> Path:
    """Commit a bare repository as ordinary files, with a configuration that makes the directory its own tree."""
    inner = Repository(repository.root.parent / "inner", FILES)
    (inner.root / ".gitattributes").write_text("*.md filter=trap\n")
    inner.commit()
    place = repository.root / "services" / "api"
    shutil.copytree(inner.root / ".git", place)
    for name, data in FILES.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(data)
    (place / ".gitattributes").write_text("*.md filter=trap\n")
    for key, value in (("core.bare", "false"), ("core.worktree", "."), ("filter.trap.clean", str(trap.program))):
        repository.git("config", "--file", str(place / "config"), key, value)
    (place / "refs" / "keep").write_text("")
    repository.git("add", "--all", "--force")
    repository.git("commit", "--quiet", "-m", "api")
    clone = repository.root.parent / "clone"
    repository.git("clone", "--quiet", str(repository.root), str(clone))
    return clone / "services" / "api"


def _below_embedded_bare(repository: Repository, trap: Trap) -> Path:
    return _embedded_bare(repository, trap) / "docs"


def _embedded_bare_untouched(repository: Repository, trap: Trap) -> Path:
    """Stand at the root of a working tree that has an embedded repository somewhere below."""
    place = _embedded_bare(repository, trap)
    repository.git("-C", str(place.parents[1]), "rm", "-r", "--quiet", "--cached", "services")
    return place.parents[1]


def _elsewhere(repository: Repository, trap: Trap) -> Path:
    """Point `.git` to a directory among the files."""
    _filter("clean")(repository, trap)
    (repository.root / ".git").rename(repository.root / "assets")
    (repository.root / ".git").write_text("gitdir: assets\n")
    return repository.root


def _tree_elsewhere(repository: Repository, trap: Trap) -> Path:
    """Name another directory as the working tree."""
    _filter("clean")(repository, trap)
    _config(repository, ("core.worktree", str(repository.root)))
    other = repository.root.parent / "other"
    other.mkdir()
    (repository.root / ".git").rename(other / ".git")
    return other


def _promisor(url: str, kind: str, *settings: tuple[str, str]) -> Callable[..., Path]:
    """Promise an object that is not there, from a remote that is a program."""

    def make(repository: Repository, trap: Trap) -> Path:
        named = {"commit": "HEAD", "tree": "HEAD^{tree}", "blob": "HEAD:docs/a.md"}[kind]
        lost = repository.git("rev-parse", named).strip()
        _config(
            repository,
            ("core.repositoryFormatVersion", "1"),
            ("extensions.partialClone", "origin"),
            ("remote.origin.promisor", "true"),
            ("remote.origin.partialCloneFilter", "blob:none"),
            ("remote.origin.url", url.format(trap.program)),
            *((key, value.format(trap.program)) for key, value in settings),
        )
        (repository.root / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
        return repository.root

    return make


def _alternates(repository: Repository, trap: Trap) -> Path:
    other = Repository(repository.root.parent / "other", FILES)
    (repository.root / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (repository.root / ".git" / "objects" / "info" / "alternates").write_text(f"{other.root}/.git/objects\n")
    _config(repository, ("core.alternateRefsCommand", trap.program))
    _config(repository, ("remote.origin.url", str(other.root)))
    other.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "more")
    return repository.root


_EXT = ("ext::{} end", ("protocol.ext.allow", "always"), ("protocol.allow", "always"))
_SSH = ("ssh://127.0.0.1/repository", ("core.sshCommand", "{}"), ("protocol.allow", "always"))

HOSTILE = {
    "filter-clean": Hostile(_filter("clean")),
    "filter-process": Hostile(_filter("process")),
    "filter-smudge": Hostile(_filter("smudge"), ("checkout-index", "--all", "--force")),
    "filter-by-include": Hostile(_filter("clean", file="settings.cfg")),
    "filter-by-branch": Hostile(_include_by_branch),
    "filter-by-info-attributes": Hostile(_filter("clean", attributes=".git/info/attributes")),
    "filter-by-worktree-config": Hostile(_worktree_config),
    "fsmonitor": Hostile(_settings(("core.fsmonitor", "{}"))),
    "hooks": Hostile(_hooks, ("commit", "--allow-empty", "-m", "x")),
    "hooks-path": Hostile(_settings(("core.hooksPath", ".git/../../trap"), ("core.fsmonitor", "{}"))),
    "diff-external": Hostile(_settings(("diff.external", "{}")), ("diff",)),
    "diff-textconv": Hostile(_settings(("diff.trap.textconv", "{}")), ("diff",)),
    "diff-command": Hostile(_settings(("diff.trap.command", "{}")), ("diff",)),
    "pager": Hostile(_settings(("core.pager", "{}"), ("pager.status", "{}")), ("--paginate", "status")),
    "alias": Hostile(_settings(("alias.st", "!{}"), ("alias.status", "!{}"), ("alias.ls-files", "!{}")), ("st",)),
    "editor": Hostile(_settings(("core.editor", "{}")), ("commit", "--allow-empty")),
    "signature": Hostile(
        _settings(("gpg.program", "{}"), ("commit.gpgSign", "true")), ("commit", "--allow-empty", "-m", "x")
    ),
    "submodule": Hostile(_submodule),
    "embedded-bare": Hostile(_embedded_bare),
    "below-embedded-bare": Hostile(_below_embedded_bare, ("-C", "..", "status")),
    "above-embedded-bare": Hostile(_embedded_bare_untouched, ("-C", "services/api", "status")),
    "git-file": Hostile(_elsewhere),
    "tree-elsewhere": Hostile(_tree_elsewhere),
    "alternates": Hostile(_alternates, ("fetch", "origin")),
    **{
        f"promisor-{kind}-{way}": Hostile(_promisor(url, kind, *settings), ("cat-file", "-p", named))
        for way, (url, *settings) in {"ext": _EXT, "ssh": _SSH}.items()
        for kind, named in {"blob": "HEAD:docs/a.md", "tree": "HEAD^{tree}", "commit": "HEAD^{commit}"}.items()
    },
}
"""All kinds, by name."""

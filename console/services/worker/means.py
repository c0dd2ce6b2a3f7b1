"""What a run needs of the machine that steps it: its repository, its profile and its token, wherever it began."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from console.domain.problem import Problem, ProblemKind
from console.domain.run.pinned import Repository
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.services.config.settings import Profile
from console.services.run.beginning import config_sha256, read_inputs
from console.services.run.repository import RepositoryError, find_root, read_repository
from console.services.run.run_context import RunContext, RunInputs


class LackingError(Problem):
    """Something that a run needs is not on this machine; the run stays as it is, and another worker may take it."""

    kind = ProblemKind.WAITING


@dataclass(frozen=True, slots=True)
class Means:
    """What a run needs of this machine."""

    inputs: RunInputs
    """As the run began, with the repository where it is here."""
    profile: Profile


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone of a repository on this machine."""

    root: Path
    name: str = ""
    """The repository's name in records, if the operator named it; empty if its remote does."""


def clones_in(given: Sequence[str]) -> tuple[Clone, ...]:
    """Return the clones that an operator named: `NAME=PATH`, a clone, or a directory of clones.

    Raises:
        Problem: A path is not a directory.

    """
    found: list[Clone] = []
    for text in given:
        name, equals, path = text.partition("=")
        directory = Path(path if equals else name).expanduser().absolute()
        if not directory.is_dir():
            raise Problem(
                f"--repositories: {safe(str(directory), limit=200)} is not a directory; name a clone, or a directory"
                " of clones",
                ProblemKind.USAGE,
            )
        if equals or (directory / ".git").exists():
            found.append(Clone(directory, name if equals else ""))
        else:
            found += [Clone(each) for each in sorted(directory.iterdir()) if (each / ".git").exists()]
    return tuple(found)


class MachineMeans:
    """Finds what runs need on this machine."""

    def __init__(
        self, profiles: Mapping[str, Profile], clones: Sequence[Clone], environment: Mapping[str, str]
    ) -> None:
        """Prepare to look.

        Args:
            profiles: The profiles that this worker serves.
            clones: Where repositories are here. None named: where the run began, if that is on this machine.
            environment: The environment variables.

        """
        self._profiles = profiles
        self._clones = clones
        self._environment = environment

    async def find(self, context: RunContext, state: RunState) -> Means:
        """Return what a run needs.

        Raises:
            LackingError: Something is not here, or is not as it was when the run began.
            LedgerError: The run's inputs cannot be read.

        """
        created = state.created
        if created is None:
            raise LackingError("it has no beginning")
        profile = self._profiles.get(created.profile)
        if profile is None:
            raise LackingError(f"it has no profile {safe(created.profile, limit=40)}")
        if config_sha256(profile) != created.config_sha256:
            raise LackingError(
                f"its profile {profile.name} has other settings than the run began with; give it the same ones"
            )
        inputs = await read_inputs(context.artifacts, state)
        if inputs.writer_command not in ("", profile.agent.command):  # else whoever writes to the store starts programs
            raise LackingError("its writer is a command that its profile here does not name, so it is not started")
        root = await self._root(created.repository, inputs)
        return Means(replace_repository(inputs, root), profile)

    async def _root(self, wanted: Repository, inputs: RunInputs) -> Path:
        """Return the clone that is at the run's commit. Raises `LackingError`."""
        clones = self._clones or _where_it_began(inputs)
        others = 0
        for clone in clones:
            try:
                root = await find_root(clone.root, self._environment)
                here = await read_repository(root, self._environment)
            except RepositoryError:
                continue
            if (clone.name or here.name) != wanted.name:
                continue
            if not clone.name and (here.host, here.owner) != (wanted.host, wanted.owner):
                continue
            if (here.commit, here.is_dirty) == (wanted.commit, wanted.is_dirty):
                return root
            others += 1
        name = safe(wanted.name, limit=100)
        if others:
            raise LackingError(
                f"its clone of {name} is not at commit {safe(wanted.commit[:12], limit=12)} as the run began; check"
                " that commit out there"
            )
        raise LackingError(f"it has no clone of {name}; name one with --repositories")


def _where_it_began(inputs: RunInputs) -> tuple[Clone, ...]:
    here = Path(inputs.repository)
    return (Clone(here),) if os.path.isdir(here) else ()  # noqa: PTH112


def replace_repository(inputs: RunInputs, root: Path) -> RunInputs:
    """Return a run's inputs with its repository where it is on this machine."""
    if inputs.repository == str(root):
        return inputs
    return msgspec.structs.replace(inputs, repository=str(root))

"""Runs that were walked once, for all tests of a module that look at what became of them or go on from there."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from support.run.desks import TASK, Office, Walked, go_on, walk_to
from support.run.gateway import Generation, RunGateway, run_gateway

from console.domain.artifacts.artifact import ArtifactKind
from console.domain.run.state import RunState

CANARY = "the heron of the seventh lock"
"""Words of each story's task that may stand in no ledger and no record."""


@dataclass(frozen=True)
class Story:
    """What became of a run; it is over, or somebody has to go on with a copy."""

    walked: Walked
    generations: tuple[Generation, ...]
    office: Office
    """Where it was walked: for reading only."""

    @property
    def state(self) -> RunState:
        return self.walked.state

    @property
    def roles(self) -> list[str]:
        """The roles that were generated for, in order."""
        return [each.role for each in self.generations]

    def ids_at(self, gate: str) -> set[str]:
        """Return the ids of a gate's findings, in the newest attempt at it."""
        return self.walked.ids_at(gate)

    def prompts_of(self, role: str) -> list[str]:
        return [each.body for each in self.generations if each.role == role]

    def copied(self, directory: Path, gateway: RunGateway) -> Office:
        """Return an office of its own in which the run stands where the story ends.

        The run works on the story's repository, which nothing writes to.
        """
        shutil.copytree(self.office.directory, directory, dirs_exist_ok=True)
        return Office(directory, gateway.base_url, gateway.token)


@dataclass
class Stories:
    """A shelf of stories, each told once."""

    directory: Path
    _told: dict[object, Story] = field(default_factory=dict)

    async def of(self, kind: ArtifactKind = ArtifactKind.PATCH, *, until: str = "", **config: str) -> Story:
        """Return the story of a run on the machine's verdicts.

        Args:
            kind: What is to be written.
            until: The gate whose work is due where the story ends; by default it ends where a person is needed.
            config: See `config_text`.

        """
        key = (kind, until, *sorted(config.items()))
        if key not in self._told:
            directory = self.directory / f"story-{len(self._told)}"
            directory.mkdir()
            self._told[key] = await _walked(directory, kind, until, config)
        return self._told[key]


async def _walked(directory: Path, kind: ArtifactKind, until: str, config: dict[str, str]) -> Story:
    async with run_gateway() as gateway:
        office = Office(directory, gateway.base_url, gateway.token)
        office.furnish(**config)
        async with office.desk() as desk:
            log = await office.begin(desk, f"{TASK} Think of {CANARY}.", kind)
            if until:
                await walk_to(desk, log, until)
                walked = Walked(log)
            else:
                walked = await go_on(desk, log)
        return Story(walked, tuple(gateway.generations), office)

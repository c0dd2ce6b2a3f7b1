"""A command line in which runs are sealed, as an operator does it."""

from pathlib import Path

from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.run.desks import FILES, TASK, config_text


class Runs:
    """A command line in which one run was sealed."""

    def __init__(self, console: Console, place: Path) -> None:
        self.console = console
        self.place = place
        self.repository = Repository(place / "repository", FILES)
        self.config = console.home / "config.toml"
        self.environment: dict[str, str] = {}

    def configure(self, **config: str) -> None:
        self.config.write_text(config_text(**config))

    async def seal(self, **config: str) -> None:
        self.configure(**config)
        task = self.place / "task.md"
        task.write_text(TASK)
        begun = await self.run("run", "start", "--task-file", task, "--repo", self.repository.root, "--auto")
        assert begun.code == 0, begun

    async def run(self, *arguments: str | Path) -> Ended:
        return await self.console.run(*arguments, "--config", self.config, **self.environment)

    async def export(self, form: str, *arguments: str | Path) -> Ended:
        return await self.run("record", "export", "last", "--as", form, *arguments)

"""What README.md tells a stranger to type works as it is written."""

import re
import shlex
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.git.repositories import Repository

from console.cli.parser import build_parser

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def commands_in(text: str) -> list[list[str]]:
    """Return the arguments of each command line of the console, without its comment and its redirection."""
    lines = re.findall(r"^ {4,}gateway-console(.*)$", text, re.MULTILINE)
    return [shlex.split(line.partition(" > ")[0], comments=True) for line in lines]


def test_every_command_line_of_the_readme_is_one_that_the_console_takes() -> None:
    lines = commands_in(README)
    assert len(lines) > 30
    for line in lines:
        _, extra = build_parser().parse_known_args(line)
        assert extra == [], line


@pytest.mark.long
async def test_the_run_of_the_readme_goes_from_a_task_to_a_branch(tmp_path: Path) -> None:
    section = README.partition("### On the command line")[2].partition("\n### ")[0]
    repository = Repository(tmp_path / "clone", {"AGENTS.md": b"# Rules\n\nBe brief.\n"})
    (repository.root / "task.txt").write_text("Add a note on endpoint families to docs/families.md.\n")
    console = Console(repository.root)
    for line in commands_in(section):
        ended = await console.run(*line)
        assert ended.code in (0, 7), (line, ended)
    assert (repository.root / "change.patch").read_text().startswith("diff --git a/docs/families.md ")
    assert repository.git("branch", "--show-current").startswith("gateway-console/")
    assert repository.git("diff", "--staged", "--name-only") == "docs/families.md\n"

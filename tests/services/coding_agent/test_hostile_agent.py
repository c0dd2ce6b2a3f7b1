"""A hostile agent: it prepares its own turn, floods what reads its words, and builds a repository in a submodule."""

import os
import subprocess
from pathlib import Path

import pytest
from support.git.repositories import ENVIRONMENT
from support.system.held import require
from support.text.hostile_text import AGENT_OUTPUTS, Hostile

from console.domain.relay.agent_settings import agent_settings
from console.domain.routes.family import EndpointFamily
from console.domain.run.agent_event import FileGuard
from console.services.coding_agent.choice import WritingAgent, read_version
from console.services.coding_agent.named_source import named_source
from console.services.coding_agent.workplace import workplace
from console.services.system.confinement import Confinement


@pytest.mark.parametrize("text", AGENT_OUTPUTS, ids=str)
def test_a_flood_that_names_no_source_is_read_to_its_end(text: Hostile) -> None:
    """The effort grows with the output: with its square, this takes a quarter of an hour."""
    assert len(named_source(text.of(262_144))) <= 1_000


@pytest.mark.parametrize("files", [FileGuard.BUBBLEWRAP, FileGuard.LANDLOCK])
async def test_an_agent_that_is_asked_for_its_version_cannot_prepare_its_turn(tmp_path: Path, files: FileGuard) -> None:
    """The console writes the agent's settings afterwards, and would follow a link."""
    home, operators, program = tmp_path / "home", tmp_path / "operators", tmp_path / "installed" / "codex"
    home.mkdir()
    program.parent.mkdir()
    operators.write_text("mine")
    program.write_text(f"#!/bin/sh\nln -s {operators} {home}/config.toml\necho x > {operators}\necho 1.2.3\n")
    program.chmod(0o755)
    (settings,) = (each for each in agent_settings()["codex"].settings if each.family is EndpointFamily.RESPONSES)
    agent = WritingAgent("codex", "Codex", program, (), (), settings, ())
    may = Confinement((), (program.parent, home), (operators,), isolation=require(files))
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    assert await read_version(agent, environment, home, may) == "1.2.3"
    assert (list(home.iterdir()), operators.read_text()) == ([], "mine")


def git(directory: Path, *arguments: str) -> str:
    who = ("-c", "user.name=agent", "-c", "user.email=agent@localhost", "-c", "commit.gpgSign=false")
    done = subprocess.run(
        ["git", "-C", str(directory), *who, *arguments],
        env=ENVIRONMENT | {"HOME": str(directory)},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize("objects", ["sha1", "sha256"])
async def test_a_repository_in_a_submodules_place_is_not_looked_into(tmp_path: Path, objects: str) -> None:
    """To see whether a submodule changed, git starts another git in it: with the configuration that the agent wrote."""
    inner, root, ran = tmp_path / "inner", tmp_path / "root", tmp_path / "ran"
    for each in (inner, root):
        each.mkdir()
        git(each, "init", "--quiet", f"--object-format={objects}")
    (inner / "code.txt").write_text("one\n")
    git(inner, "add", "--all")
    git(inner, "commit", "--quiet", "-m", "inner")
    pinned = git(inner, "rev-parse", "HEAD")
    (root / "a.txt").write_text("one\n")
    git(root, "add", "--all")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{pinned},lib")
    git(root, "commit", "--quiet", "-m", "outer")
    git(inner, "config", "filter.hostile.clean", f"touch {ran}; cat")
    (inner / ".gitattributes").write_text("* filter=hostile\n")
    environment = ENVIRONMENT | {"HOME": str(tmp_path)}
    async with workplace(root, git(root, "rev-parse", "HEAD"), "", environment=environment) as tree:
        (tree.files / "lib").rmdir()
        inner.rename(tree.files / "lib")
        (tree.files / "lib" / "code.txt").write_text("two\n")
        (tree.files / "a.txt").write_text("two\n")
        report = await tree.patch()
    assert report.is_success
    assert not ran.exists()
    assert [line for line in report.tail.decode().splitlines() if line.startswith("diff")] == [
        "diff --git a/a.txt b/a.txt"
    ]

"""No program that a repository names is run: neither by its configuration, nor by what it promises or embeds."""

from pathlib import Path

import pytest
from support.git.hostile_repositories import HOSTILE, build, fire
from support.git.repositories import ENVIRONMENT, Repository

from console.domain.instructions.source import Tool
from console.services.checks.throwaway import ThrowawayError, throwaway
from console.services.instructions.find import find_instructions, repository_of
from console.services.run.repository import RepositoryError, find_root, read_repository

NO_CHECKOUT = {
    "embedded-bare": "a bare repository among the files of another one",
    "below-embedded-bare": "a bare repository among the files of another one",
    "tree-elsewhere": "is not in a git repository that git trusts",
}
"""What is not taken for a working tree, and the words that say so."""
LOST = {
    **dict.fromkeys(("promisor-commit-ext", "promisor-commit-ssh"), "CHK-03"),
    **dict.fromkeys(("promisor-tree-ext", "promisor-tree-ssh"), "CHK-04"),
}
"""What cannot be compared, because an object was not fetched, and the finding that says so."""


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_plain_git_would_run_is_not_run(name: str, tmp_path: Path) -> None:
    directory, trap = build(name, tmp_path)
    environment = ENVIRONMENT | {"HOME": str(tmp_path)}
    for tool in Tool:
        repository = repository_of(directory)
        await find_instructions(tool, repository, directory, environment=environment, base_branch=None)
    if name in NO_CHECKOUT:
        with pytest.raises(RepositoryError, match=NO_CHECKOUT[name]):
            await find_root(directory, environment)
    elif name in LOST:
        root = await find_root(directory, environment)
        with pytest.raises(RepositoryError, match="cannot compare the working tree"):
            await read_repository(root, environment)
        commit = Repository(tmp_path / "twin", {}).git("-C", str(root), "rev-parse", "HEAD").strip()
        with pytest.raises(ThrowawayError) as refused:
            async with throwaway(root, commit, environment=environment):
                pass
        assert refused.value.finding.id == LOST[name]
    else:
        root = await find_root(directory, environment)
        commit = (await read_repository(root, environment)).commit
        async with throwaway(root, commit, environment=environment) as tree:
            assert await tree.changes() == ()
            if not name.startswith("promisor"):
                await tree.write_files()
                assert (tree.files / "AGENTS.md").exists()
    assert not trap.has_run
    fire(name, directory)
    assert trap.has_run

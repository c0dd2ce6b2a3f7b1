"""Scratch repositories: private, gone at their end, and those of killed processes swept by the next one."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.git.repositories import ENVIRONMENT, Repository

from console.services.git.checkout import NoCheckoutError, find_checkout
from console.services.git.scratch import ScratchError, scratch

FILES = {"a.md": b"one\n"}
HOLDER = """
import asyncio, sys
from pathlib import Path
from console.services.git.checkout import find_checkout
from console.services.git.scratch import scratch

async def hold(repository, place):
    environment = {"PATH": %r}
    async with scratch(await find_checkout(Path(repository), environment), environment, Path(place)) as own:
        print(own.root, flush=True)
        await asyncio.Event().wait()

asyncio.run(hold(*sys.argv[1:]))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    return place


async def made(repository: Repository, place: Path) -> tuple[Path, int]:
    """Make a scratch repository, and return where it was and its mode."""
    async with scratch(await find_checkout(repository.root, ENVIRONMENT), ENVIRONMENT, place) as own:
        assert await own.has_commit(repository.head)
        return own.root, own.root.stat().st_mode & 0o777


async def test_it_is_for_this_user_alone_and_gone_at_its_end(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / "repository", FILES)
    root, mode = await made(repository, place)
    assert (mode, root.exists(), list(place.iterdir())) == (0o700, False, [])


async def test_what_a_killed_process_left_is_swept_and_what_is_in_use_is_not(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / "repository", FILES)
    command = [sys.executable, "-c", HOLDER % os.environ["PATH"], str(repository.root), str(place)]
    holders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        left, used = [Path(await asyncio.to_thread(_line, each)) for each in holders]
        os.kill(holders[0].pid, signal.SIGKILL)
        holders[0].wait()
        assert left.exists()
        await made(repository, place)
        assert (left.exists(), used.exists()) == (False, True)
    finally:
        for each in holders:
            each.kill()
            each.communicate()


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def test_what_is_not_ours_in_the_temporary_directory_is_left_alone(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / "repository", FILES)
    for name in ("gateway-console-scratch-empty", "other"):
        (place / name).mkdir()
    (place / "gateway-console-scratch-link").symlink_to(tmp_path / "repository")
    before = sorted(place.iterdir())
    await made(repository, place)
    assert sorted(place.iterdir()) == before
    assert (repository.root / "a.md").exists()


async def test_a_directory_whose_name_ends_in_a_space_is_itself(tmp_path: Path) -> None:
    for name in ("r", "r "):
        Repository(tmp_path / name, {"a.md": name.encode()})
    assert (await find_checkout(tmp_path / "r ", ENVIRONMENT)).root == tmp_path / "r "


async def test_where_there_is_no_space_it_is_said(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", FILES)
    with pytest.raises(ScratchError, match="cannot be created in the temporary directory: No such file"):
        await made(repository, tmp_path / "absent")
    with pytest.raises(NoCheckoutError):
        await find_checkout(tmp_path, ENVIRONMENT)

"""file: references: who may read the files that they name, and what may lie in their place."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tokens.token_store import ORIGIN

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.config.settings import GatewaySettings
from console.services.tokens.reference import Reference
from console.services.tokens.sources import TOKEN_FILE_LIMIT, TokenAnswer, open_sources

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


async def ask(path: Path) -> TokenAnswer:
    return await open_sources(GatewaySettings(), {}).ask(Reference.parse(f"file:{path}"), ORIGIN)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
async def test_a_private_file_gives_its_token(path: Path, mode: int) -> None:
    path.chmod(mode)
    answer = await ask(path)
    assert (answer.state, answer.secret, answer.source) == (TokenState.FOUND, Secret(TOKEN), "file")
    assert answer.origin is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
async def test_a_file_that_others_may_use_is_refused_with_the_command_that_closes_it(path: Path, mode: int) -> None:
    path.chmod(mode)
    answer = await ask(path)
    assert (answer.state, answer.secret) == (TokenState.REFUSED, None)
    assert f"run: chmod 600 {path}" in answer.reason


async def test_a_path_in_a_command_is_fit_for_a_shell(tmp_path: Path) -> None:
    path = tmp_path / "a b; rm x"
    path.write_text(TOKEN)
    path.chmod(0o644)
    assert f"chmod 600 '{path}'" in (await ask(path)).reason


async def test_a_symbolic_link_is_refused_wherever_it_points(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    for target in (path, tmp_path / "missing", tmp_path):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert (await ask(link)).state is TokenState.REFUSED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
async def test_a_file_of_another_user_is_refused(path: Path) -> None:
    os.chown(path, 65534, 65534)
    answer = await ask(path)
    assert answer.state is TokenState.REFUSED
    assert "belongs to another user" in answer.reason


async def test_a_missing_or_empty_file_is_absent(path: Path, tmp_path: Path) -> None:
    assert (await ask(tmp_path / "missing")).state is TokenState.ABSENT
    assert (await ask(path / "below-a-file")).state is TokenState.ABSENT
    path.write_text("\n")
    assert (await ask(path)).state is TokenState.ABSENT


def fifo(path: Path) -> None:
    os.mkfifo(path, 0o600)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def directory(path: Path) -> None:
    path.mkdir(mode=0o700)


@pytest.mark.parametrize("make", [fifo, unix_socket, directory])
async def test_what_is_no_regular_file_is_refused_and_never_waited_for(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    place = tmp_path / "x"
    make(place)
    answer = await ask(place)
    assert (answer.state, answer.secret) in ((TokenState.REFUSED, None), (TokenState.UNAVAILABLE, None))


async def test_a_device_is_refused() -> None:
    assert (await ask(Path("/dev/zero"))).state is TokenState.REFUSED


async def test_a_file_that_is_too_large_is_refused(path: Path) -> None:
    path.write_text("x" * (TOKEN_FILE_LIMIT + 1))
    assert (await ask(path)).state is TokenState.REFUSED


@pytest.mark.parametrize("text", ["two words", "line\nline", "ünicode"])
async def test_what_cannot_be_a_token_is_unavailable_and_not_repeated(path: Path, text: str) -> None:
    path.write_text(text)
    answer = await ask(path)
    assert answer.state is TokenState.UNAVAILABLE
    assert text not in answer.reason

"""Where the console keeps its files: by the XDG specification, in the home of the user."""

from pathlib import Path

import pytest

from console.domain.problem import Problem, ProblemKind
from console.services.system.directories import Directories, absolute, account_home, state_directory
from console.services.system.private_file import PrivateFileError


@pytest.mark.parametrize(
    ("environment", "data", "state"),
    [
        ({"HOME": "/h"}, "/h/.local/share", "/h/.local/state"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"}, "/d", "/s"),
        ({"HOME": "/h", "XDG_DATA_HOME": "relative", "XDG_STATE_HOME": ""}, "/h/.local/share", "/h/.local/state"),
        ({}, "/account/.local/share", "/account/.local/state"),
        ({"HOME": "relative", "XDG_STATE_HOME": "here"}, "/account/.local/share", "/account/.local/state"),
    ],
)
def test_directories_are_where_the_xdg_specification_says(environment: dict[str, str], data: str, state: str) -> None:
    own = Directories.of(environment, lambda: "/account")
    assert (own.data, own.state) == (Path(data) / "gateway-console", Path(state) / "gateway-console")
    assert state_directory(environment, lambda: "/account") == own.state
    assert {own.vault.parent, own.fingerprint_key.parent, own.token_audit.parent} == {own.data, own.state}


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "here", "XDG_STATE_HOME": "there"}])
def test_a_user_without_a_home_is_told_what_to_set_once_something_is_to_be_kept(environment: dict[str, str]) -> None:
    Directories.of(environment, lambda: "")
    with pytest.raises(PrivateFileError, match="set XDG_STATE_HOME or HOME"):
        state_directory(environment, lambda: "")


def test_the_account_of_this_user_has_a_home() -> None:
    assert account_home().startswith("/")


def test_a_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/of-the-account")
    assert absolute(Path("a")) == tmp_path / "a"
    assert absolute(Path("/b")) == Path("/b")
    assert absolute(Path("~/c")) == Path("/home/of-the-account/c")


def test_a_path_of_an_unknown_user_is_an_expected_fault() -> None:
    with pytest.raises(Problem, match=r"^~no-such-user: no home directory is known") as refused:
        absolute(Path("~no-such-user/c"), ProblemKind.CONFIG)
    assert refused.value.kind is ProblemKind.CONFIG


def test_a_relative_path_in_a_deleted_directory_is_an_expected_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(Problem, match="the working directory was deleted") as refused:
        absolute(Path())
    assert refused.value.kind is ProblemKind.USAGE

"""The room for private files: who may read them, what may lie in their place, and what a writer leaves behind."""

import os
import resource
import stat
from pathlib import Path

import pytest

from console.services.system.private_file import (
    PrivateFileError,
    create_private,
    open_to_append,
    open_to_read,
    read_private,
    write_private,
)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def mask(request: pytest.FixtureRequest) -> object:
    previous = os.umask(request.param)
    yield request.param
    os.umask(previous)


@pytest.mark.usefixtures("mask")
def test_files_and_all_directories_above_them_are_made_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "share" / "gateway-console" / "file"
    write_private(path, b"1")
    write_private(path, b"2")
    assert path.read_bytes() == b"2"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]
    assert list(path.parent.iterdir()) == [path]


def test_a_link_in_a_files_place_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (home / "file").symlink_to(victim)
    write_private(home / "file", b"new")
    assert victim.read_text() == "mine"
    assert not (home / "file").is_symlink()


def test_a_file_that_must_be_new_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    assert create_private(path, b"first")
    assert not create_private(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]


def test_a_directory_that_others_may_use_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for write in (write_private, create_private):
        with pytest.raises(PrivateFileError, match=f"chmod 700 {tmp_path}") as caught:
            write(tmp_path / "file", b"1")
        assert caught.value.is_unsafe
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_a_directorys_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PrivateFileError, match="is a symbolic link") as caught:
        write_private(tmp_path / "link" / "file", b"1")
    assert caught.value.is_unsafe


def test_a_link_to_nowhere_in_a_directorys_place_makes_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PrivateFileError, match="is a symbolic link"):
        write_private(tmp_path / "link" / "file", b"1")
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PrivateFileError, match="cannot be written: Not a directory") as caught:
        write_private(tmp_path / "file" / "below" / "file", b"1")
    assert not caught.value.is_unsafe


def test_a_private_file_is_read_whole_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "private" / "file"
    write_private(path, b"x" * 10)
    assert read_private(path, 10) == b"x" * 10
    with pytest.raises(PrivateFileError, match="is larger than 9 bytes"):
        read_private(path, 9)


def test_a_writer_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "private" / "file"
    write_private(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(PrivateFileError, match="cannot be written: File too large"):
            write_private(path, b"x" * 100)
        with pytest.raises(PrivateFileError, match="cannot be written: File too large"):
            create_private(path, b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_directory_in_a_files_place_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "private" / "file"
    path.mkdir(parents=True, mode=0o700)
    path.parent.chmod(0o700)
    with pytest.raises(PrivateFileError, match="cannot be written: Is a directory"):
        write_private(path, b"1")
    assert list(path.parent.iterdir()) == [path]


def test_an_own_file_is_opened_within_the_directory_that_was_checked(tmp_path: Path) -> None:
    path = tmp_path / "private" / "file"
    assert open_to_read(path) is None
    os.close(open_to_append(path))
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
    descriptor = open_to_read(path)
    assert descriptor is not None
    os.close(descriptor)
    path.parent.chmod(0o750)
    with pytest.raises(PrivateFileError, match="chmod 700"):
        open_to_read(path)
    assert read_private(path, 10) == b""


def next_descriptor() -> int:
    """Return the number that the next file to be opened gets: the lowest one that is free."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


@pytest.mark.parametrize("deed", [open_to_read, open_to_append, lambda path: write_private(path, b"1")])
def test_no_file_stays_open_where_it_is_refused(tmp_path: Path, deed: object) -> None:
    path = tmp_path / "private" / "file"
    write_private(path, b"1")
    path.chmod(0o644)
    path.parent.chmod(0o755)
    before = next_descriptor()
    for _ in range(3):
        with pytest.raises(PrivateFileError):
            deed(path)
    path.parent.chmod(0o700)
    if deed in (open_to_read, open_to_append):
        with pytest.raises(PrivateFileError):
            deed(path)
    assert next_descriptor() == before

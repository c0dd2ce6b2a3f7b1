"""The lock of a file that writers replace: it waits for a writer, not for who uses the directory, and not for ever."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from console.domain.problem import Problem, ProblemKind
from console.services.history.schema import in_use
from console.services.system.file_lock import file_locked


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text("old")
    return tmp_path / "config.toml"


def test_who_waited_holds_the_file_that_was_put_in_the_place_of_the_old_one(path: Path) -> None:
    seen = []

    def second() -> None:
        with file_locked(path):
            seen.append((path.read_text(), is_locked(path)))

    thread = threading.Thread(target=second)
    with file_locked(path):
        thread.start()
        (path.parent / "draft").write_text("new")
        (path.parent / "draft").replace(path)
    thread.join()
    assert seen == [("new", True)]


def test_a_writer_that_hangs_ends_the_waiting_with_what_to_do(path: Path) -> None:
    words = "being changed by another process"
    with file_locked(path), pytest.raises(Problem, match=words) as refused, file_locked(path, wait_s=0):
        pass
    assert refused.value.kind is ProblemKind.WAITING
    assert not is_locked(path)


def test_a_history_in_the_same_directory_keeps_no_writer_waiting(path: Path) -> None:
    held = in_use(path.parent)
    try:
        with file_locked(path, wait_s=0) as was_there:
            assert was_there
    finally:
        os.close(held)


def test_a_missing_file_has_no_lock(tmp_path: Path) -> None:
    with file_locked(tmp_path / "absent" / "config.toml") as was_there:
        assert not was_there

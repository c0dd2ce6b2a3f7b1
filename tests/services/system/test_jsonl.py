"""Private logs of JSON lines: what two writers, a crash and a full log leave behind. Marks have tests of their own."""

import fcntl
import json
import threading
from pathlib import Path

import pytest
from support.system.file_lock import is_waited_for

from console.services.system.jsonl import append_line


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "log.jsonl"
    append_line(path, {"n": 1})
    return path


def numbers(log: Path) -> list[int]:
    return [json.loads(line)["n"] for line in log.read_bytes().splitlines()]


def test_a_line_after_one_that_was_cut_short_begins_on_its_own(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-1])
    append_line(log, {"n": 2})
    assert numbers(log) == [1, 2]


def test_a_full_log_is_put_aside_in_the_place_of_the_one_before(log: Path) -> None:
    for number in range(2, 6):
        append_line(log, {"n": number}, aside_above=10)
    assert (numbers(log), numbers(log.with_name("log.jsonl.1"))) == ([5], [3, 4])


def test_a_writer_that_waited_while_the_log_was_put_aside_writes_into_the_new_one(log: Path) -> None:
    """Into the old one it would be lost with the next log that is put aside, and its file would count as full again."""
    aside = log.with_name("log.jsonl.1")
    with log.open("ab", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = threading.Thread(target=append_line, args=[log, {"n": 2}], kwargs={"aside_above": 10})
        waiting.start()
        while not is_waited_for(log):
            assert waiting.is_alive()
        log.replace(aside)
    waiting.join()
    assert (numbers(aside), numbers(log)) == ([1], [2])

"""The recorder never waits, never raises, and says once what was not kept."""

import threading
from pathlib import Path

import pytest
from support.history.facts import CRITIC, NOW_MS, environment, kept, passed, place

from console.domain.history.fact import Fact
from console.services.history.file import HistoryFile
from console.services.history.recorder import Recorder


def recorder(home: Path, *told: list[str]) -> Recorder:
    made = Recorder(HistoryFile(environment(home), clock=lambda: NOW_MS), *(each.append for each in told))
    made.keep_for("p", 90)
    return made


def facts(count: int) -> list[Fact]:
    return [passed(NOW_MS + each) for each in range(count)]


def test_all_facts_are_on_the_disk_when_it_is_closed(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    for each in facts(700):
        made.put([each])
    made.close()
    assert len(kept(tmp_path)) == 700
    assert (made.words, made.stored) == ("", 700)


def test_without_a_fact_nothing_is_created(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    made.keep_for("p", 0)
    made.put(facts(3))
    made.put([passed(route=CRITIC.__class__("unknown", CRITIC.origin, CRITIC.key, "m", CRITIC.family))])
    made.close()
    assert not place(tmp_path).parent.exists()


def test_a_place_that_cannot_be_used_is_said_once(tmp_path: Path) -> None:
    place(tmp_path).mkdir(parents=True)
    place(tmp_path).parent.chmod(0o700)
    told: list[str] = []
    made = recorder(tmp_path, told)
    for each in facts(600):
        made.put([each])
    made.close()
    assert told == [f"history was not kept: {place(tmp_path)} is not a regular file; move it away"]
    assert (made.words, made.lost) == (told[0], 600)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_fails_for_a_reason_of_its_own_says_that_nothing_more_is_kept(tmp_path: Path) -> None:
    def clock() -> int:
        raise ArithmeticError

    is_told = threading.Event()
    made = Recorder(HistoryFile(environment(tmp_path), clock=clock), lambda words: is_told.set())
    made.keep_for("p", 90)
    made.put(facts(1))
    is_told.wait()
    made.put(facts(2))
    made.close()
    assert made.words == "history was not kept: its writer failed; nothing more is kept until the next start"


def test_what_comes_after_the_trouble_is_kept_and_the_gap_is_named(tmp_path: Path) -> None:
    place(tmp_path).parent.mkdir(parents=True, mode=0o755)
    place(tmp_path).parent.chmod(0o755)
    is_told = threading.Event()
    made = Recorder(HistoryFile(environment(tmp_path), clock=lambda: NOW_MS), lambda words: is_told.set())
    made.keep_for("p", 90)
    made.put(facts(1))
    is_told.wait()
    place(tmp_path).parent.chmod(0o700)
    made.put(facts(2))
    made.close()
    assert len(kept(tmp_path)) == 2
    assert made.words.startswith("1 facts are missing in the history: ")

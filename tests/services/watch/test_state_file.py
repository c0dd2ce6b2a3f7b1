"""A watch's state: a restart after any round tells nothing twice and misses nothing, and one process has it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.watch.desks import profile_at
from support.watch.sightings import SEEN, green

from console.domain.money import Price
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.family import EndpointFamily
from console.domain.watch.listing import Listing, RetirementStage, Retiring
from console.domain.watch.profile_watch import ProfileRound, ProfileWatch
from console.services.watch.state_file import StateFile

PROFILE = profile_at("http://127.0.0.1:9")
LISTED = green(
    listing=Listing(True, Price(1.5, 2.0), (EndpointFamily.RESPONSES,), is_enabled=False),
    retiring=Retiring(RetirementStage.NEAR, "2026-12-20"),
)
ROUNDS = SEEN | {"l": LISTED, "g": green(listing=Listing(is_listed=False))}
ABSENT = Problem("the token is not there", ProblemKind.TOKEN)


@given(st.text(".pcdtraqkxPlg!", min_size=1, max_size=40))
def test_a_watch_that_is_restarted_after_every_round_tells_what_one_that_runs_on_tells(
    tmp_path_factory: pytest.TempPathFactory, rounds: str
) -> None:
    file = StateFile(tmp_path_factory.mktemp("state"), PROFILE)
    running = ProfileWatch(PROFILE.name)
    for number, letter in enumerate(rounds):
        problem = ABSENT if letter == "!" else None
        seen = ProfileRound(number * 60.0, () if problem else (ROUNDS[letter],), problem)
        restarted, told_after_restart = file.load().after(seen)
        running, told = running.after(seen)
        assert told_after_restart == told
        assert restarted == running
        file.keep(restarted)


def test_a_file_that_is_not_our_own_is_a_blank_state_and_no_text_of_a_gateway_is_in_ours(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state", PROFILE)
    known, _ = ProfileWatch("p").after(ProfileRound(1.0, (SEEN["a"],)))
    file.keep(known)
    (path,) = (tmp_path / "state").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    beyond = [
        f'{{"version":1,"routes":[],{each}}}'
        for each in ('"at":1e300', '"problem_since":-1.0', '"spent":{"tokens":-1000000000}')
    ]
    for text in ("", "{}", "[" * 5_000, '{"version":1,"routes":[{"key":"nobody"}]}', path.read_text()[:-9], *beyond):
        path.write_text(text)
        assert file.load() == ProfileWatch("p")


def test_a_second_watch_is_refused_and_the_lock_of_a_killed_one_is_free_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from support.watch.desks import profile_at; from console.services.watch.state_file import StateFile\n"
        "with StateFile(Path(sys.argv[1]), profile_at('http://127.0.0.1:9')).locked():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    tests = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(tmp_path / "state"), str(tests)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        file = StateFile(tmp_path / "state", PROFILE)
        with pytest.raises(Problem, match=f"already watched by process {child.pid}") as refused, file.locked():
            pass
        assert refused.value.kind is ProblemKind.WAITING
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        with file.locked():
            pass
    other = StateFile(tmp_path / "state", profile_at("http://127.0.0.1:9", name="q"))
    with file.locked(), other.locked():
        pass

"""Each scenario of the demo, taken through the gates as a script would: the run shows what the scenario says."""

import asyncio
import signal

import pytest
from support.cli.console_process import Console

from console.services.demo.place import make_sample
from console.services.demo.story import Scenario, story

pytestmark = pytest.mark.long

TOTAL, *_, ARTICLE = story().tasks
SHOWN = {
    "healthy": ("closed at candidate", "candidate sealed"),
    "revise": ("closed at candidate", "reviewer: ~ revise"),
    "block": ("blocked at critic", "critic: × block"),
    "account": ("stopped at preflight", "account_pricing"),
    "drift": ("stopped at preflight", "endpoint_drift"),
    "collapse": ("stopped at preflight", "INDEP-01"),
    "leak": ("", "ART-04"),
    "injection": ("waits at writer", "INJ-"),
    "out of scope": ("waits at writer", "PAT-03"),
    "overreach": ("", "promotion must hold"),
}
"""How the run of a scenario stands at the end, and what it says on the way."""


@pytest.mark.parametrize("scenario", story().scenarios, ids=lambda each: each.name)
async def test_a_scenario_shows_what_it_is_for(console: Console, scenario: Scenario) -> None:
    task = ARTICLE if scenario.name == "overreach" else TOTAL
    root = await make_sample(console.environment)
    command = ["run", "start", "--auto", "--task-file", "-", "--repo", root, "--kind", task.kind]
    command += [word for path in task.context for word in ("--context", path)]
    command += [word for each in scenario.routes for word in ("--route", each)]
    ended = await console.run("--profile", "scenarios", *command, given=task.text.encode())
    end, said = SHOWN[scenario.name]
    told = ended.stdout + ended.stderr
    assert said in told, told
    assert end in told, told


@pytest.mark.parametrize(
    ("number", "code", "moment"),
    [
        (signal.SIGINT, 130, b"call: planner"),
        (signal.SIGTERM, 128 + signal.SIGTERM, b"call: planner"),
        (signal.SIGHUP, 128 + signal.SIGHUP, b"total    run "),
    ],
)
async def test_an_interrupted_demo_leaves_nothing_due(
    console: Console, number: signal.Signals, code: int, moment: bytes
) -> None:
    async with console.start("demo") as child:
        assert child.stdout is not None
        async for line in child.stdout:
            if moment in line:
                break
        child.send_signal(number)
        await child.communicate()
    assert child.returncode == code
    state = console.home / ".local/state/gateway-console/demo"
    listed = await console.run("run", "list", "--json", XDG_STATE_HOME=str(state))
    runs = listed.document["runs"]
    assert runs
    assert {each["status"] for each in runs} == {"stopped"}


async def test_two_consoles_make_the_sample_at_once(console: Console) -> None:
    places = await asyncio.gather(*(make_sample(console.environment) for _ in range(2)))
    assert places[0] == places[1]
    assert [each.name for each in places[0].parent.iterdir()] == ["sample-shop"]

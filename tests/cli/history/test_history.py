"""`history` on the command line: what checks and calls leave, what is red and since when, what got worse."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.cli.console_process import Console, Ended
from support.gateway.servers import Peer, Request, answer_with, good_stream, raw_server, whole
from support.git.repositories import Repository
from support.history.facts import NOW_MS, keep, kept, passed, place, red

from console.domain.history.fact import FactKind, FactStatus
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.shape import Shape

GOOD = good_stream(EndpointFamily.RESPONSES, "O", "K")
DOWN = whole(503, {"error": {"message": "The server is overloaded or not ready yet", "type": "service_unavailable"}})
AT = datetime.fromtimestamp(NOW_MS / 1000, UTC)


@pytest.fixture
def sim(console: Console) -> Path:
    """Return a config of the operator's own on the embedded gateway."""
    console.now = lambda: AT
    return console.config_for("sim:", gateway='token_ref = ["sim:"]', model="gpt-route-placeholder")


async def history(console: Console, *arguments: str) -> Ended:
    return await console.run("history", *arguments)


async def test_smoke_and_check_leave_a_fact_each_and_history_counts_them(console: Console, sim: Path) -> None:
    await console.run("smoke", "--config", sim, "--repeat", "2")
    await console.run("check", "--config", sim, "--level", "4")
    assert [(each.kind, each.status, each.rung) for each in kept(console.home)] == [
        (FactKind.SMOKE, FactStatus.PASSED, Rung.SMOKE),
        (FactKind.SMOKE, FactStatus.PASSED, Rung.SMOKE),
        (FactKind.CHECK, FactStatus.UNPROVEN, Rung.SMOKE),
    ]
    (route,) = (await history(console, "--json")).document["routes"]
    assert route["kinds"] == {"check": 1, "smoke": 2}
    assert (route["route"], route["origin"], route["failures"]) == ("writer", "sim:", {})
    assert (route["timings"][0]["shape"], route["timings"][0]["calls"]) == ("text", 3)
    (smokes,) = (await history(console, "--json", "--kind", "smoke")).document["routes"]
    assert smokes["kinds"] == {"smoke": 2}


async def test_a_red_route_says_since_when_and_when_it_was_green_last(console: Console) -> None:
    now = AT
    answers = [GOOD, DOWN, DOWN]

    async def script(peer: Peer, request: Request) -> None:
        await answer_with(answers.pop(0))(peer, request)

    async with raw_server(script) as server:
        config = console.config_for(server.base_url)
        ends = []
        for minutes in (0, 60, 90):
            console.now = lambda moment=now + timedelta(minutes=minutes): moment  # type: ignore[misc]
            ends.append(await console.run("smoke", "--config", config, "--json"))
        answers.append(DOWN)
        console.now = lambda: now + timedelta(minutes=120)
        for_people = await console.run("smoke", "--config", config)
    said = [(each.document["routes"][0]["red_since"], each.document["routes"][0]["last_green"]) for each in ends]
    green, first_red = (
        AT.isoformat(timespec="milliseconds"),
        (now + timedelta(hours=1)).isoformat(timespec="milliseconds"),
    )
    same = [tuple(None if each is None else each.replace("Z", "+00:00") for each in pair) for pair in said]
    assert same == [(None, None), (None, green), (first_red, green)]
    assert "writer: red since " in for_people.stdout
    assert "(1 h), last green" in for_people.stdout


async def test_where_the_history_knows_nothing_nothing_is_said(console: Console) -> None:
    async with raw_server(answer_with(DOWN)) as server:
        ended = await console.run("smoke", "--config", console.config_for(server.base_url))
    assert "red since" not in ended.stdout + ended.stderr
    assert "history" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("policy", ["", "history_days = 0"], ids=["read-only", "turned off"])
async def test_what_must_leave_nothing_leaves_nothing(console: Console, policy: str) -> None:
    config = console.config_for("sim:", gateway='token_ref = ["sim:"]', policy=policy)
    await console.run("check", "--config", config, "--level", "2", *(() if policy else ("--read-only",)))
    assert not place(console.home).exists()


async def test_the_built_in_profile_leaves_nothing(console: Console) -> None:
    await console.run("smoke", "--role", "writer")
    assert not place(console.home).exists()


async def test_a_history_that_cannot_be_written_is_one_line_and_changes_no_exit_code(
    console: Console, sim: Path
) -> None:
    place(console.home).mkdir(parents=True)
    place(console.home).parent.chmod(0o700)
    ended = await console.run("smoke", "--config", sim, "--repeat", "3")
    assert ended.code == 0
    assert [line for line in ended.stderr.splitlines() if "history" in line] == [
        f"history was not kept: {place(console.home)} is not a regular file; move it away"
    ]


async def test_a_damaged_history_is_set_aside_and_that_is_said(console: Console, sim: Path) -> None:
    place(console.home).parent.mkdir(parents=True)
    place(console.home).parent.chmod(0o700)
    place(console.home).write_bytes(b"not a database" * 400)
    place(console.home).chmod(0o600)
    looked = await history(console)
    assert (looked.code, looked.complaint) == (
        1,
        f"gateway-console: {place(console.home)} is damaged; the next check sets it aside",
    )
    ended = await console.run("smoke", "--config", sim)
    assert ended.code == 0
    assert f"history: {place(console.home)} was damaged; it is now history.db.damaged-" in ended.stderr
    assert len(kept(console.home)) == 1


async def test_a_regression_is_marked_and_fails_only_where_that_is_asked_for(console: Console) -> None:
    console.now = lambda: AT
    steady = (passed(NOW_MS - 3_600_000 + each * 1000, 200.0 + each % 5) for each in range(60))
    keep(console.home, *steady, *(passed(NOW_MS - 1000 + each, 600.0) for each in range(15)))
    shown = await history(console)
    assert shown.code == 0
    assert (
        "! time to first token of text calls is worse: 202 to 600 ms; medians of the newest 15 against 60 before"
        in shown.stdout
    )
    assert (await history(console, "--fail-on-regression")).code == 1
    assert (await history(console, "--fail-on-regression", "--until", "1m")).code == 0
    (found,) = (await history(console, "--json")).document["routes"][0]["regressions"]
    assert (found["measure"], found["before"], found["now"]) == ("ttft", 202.0, 600.0)


async def test_a_plot_has_axes_and_ascii_where_that_is_asked_for(console: Console) -> None:
    console.now = lambda: AT
    keep(console.home, *(passed(NOW_MS - 86_400_000 + each * 1_000_000, 200.0) for each in range(80)), red())
    plotted = await history(console, "--plot", "ttft", "--ascii")
    assert plotted.stdout.isascii()
    assert "time to first token, 80 text calls" in plotted.stdout
    assert "200 ms |" in plotted.stdout
    assert (
        "⣀" in (await history(console, "--plot", "ttft")).stdout
        or "⠉" in (await history(console, "--plot", "ttft")).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "wants a date such as 2026-12-01, or an age such as 24h or 7d"),
        (("--since", "1h", "--until", "2h"), "--since must be before --until"),
        (("--route", "nobody"), "a route's key begins with a role"),
    ],
)
async def test_bad_input_is_one_clear_line(console: Console, arguments: tuple[str, ...], words: str) -> None:
    ended = await history(console, *arguments)
    assert ended.code == 2
    assert words in ended.complaint


async def test_without_a_history_it_says_what_adds_to_one(console: Console) -> None:
    ended = await history(console)
    assert (ended.code, ended.stdout) == (0, "")
    assert "check, smoke, relay and run add to it" in ended.stderr
    assert not place(console.home).parent.exists()


# --- What else leaves facts ------------------------------------------------------------------------------------------

CALL = """
import json, os, urllib.request
body = json.dumps({"model": "gpt-route-placeholder", "input": "hi", "stream": True}).encode()
headers = {"authorization": f"Bearer {os.environ['OPENAI_API_KEY']}", "content-type": "application/json"}
urllib.request.urlopen(urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/responses", body, headers)).read()
"""


@pytest.mark.long
async def test_a_relayed_call_leaves_a_fact(console: Console, sim: Path) -> None:
    ended = await console.run_process("relay", "--config", sim, "--exec", "--", sys.executable, "-c", CALL)
    assert ended.code == 0
    (fact,) = kept(console.home)
    assert (fact.kind, fact.status, fact.shape, fact.http_status) == (
        FactKind.RELAY,
        FactStatus.PASSED,
        Shape.AGENT,
        200,
    )


@pytest.mark.long
async def test_a_run_leaves_a_fact_once_it_is_over(console: Console) -> None:
    repository = Repository(console.home / "repository", {"AGENTS.md": b"# Rules\n"}).root
    (console.home / "task.md").write_text("Add a line to AGENTS.md", encoding="utf-8")
    config = console.config_for(
        "sim:", gateway='token_ref = ["sim:"]', roles=("planner", "writer", "reviewer", "critic")
    )
    begun = await console.run("run", "start", "--config", config, "--repo", repository, "--task-file", "task.md")
    assert kept(console.home) == [], begun.stderr
    stopped = await console.run("run", "stop", "last", "--reason", "not needed")
    assert stopped.code == 0
    (fact,) = kept(console.home)
    assert (fact.kind, fact.status, fact.route.profile, fact.route.key) == (
        FactKind.RUN,
        FactStatus.STOPPED,
        "p",
        None,
    )


@pytest.mark.long
async def test_consoles_in_processes_of_their_own_lose_nothing(console: Console, sim: Path) -> None:
    smokes = (console.run_process("smoke", "--config", sim, "--repeat", "5") for _ in range(4))
    ends = await asyncio.gather(*smokes)
    assert [(each.code, "history" in each.stderr) for each in ends] == [(0, False)] * 4
    assert len(kept(console.home)) == 20

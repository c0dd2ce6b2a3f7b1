"""`check --against`: two gateways in turns, and what turned red, by assertion."""

import asyncio
import json
from pathlib import Path

from support.cli.console_process import Console
from support.config import config_table, route, write_config
from support.gateway.scripted_gateway import Steps, scripted
from support.gateway.servers import content, opening, streamed, whole
from support.probes.smoking import TOKEN
from support.reports import junit_cases, sarif_run

from console.domain.routes.family import EndpointFamily
from console.services.system.turns import Turns

R = EndpointFamily.RESPONSES
GATEWAY = {"token_ref": ["env:GW"]}
DOWN = whole(503, {"error": {"message": "The server is overloaded or not ready yet", "type": "service_unavailable"}})


def config(console: Console, old: str, new: str, *, roles: tuple[str, ...] = ("planner", "writer")) -> Path:
    routes = {role: route() for role in roles}
    first = config_table({"base_url": old, **GATEWAY}, routes, profile="old")
    second = config_table({"base_url": new, **GATEWAY}, routes | {"fallback": route()}, profile="new")
    first["profiles"] |= second["profiles"]
    first["profiles"]["old"]["routes"] |= {"critic": route()}
    return write_config(console.home / "config.toml", first)


async def test_what_turned_red_is_named_by_assertion_and_fails(console: Console) -> None:
    unfinished = Steps(text=lambda *_: streamed(*opening(R), content(R, "O")))
    async with scripted() as old, scripted(unfinished) as new:
        path = config(console, old.base_url, new.base_url)
        command = ("check", "--level", "4", "--config", path, "--profile", "old", "--against", "new")
        ended = await console.run(*command, "--json", "--output", "a.xml", "--output", "a.sarif", GW=TOKEN)
        back = await console.run(
            "check", "--level", "4", "--config", path, "--profile", "new", "--against", "old", "--json", GW=TOKEN
        )
    document = ended.document
    assert (ended.code, document["exit_code"]) == (1, 1)
    assert document["turned_red"] == ["planner", "writer", "critic"]
    changes = {each["route"]: each for each in document["routes"]}
    assert changes["writer"]["change"] == "turned_red"
    (broken,) = [each for each in changes["writer"]["assertions"] if each["after"] == "fail"]
    assert broken["before"] is None
    assert (changes["critic"]["change"], changes["fallback"]["change"]) == ("lost", "added")
    cases = junit_cases((console.home / "a.xml").read_text())
    assert cases["gateway-console.check --against.new/route writer"] == "failure"
    assert cases["gateway-console.check --against.new/route fallback"] == "skipped"
    errors = [each for each in sarif_run((console.home / "a.sarif").read_text())["results"] if each["level"] == "error"]
    assert {each["ruleId"] for each in errors} >= {broken["id"]}
    assert back.document["turned_green"] == ["planner", "writer"]
    assert back.document["turned_red"] == ["fallback"]


async def test_the_calls_of_both_alternate_route_by_route(console: Console) -> None:
    order: list[str] = []

    def noting(name: str) -> Steps:
        steps = Steps()
        good = steps.answer

        def answer(request: object, family: EndpointFamily) -> bytes:
            order.append(name)
            steps.text = None
            try:
                return good(request)  # type: ignore[arg-type]
            finally:
                steps.text = answer

        steps.text = answer
        return steps

    async with scripted(noting("old")) as old, scripted(noting("new")) as new:
        path = config(console, old.base_url, new.base_url, roles=("planner", "writer", "reviewer"))
        ended = await console.run(
            "check", "--level", "4", "--config", path, "--profile", "old", "--against", "new",
            "--role", "planner", "--role", "writer", "--role", "reviewer", GW=TOKEN,
        )  # fmt: skip
    assert ended.code == 0, ended
    assert order == ["old", "new"] * 3


async def test_nothing_compared_is_not_green(console: Console) -> None:
    down = Steps(no_input=DOWN, wrong_key=DOWN, unknown_model=DOWN)
    async with scripted(down) as old, scripted(down) as new:
        path = config(console, old.base_url, new.base_url)
        ended = await console.run(
            "check", "--config", path, "--profile", "old", "--against", "new", "--role", "writer", GW=TOKEN
        )
    assert ended.code == 10
    assert "still red" in ended.stdout


async def test_options_that_do_not_go_together_send_nothing(console: Console) -> None:
    async with scripted() as server:
        path = config(console, server.base_url, server.base_url)
        for more in (
            ("--against", "old"),
            ("--against", "new,old"),
            ("--against", "new", "--all-profiles"),
            ("--against", "new", "--baseline", "base.json"),
        ):
            (console.home / "base.json").write_text(
                json.dumps({"schema": "gateway-console/baseline/v1", "accepted": []})
            )
            named = () if "--all-profiles" in more else ("--profile", "old")
            ended = await console.run("check", "--config", path, *named, *more, GW=TOKEN)
            assert ended.code == 2, ended
        assert server.connections == 0


async def test_a_side_that_is_over_does_not_keep_the_other_waiting() -> None:
    turns, done = Turns(), []

    async def work(side: int, count: int) -> None:
        for number in range(count):
            async with turns.side(side):
                done.append((side, number))
        await turns.finish(side)

    await asyncio.gather(work(1, 3), work(0, 1))
    assert done == [(0, 0), (1, 0), (1, 1), (1, 2)]

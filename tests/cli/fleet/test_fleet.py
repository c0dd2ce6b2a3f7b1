"""`fleet`: all profiles in one table; what a sweep finds is there, and a broken profile hides no other."""

import asyncio
import json
from typing import Any

from support.cli.console_process import Console
from support.cli.schemas import valid
from support.config import config_table, route, write_config
from support.gateway.servers import Peer, Request, answer_with, good_stream, raw_server, unused_port, whole
from support.reports import junit_cases

from console.domain.routes.family import EndpointFamily

GOOD = good_stream(EndpointFamily.RESPONSES)


def profiles(**gateways: dict[str, Any]) -> dict[str, Any]:
    """Return a config of profiles, each with one route."""
    first, *_ = gateways
    found = [config_table(gateway, {"writer": route()}, profile=name) for name, gateway in gateways.items()]
    return found[0] | {
        "default_profile": first,
        "profiles": {name: table for each in found for name, table in each["profiles"].items()},
    }


async def test_a_sweep_finds_each_profile_s_state_and_the_table_has_it_the_worst_first(console: Console) -> None:
    poor = whole(402, {"error": {"message": "Insufficient credits", "code": 402}})
    async with raw_server(answer_with(GOOD)) as rich_server, raw_server(answer_with(poor)) as poor_server:
        with unused_port() as holder:
            config = profiles(
                good={"base_url": rich_server.base_url},
                poor={"base_url": poor_server.base_url},
                down={"base_url": f"http://127.0.0.1:{holder.getsockname()[1]}"},
                tokenless={"base_url": rich_server.base_url, "token_ref": ["env:NOT_SET"]},
                broken={"base_url": rich_server.base_url, "tokn": "x"},
            )
            path = write_config(console.home / "many.toml", config)
            swept = await console.run(
                "fleet", "check", "--level", "4", "--config", path, "--json",
                "--output", "fleet.html", "--output", "fleet.xml", "--output", "fleet.json",
            )  # fmt: skip
        later = await console.run("fleet", "--config", path, "--json")
        red = await console.run("fleet", "--config", path, "--where", "red !broken", "--sort", "name")
        first = await console.run("fleet", "--config", path, "--limit", "1", "--json")
    found = {each["profile"]: each for each in swept.document["profiles"]}
    assert list(found) == ["broken", "tokenless", "poor", "down", "good"]
    assert [each["verdict"] for each in found.values()] == ["broken", "unusable", "blocked", "down", "unproven"]
    assert [each["exit_code"] for each in found.values()] == [3, 4, 5, 10, 0]
    assert (swept.code, swept.document["exit_code"]) == (3, 3)
    assert found["poor"]["failures"] == {"account_quota": 1}
    assert found["good"]["routes"][0]["rung"] == 4
    assert found["good"]["age_s"] is not None
    assert "tokenless: not checked: " in swept.stderr
    assert {each["profile"]: each["verdict"] for each in later.document["profiles"]} == {
        "broken": "broken", "poor": "blocked", "down": "down", "good": "unproven", "tokenless": "unproven",
    }  # fmt: skip
    assert [line.split()[0] for line in red.stdout.splitlines()] == ["profile", "down", "poor"]
    assert ("2 of 5 profiles" in red.stderr, red.code) == (True, 5)
    assert (len(first.document["profiles"]), first.document["exit_code"]) == (1, 3)
    assert valid(json.loads((console.home / "fleet.json").read_text())) == swept.document
    assert junit_cases((console.home / "fleet.xml").read_text())
    page = (console.home / "fleet.html").read_text()
    assert page.index("broken") < page.index("tokenless") < page.index("good")
    assert "src=" not in page
    assert "href=" not in page


async def test_a_sweep_keeps_within_the_calls_that_a_gateway_may_get_at_once(console: Console) -> None:
    answer, two = answer_with(GOOD), asyncio.Event()
    in_flight = most = 0

    async def counted(peer: Peer, request: Request) -> None:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        if in_flight == 2:
            two.set()
        await two.wait()
        await answer(peer, request)
        in_flight -= 1

    async with raw_server(counted) as server:
        many = {f"p{number}": {"base_url": server.base_url} for number in range(12)}
        path = write_config(console.home / "many.toml", profiles(**many))
        swept = await console.run("fleet", "check", "--level", "4", "--per-origin", "2", "--config", path, "--json")
    assert [each["routes"][0]["rung"] for each in swept.document["profiles"]] == [4] * 12
    assert most == 2


async def test_an_unreadable_filter_is_refused_before_anything_is_sent(console: Console) -> None:
    ended = await console.run("fleet", "check", "--where", "colour:red")
    assert ended.code == 2
    assert "it has name, origin, verdict" in ended.complaint

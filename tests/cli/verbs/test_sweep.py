"""`smoke` and `check` over several profiles: one command, one table, one exit code."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console, ended
from support.config import config_table, route, write_config
from support.gateway.servers import (
    Peer,
    Request,
    answer_with,
    good_stream,
    head,
    raw_server,
    stay_silent,
    unused_port,
    whole,
)

from console.domain.routes.family import EndpointFamily

R = EndpointFamily.RESPONSES
SIM = {"base_url": "sim:", "token_ref": ["sim:"]}
UNUSED = "http://127.0.0.1:9"
WAIT_FOR_EACH_OTHER = """
import os, sys
os.chdir(os.path.dirname(__file__))
own = sys.argv[1]
for name, mode in sorted([(own, "w"), (own[::-1], "r")]):
    open(name, mode).close()
print("made-up-token-0123456789")
"""


def profiles(**gateways: dict[str, Any]) -> dict[str, Any]:
    """Return a config of profiles, each with a writer and a second writer by name."""
    first, *_ = gateways
    routes = {"writer": {**route(), "fast": route("m-fast")}}
    found = [config_table(gateway, routes, profile=name) for name, gateway in gateways.items()]
    return found[0] | {
        "default_profile": first,
        "profiles": {k: v for each in found for k, v in each["profiles"].items()},
    }


async def test_a_profile_that_cannot_be_used_is_told_in_its_place_and_stops_no_other(console: Console) -> None:
    async with raw_server(answer_with(good_stream(R))) as server:
        with unused_port() as holder:
            config = profiles(
                broken={"base_url": server.base_url, "tokn": "x"},
                tokenless={"base_url": server.base_url, "token_ref": ["env:NOT_SET"]},
                down={"base_url": f"http://127.0.0.1:{holder.getsockname()[1]}"},
                good={"base_url": server.base_url},
            )
            path = write_config(console.home / "many.toml", config)
            document = await console.run("smoke", "--all-profiles", "--json", "--config", path)
            told = await console.run("smoke", "--all-profiles", "--config", path)
    assert (document.code, told.code) == (3, 3)
    found = document.document["profiles"]
    assert [each["profile"] for each in found] == ["broken", "tokenless", "down", "good"]
    assert [each.get("exit_code") for each in found] == [3, 4, None, None]
    assert [(r["route"], r["status"]) for r in found[3]["results"]] == [("writer", "passed"), ("writer.fast", "passed")]
    assert {r["category"] for r in found[2]["results"]} == {"upstream_unavailable"}
    assert "tokn: unknown key" in told.stdout
    *_, sums = told.stderr.splitlines()
    assert sums == "4 profiles, 4 smoke tests: 2 failed, 1 swapped, 1 ok; 2 profiles not usable; exit code 3"
    assert len(server.requests) == 4


async def test_a_refused_account_stops_the_paid_calls_of_its_gateway_alone(console: Console) -> None:
    empty = whole(402, {"error": {"message": "Insufficient credits", "code": 402}})
    async with raw_server(answer_with(empty)) as poor, raw_server(answer_with(good_stream(R))) as rich:
        config = profiles(
            one={"base_url": poor.base_url, "concurrency": 1},
            two={"base_url": poor.base_url, "concurrency": 1},
            other={"base_url": rich.base_url},
        )
        path = write_config(console.home / "many.toml", config)
        result = await console.run("smoke", "--profile", "one,two,other", "--json", "--config", path)
    assert result.code == 5
    one, two, other = ([each["status"] for each in profile["results"]] for profile in result.document["profiles"])
    assert (one, two, other) == (["blocked"] * 2, ["blocked"] * 2, ["passed"] * 2)
    assert (len(poor.requests), len(rich.requests)) == (1, 2)


async def test_check_climbs_all_profiles_and_a_document_holds_each(console: Console) -> None:
    path = write_config(console.home / "many.toml", profiles(a={"base_url": "sim:"}, b={"base_url": "sim:"}))
    result = await console.run(
        "check", "--all-profiles", "--level", "1", "--route", "writer.fast", "--json", "--config", path
    )
    assert [(p["profile"], [r["route"] for r in p["routes"]]) for p in result.document["profiles"]] == [
        ("a", ["writer.fast"]),
        ("b", ["writer.fast"]),
    ]


async def test_what_a_profile_alone_is_told_is_told_in_a_sweep_too(console: Console) -> None:
    """The gateway's own words, the price of a paid call before it, and what is untested with the next command."""
    refused = whole(404, {"error": {"message": "no such model here"}})
    async with raw_server(answer_with(refused)) as bad, raw_server(answer_with(good_stream(R))) as good:
        path = write_config(
            console.home / "many.toml", profiles(bad={"base_url": bad.base_url}, good={"base_url": good.base_url})
        )
        smoked = await console.run("smoke", "--all-profiles", "--config", path)
        asked = await console.run(
            "smoke", "--all-profiles", "--agent", "codex", "--agent-size", "small", "--config", path
        )
    assert smoked.stderr.count('the gateway said, not stored: "no such model here"') == 2
    assert f"check --config {path} --profile good --level 5 --route writer --route writer.fast" in smoked.stdout
    assert re.search(r"^good: writer\.fast: the first call of Codex .* at most \d+ tokens", asked.stderr, re.MULTILINE)


async def test_check_tells_the_price_of_each_paid_rung_before_it_and_an_agents_verdict(console: Console) -> None:
    config = profiles(a=SIM, b=SIM)
    for each in config["profiles"].values():
        each["routes"] = {"writer": route("gpt-route-placeholder") | {"fast": route("gpt-older-route-placeholder")}}
    path = write_config(console.home / "many.toml", config)
    ended = await console.run(
        "check", "--all-profiles", "--level", "5", "--agent", "codex", "--agent-size", "small", "--config", path
    )
    prices = [line for line in ended.stderr.splitlines() if "at most" in line and line.startswith(("a: ", "b: "))]
    assert {line.partition(", at most")[0] for line in prices if "rung" in line} == {
        f"{profile}: {key}: rung {rung}" for profile in "ab" for key in ("writer", "writer.fast") for rung in (4, 5)
    }
    assert len([line for line in ended.stdout.splitlines() if line.startswith("Codex ")]) == 4


@pytest.mark.parametrize("verb", [("routes",), ("check", "--level", "0")])
async def test_route_tables_of_many_profiles_need_no_gateway(console: Console, verb: tuple[str, ...]) -> None:
    drifting = config_table(SIM, {"writer": route("claude-opus-4-1", "responses")}, profile="drifting")
    config = profiles(broken={"base_url": "x"}, tokenless={"base_url": UNUSED, "token_ref": ["env:NO"]})
    config["profiles"] |= drifting["profiles"]
    path = write_config(console.home / "many.toml", config)
    told = await console.run(*verb, "--all-profiles", "--config", path)
    document = await console.run(*verb, "--all-profiles", "--json", "--config", path)
    assert (told.code, document.code) == (3, 3)
    assert "2 routes: 2 unproven" in told.stdout.splitlines()
    *_, sums = told.stderr.splitlines()
    assert sums == "3 profiles, 3 routes: 1 drift, 2 unproven; 1 profile not usable; exit code 3"
    found = document.document["profiles"]
    assert [[r["verdict"] for r in each.get("routes", ())] for each in found] == [[], ["unproven"] * 2, ["drift"]]


async def test_a_profile_without_a_chosen_route_is_passed_over_unless_all_are(console: Console) -> None:
    config = profiles(has=SIM, lacks=SIM)
    config["profiles"]["lacks"]["routes"] = {"writer": route()}
    path = write_config(console.home / "many.toml", config)
    command = ("routes", "--profile", "has, lacks", "--config", path, "--route")
    some, neither = await console.run(*command, "writer.fast", "--json"), await console.run(*command, "writer.slow")
    assert (some.code, neither.code) == (0, 3)
    assert [each.get("is_passed_over", False) for each in some.document["profiles"]] == [False, True]
    assert "lacks  · passed over" in neither.stdout
    assert "profile lacks has no route writer.slow; it has writer" in neither.stdout


async def test_gateways_are_opened_side_by_side(console: Console) -> None:
    """Each token's program waits until the other one runs: one after the other, both would miss their deadline."""
    script = console.home / "wait.py"
    script.write_text(WAIT_FOR_EACH_OTHER)
    for fifo in ("ab", "ba"):
        os.mkfifo(console.home / fifo)
    async with raw_server(answer_with(good_stream(R))) as server:
        given = {
            name: {"base_url": server.base_url, "token_ref": [f"cmd:['{sys.executable}', '{script}', '{name}']"]}
            for name in ("ab", "ba")
        }
        write_config(console.home / ".config/gateway-console/config.toml", profiles(**given))
        ended = await console.run("smoke", "--all-profiles")
    assert ended.code == 0, ended


async def test_ctrl_c_in_a_sweep_says_of_each_profile_what_may_be_billed(console: Console) -> None:
    reached = asyncio.Event()

    async def begin_and_wait(peer: Peer, request: Request) -> None:
        if len(server.requests) == 4:
            reached.set()
        await peer.send(head(200))
        await stay_silent(peer, request)

    async with raw_server(begin_and_wait) as server:
        config = profiles(
            sim=SIM, one={"base_url": server.base_url}, two={"base_url": server.base_url, "auth": "x-api-key"}
        )
        path = write_config(console.home / "many.toml", config)
        async with console.start("smoke", "--all-profiles", "--config", path) as child:
            await reached.wait()
            children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
            child.send_signal(signal.SIGINT)
            result = await ended(child)
        for peer in server.peers:
            await peer.has_left.wait()
    assert result.code == 130
    assert "Traceback" not in result.stderr
    for name in ("one", "two"):
        assert re.search(rf"^{name}: stopped: writer, writer\.fast .*sent, may be billed", result.stderr, re.MULTILINE)
    assert len(children) == 1, "the embedded gateway"
    assert not Path(f"/proc/{children[0]}").exists()


async def test_all_profiles_and_some_exclude_each_other(console: Console) -> None:
    result = await console.run("smoke", "--all-profiles", "--profile", "demo")
    assert (result.code, "exclude each other" in result.stderr) == (2, True)

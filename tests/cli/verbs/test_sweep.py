"""`smoke` and `check` over several profiles: one command, one table, one exit code."""

from typing import Any

from support.cli.console_process import Console
from support.config import config_table, route, write_config
from support.gateway.servers import answer_with, good_stream, raw_server, unused_port, whole

from console.domain.routes.family import EndpointFamily

R = EndpointFamily.RESPONSES


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
    assert sums == "4 profiles, 4 smoke tests: 2 failed, 2 ok; 2 profiles not usable; exit code 3"
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


async def test_all_profiles_and_some_exclude_each_other(console: Console) -> None:
    result = await console.run("smoke", "--all-profiles", "--profile", "demo")
    assert (result.code, "exclude each other" in result.stderr) == (2, True)

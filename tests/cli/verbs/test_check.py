"""`check` as a process of its own: levels, roles, the list of assertions, its document, its exit codes, money."""

import asyncio
import contextlib
import re
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console, Ended, ended
from support.config import config_table, route, write_config
from support.gateway.scripted_gateway import NO_MODEL, NOT_FOUND, Steps, models, scripted
from support.gateway.servers import (
    Peer,
    RawServer,
    Request,
    answer_with,
    content,
    good_stream,
    head,
    opening,
    raw_server,
    stay_silent,
    streamed,
    unused_port,
    whole,
)
from support.probes.smoking import TOKEN

from console.domain.probes.assertion import JudgedBy, assertions
from console.domain.routes.family import EndpointFamily

R = EndpointFamily.RESPONSES
ROLES = ["planner", "writer", "revision", "reviewer", "critic", "fallback"]
KEYED = 'token_ref = ["env:GW"]'
PRICED = whole(
    200,
    {
        "data": [
            {
                "id": "m",
                "supported_endpoint_types": ["openai-response"],
                "pricing": {"prompt": "0.000001", "completion": "0.000002"},
            }
        ]
    },
)
UNFINISHED = streamed(*opening(R), content(R, "O"))

DOWN = whole(503, {"error": {"message": "The server is overloaded or not ready yet", "type": "service_unavailable"}})


def routes_in(result: Ended) -> dict[str, dict[str, Any]]:
    assert result.document["schema"] == "gateway-console/check/v1"
    return {route["role"]: route for route in result.document["routes"]}


async def check(console: Console, server: RawServer, *arguments: str, gateway: str = KEYED, **more: Any) -> Ended:
    path = console.config_for(server.base_url, gateway=gateway, **more)
    return await console.run("check", "--config", path, *arguments, GW=TOKEN)


def state_file(console: Console) -> Path:
    return console.home / ".local" / "state" / "gateway-console" / "catalogue-p.json"


# --- The list ---------------------------------------------------------------------------------------------------------


async def test_every_assertion_is_listed_with_its_severity_rung_and_source(console: Console) -> None:
    result = await console.run("check", "--list")
    assert (result.code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [row.id for row in assertions()]
    for line, row in zip(lines, assertions(), strict=True):
        assert ("not tested" if row.judged_by is JudgedBy.NOT_TESTED else f"rung {row.level}") in line
        assert row.severity.value in line
        assert row.source in line


async def test_the_list_is_one_document_too(console: Console) -> None:
    result = await console.run("check", "--list", "--json")
    assert (result.code, result.stderr) == (0, "")
    assert re.fullmatch(r"gateway-console/[a-z-]+/v1", result.document["schema"])
    listed = result.document["assertions"]
    assert [row["id"] for row in listed] == [row.id for row in assertions()]
    assert {frozenset(row) for row in listed} == {
        frozenset({"id", "severity", "level", "judged_by", "meaning", "source", "checked_on"})
    }


async def test_the_list_needs_no_config(console: Console) -> None:
    path = console.write_config("this is not toml")
    assert (await console.run("check", "--list", "--config", path)).code == 0


# --- Levels ----------------------------------------------------------------------------------------------------------


async def test_level_0_sends_nothing_and_names_every_field(console: Console) -> None:
    async with scripted() as server:
        result = await check(console, server, "--level", "0", "--json")
        assert server.connections == 0
    assert (result.code, result.stderr) == (0, "")
    writer = routes_in(result)["writer"]
    named = {
        "role",
        "model",
        "endpoint_family",
        "endpoint_path",
        "required_family",
        "verdict",
        "rung_reached",
        "findings",
    }
    assert named <= set(writer)
    assert (writer["rung_reached"], writer["verdict"], result.document["level"]) == (0, "unproven", 0)
    for finding in writer["findings"]:
        assert {"id", "severity", "message", "source_url", "checked_on"} <= set(finding)


@pytest.mark.parametrize("arguments", [("--level", "0"), ("--level", "0", "--json"), ("--list",)])
def test_level_0_and_the_list_import_no_http_library(console: Console, arguments: tuple[str, ...]) -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "console", "check", *arguments],
        env=console.environment,
        cwd=console.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0
    loaded = {each.partition(".")[0] for each in re.findall(r"^import time:.*\| +(\S+)$", result.stderr, re.MULTILINE)}
    assert "console" in loaded
    assert not {"httpx", "aiohttp", "textual", "rich", "keyring"} & loaded


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
async def test_each_level_climbs_that_far_and_says_what_it_sent(console: Console, level: int) -> None:
    async with scripted(Steps(lists={"/v1/models": PRICED})) as server:
        result = await check(console, server, "--level", str(level), "--json", roles=("reviewer",))
    reviewer = routes_in(result)["reviewer"]
    assert (result.code, reviewer["rung_reached"], reviewer["rung_needed"]) == (0, level, 5)
    assert [rung["rung"] for rung in reviewer["rungs"]] == list(range(level + 1))
    assert {rung["status"] for rung in reviewer["rungs"]} == {"passed"}
    assert sum(rung["requests_sent"] for rung in reviewer["rungs"]) == len(server.requests)
    assert (reviewer["verdict"], reviewer["untested"]) == (("proven", None) if level == 5 else ("unproven", 5))
    assert reviewer["declared_families"] == (["responses"] if level >= 2 else None)
    for rung in reviewer["rungs"]:
        assert (rung["price_before"]["tokens"] > 0) is (rung["rung"] >= 4)
    spent = result.document["spent"]
    assert (spent["tokens"] if spent else 0) == 5 * max(0, level - 3)


async def test_without_a_level_nothing_that_costs_is_sent(console: Console) -> None:
    async with scripted() as server:
        result = await check(console, server, "--json")
    assert result.document["level"] == 3
    assert not [request for request in server.requests if b'"stream":true' in request.body]


async def test_a_person_reads_prices_before_they_are_spent(console: Console) -> None:
    async with scripted(Steps(lists={"/v1/models": PRICED})) as server:
        result = await check(console, server, "--level", "5", roles=("reviewer",))
    assert result.code == 0
    assert re.search(r"reviewer: rung 4, at most \d+ tokens, at most \$0\.\d+", result.stderr)
    assert re.search(r"reviewer: rung 5, at most \d+ tokens, at most \$0\.\d+", result.stderr)
    assert "spent in this session: 10 tokens, $0.000014" in result.stderr
    assert "5, needs 5" in result.stdout
    assert "rung 4 streamed text: 5 tokens, $0.000007" in result.stdout


@pytest.mark.parametrize("level", ["-1", "6", "two", ""])
async def test_another_level_is_a_usage_error(console: Console, level: str) -> None:
    result = await console.run("check", "--level", level)
    assert (result.code, result.stdout) == (2, "")


async def test_only_the_roles_that_are_asked_for_are_climbed(console: Console) -> None:
    async with scripted() as server:
        result = await check(console, server, "--json", "--role", "critic", "--role", "planner", roles=tuple(ROLES))
    assert list(routes_in(result)) == ["planner", "critic"]
    assert result.code == 0


async def test_a_role_without_a_route_is_exit_code_3(console: Console) -> None:
    async with scripted() as server:
        result = await check(console, server, "--role", "critic")
    assert result.code == 3
    assert "has no route for this role; it has writer" in result.complaint


# --- Exit codes ------------------------------------------------------------------------------------------------------


def _drifting(console: Console, base_url: str) -> Path:
    table = config_table({"base_url": base_url}, {"writer": route("gpt-5.5-pro", "chat_completions")})
    return write_config(console.home / "drift.toml", table)


@pytest.mark.parametrize("level", ["0", "3", "5"])
async def test_drift_is_exit_code_6_with_its_fix_and_sends_nothing_for_the_route(console: Console, level: str) -> None:
    async with scripted() as server:
        path = _drifting(console, server.base_url)
        result = await console.run("check", "--config", path, "--level", level, "--json")
        told = await console.run("check", "--config", path, "--level", level)
    assert result.code == told.code == 6
    writer = routes_in(result)["writer"]
    assert (writer["verdict"], writer["rungs"][1:]) == ("drift", [])
    assert writer["fix"] == ['endpoint_family = "responses"', 'endpoint_path = "/v1/responses"']
    assert 'fix: endpoint_family = "responses"' in told.stdout
    assert [request for request in server.requests if request.path.startswith("/v1/chat")] == []


async def test_drift_that_an_answer_tells_is_exit_code_6(console: Console) -> None:
    message = "The requested model 'm' is not supported with the Responses API."
    error = {"message": message, "type": "invalid_request_error", "param": "model", "code": "model_not_found"}
    refused = whole(400, {"error": error})
    async with scripted(Steps(no_input=refused)) as server:
        result = await check(console, server, "--json")
    assert (result.code, routes_in(result)["writer"]["verdict"]) == (6, "drift")


@pytest.mark.parametrize(
    ("steps", "code", "verdict"),
    [
        (Steps(token="another"), 5, "blocked"),
        (Steps(bare=whole(302, b"", "location: http://127.0.0.2/")), 11, "blocked"),
        (Steps(no_input=NOT_FOUND), 6, "drift"),
        (Steps(no_input=NO_MODEL), 1, "blocked"),
        (Steps(wrong_key=good_stream(R)), 1, "failed"),
        (Steps(bare=whole(200, b"<html>", content_type="text/html")), 1, "failed"),
        (Steps(text=lambda request, family: DOWN), 10, "down"),
        (Steps(text=lambda request, family: UNFINISHED), 1, "failed"),
        (Steps(shape=lambda request, family: good_stream(R)), 1, "conditional"),
    ],
)  # fmt: skip
async def test_what_a_rung_meets_has_its_exit_code(console: Console, steps: Steps, code: int, verdict: str) -> None:
    async with scripted(steps) as server:
        result = await check(console, server, "--level", "5", "--json")
    assert (result.code, routes_in(result)["writer"]["verdict"]) == (code, verdict)
    assert "Traceback" not in result.stderr


async def test_a_gateway_that_is_not_there_is_exit_code_10(console: Console) -> None:
    with unused_port() as holder:
        path = console.config_for(f"http://127.0.0.1:{holder.getsockname()[1]}")
        result = await console.run("check", "--config", path, "--json")
        told = await console.run("check", "--config", path)
    assert result.code == told.code == 10
    writer = routes_in(result)["writer"]
    assert (writer["rung_reached"], writer["rungs"][1]["status"], writer["rungs"][1]["requests_sent"]) == (
        0,
        "failed",
        0,
    )
    assert "refused the connection" in told.stdout


async def test_without_a_token_nothing_is_sent_and_the_exit_code_is_4(console: Console) -> None:
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        result = await console.run("check", "--config", path, "--json")
        offline = await console.run("check", "--config", path, "--json", "--level", "0")
    assert (result.code, server.connections, offline.code) == (4, 0, 0)
    assert "no token under env:GW" in result.complaint


async def test_a_config_that_cannot_be_used_is_exit_code_3(console: Console) -> None:
    path = console.write_config("schema = 2")
    assert (await console.run("check", "--config", path, "--level", "0")).code == 3


@pytest.mark.parametrize("level", ["3", "4", "5", None])
async def test_read_only_above_rung_2_is_refused_and_sends_nothing(console: Console, level: str | None) -> None:
    async with scripted() as server:
        result = await check(console, server, "--read-only", *(() if level is None else ("--level", level)))
        assert server.connections == 0
    assert result.code == 11
    assert "Next: --level 2" in result.complaint


async def test_read_only_up_to_rung_2_sends_no_post_and_leaves_nothing_behind(console: Console) -> None:
    async with scripted() as server:
        result = await check(console, server, "--read-only", "--level", "2", "--json")
    assert result.code == 0
    assert {request.method for request in server.requests} == {"GET"}
    assert not state_file(console).exists()


@pytest.mark.parametrize(
    "answer", [whole(200, {}), whole(200, b""), models("m"), good_stream(R)], ids=lambda data: repr(data[-20:])
)
async def test_a_gateway_that_answers_200_to_everything_yields_findings_and_no_traceback(
    console: Console, answer: bytes
) -> None:
    async with raw_server(answer_with(answer)) as server:
        result = await check(console, server, "--level", "5", "--json")
    assert result.code == 1
    assert {"COM-S-02", "COM-S-03"} <= {finding["id"] for finding in routes_in(result)["writer"]["findings"]}
    assert "Traceback" not in result.stderr


# --- Money -----------------------------------------------------------------------------------------------------------


def _with_policy(console: Console, base_url: str, policy: str) -> Path:
    return console.config_for(base_url, gateway=KEYED, policy=policy)


@pytest.mark.parametrize("policy", ["budget_tokens = 0", "budget_usd = 0.0"])
@pytest.mark.parametrize("verb", ["smoke", "check"])
async def test_a_budget_of_nothing_sends_nothing_paid_and_says_so(console: Console, verb: str, policy: str) -> None:
    async with scripted(Steps(lists={"/v1/models": PRICED})) as server:
        path = _with_policy(console, server.base_url, policy)
        extra = ("--level", "5") if verb == "check" else ()
        result = await console.run(verb, "--config", path, "--json", *extra, GW=TOKEN)
    assert result.code == 1
    assert "budget_exceeded" in result.stdout
    assert policy.partition(" ")[0] in result.stdout
    assert not [request for request in server.requests if b'"stream":true' in request.body]


@pytest.mark.parametrize("policy", ["budget_usd = inf", "budget_usd = nan", "run_usd = inf", "attempt_usd = 1e300"])
async def test_a_budget_that_is_no_amount_of_money_is_a_fault_of_the_config(console: Console, policy: str) -> None:
    path = _with_policy(console, "https://gw.example", policy)
    result = await console.run("check", "--config", path, "--level", "0")
    assert result.code == 3
    assert f"profiles.p.policy.{policy.partition(' ')[0]}" in result.complaint


async def test_a_budget_as_a_whole_number_of_dollars_is_kept_to(console: Console) -> None:
    async with scripted(Steps(lists={"/v1/models": PRICED})) as server:
        path = _with_policy(console, server.base_url, "budget_usd = 0")
        result = await console.run("check", "--config", path, "--json", "--level", "4", GW=TOKEN)
    assert "budget_exceeded" in result.stdout
    assert not [request for request in server.requests if b'"stream":true' in request.body]


async def test_what_was_spent_is_in_the_document(console: Console) -> None:
    async with scripted(Steps(lists={"/v1/models": PRICED})) as server:
        result = await check(console, server, "--level", "5", "--json", roles=("reviewer",))
        unpriced = await check(console, server, "--level", "4", "--json", roles=("fallback",))
    spent = result.document["spent"]
    assert (spent["tokens"], spent["usd"], spent["is_exact"]) == (10, pytest.approx(1.4e-05), True)
    assert unpriced.document["spent"]["tokens"] == 5


# --- The catalogue ---------------------------------------------------------------------------------------------------


async def test_the_catalogue_is_kept_for_its_user_alone_and_its_changes_are_told(console: Console) -> None:
    steps = Steps(lists={"/v1/models": models("m", "old")})
    async with scripted(steps) as server:
        first = await check(console, server, "--level", "2", "--json")
        steps.lists["/v1/models"] = models("m", "new")
        second = await check(console, server, "--level", "2", "--json")
        third = await check(console, server, "--level", "2")
    assert stat.S_IMODE(state_file(console).stat().st_mode) == 0o600
    assert (first.document["catalogue"]["is_first"], first.document["catalogue"]["changes"]) == (True, [])
    changed = second.document["catalogue"]
    assert not changed["is_first"]
    assert [(each["kind"], each["model"]) for each in changed["changes"]] == [("new", "new"), ("gone", "old")]
    assert "nothing changed since the last check" in third.stderr


async def test_a_state_directory_that_cannot_be_used_costs_only_the_memory(console: Console) -> None:
    in_the_way = console.home / "not-a-directory"
    in_the_way.write_text("")
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        result = await console.run(
            "check", "--config", path, "--level", "2", "--json", GW=TOKEN, XDG_STATE_HOME=str(in_the_way)
        )
    assert result.code == 0
    assert result.document["catalogue"]["models"] == 1
    assert "catalogue changes are unknown" in result.stderr
    assert "Traceback" not in result.stderr


async def test_a_state_directory_that_is_open_to_others_is_said_with_its_remedy(console: Console) -> None:
    state_file(console).parent.mkdir(parents=True, mode=0o755)
    state_file(console).parent.chmod(0o755)
    async with scripted() as server:
        result = await check(console, server, "--level", "2")
    assert result.code == 0
    assert "chmod 700" in result.stderr


async def test_escapes_in_a_catalogue_never_reach_the_terminal(console: Console) -> None:
    hostile = models("m", "evil\x1b[2J", "\u202eevil", "m\nevil")
    async with scripted(Steps(lists={"/v1/models": hostile})) as server:
        told = await check(console, server, "--level", "2")
        document = await check(console, server, "--level", "2", "--json")
    for result in (told, document):
        assert not {"\x1b", "\u202e"} & set(result.stdout + result.stderr)


async def test_the_token_is_nowhere_in_the_output(console: Console) -> None:
    echo = whole(401, {"error": {"message": f"bad key {TOKEN}", "code": TOKEN}}, f"x-request-id: {TOKEN}")
    async with raw_server(answer_with(echo)) as server:
        told = await check(console, server, "--level", "5")
        document = await check(console, server, "--level", "5", "--json")
    assert TOKEN not in told.stdout + told.stderr + document.stdout + document.stderr


# --- Repeating -------------------------------------------------------------------------------------------------------


async def test_a_smoke_test_is_repeated_one_after_another(console: Console) -> None:
    async with raw_server(answer_with(good_stream(R))) as server:
        path = console.config_for(server.base_url)
        result = await console.run("smoke", "--config", path, "--repeat", "3", "--json")
    assert (result.code, len(result.document["results"]), len(server.requests)) == (0, 3, 3)


async def test_repeating_ends_for_a_route_with_an_account_error(console: Console) -> None:
    refused = whole(401, {"error": {"message": "bad key", "code": "invalid_api_key"}})

    async with raw_server(answer_with(refused)) as server:
        path = console.config_for(server.base_url)
        result = await console.run("smoke", "--config", path, "--repeat", "5", "--json")
    assert (result.code, len(server.requests), len(result.document["results"])) == (5, 1, 1)


@pytest.mark.parametrize("shape", ["text", "role"])
async def test_a_smoke_test_s_shape_is_in_its_document(console: Console, shape: str) -> None:
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway=KEYED)
        result = await console.run("smoke", "--config", path, "--shape", shape, "--json", GW=TOKEN)
    (writer,) = result.document["results"]
    assert (result.code, writer["shape"], writer["served_as"]) == (0, shape, "itself")


async def test_a_swap_is_in_the_document_and_does_not_fail(console: Console) -> None:
    async with raw_server(answer_with(good_stream(R, model="other-model"))) as server:
        result = await console.run("smoke", "--config", console.config_for(server.base_url), "--json")
    (writer,) = result.document["results"]
    assert (result.code, writer["served_as"], writer["model_reported"]) == (0, "swapped", "other-model")
    assert (writer["model_answered"], writer["model_behind"]) == ("other-model", None)
    told = [(each["id"], each["severity"]) for each in writer["findings"] if each["severity"] != "info"]
    assert told == [("COM-B-01", "warn")]


@pytest.mark.parametrize("verb", [("smoke",), ("check", "--level", "4")])
async def test_a_swap_is_told_with_the_model_and_the_line_of_the_config(
    console: Console, verb: tuple[str, ...]
) -> None:
    async with raw_server(answer_with(good_stream(R, model="other-model"))) as server:
        result = await console.run(*verb, "--config", console.config_for(server.base_url))
    told = [line for line in result.stdout.splitlines() if "COM-B-01" in line]
    assert told
    assert all("it is other-model" in line and 'served_as = ["other-model"]' in line for line in told)


@pytest.mark.parametrize("arguments", [("--repeat", "0"), ("--repeat", "501"), ("--repeat", "x"), ("--shape", "round")])
async def test_other_words_are_a_usage_error(console: Console, arguments: tuple[str, ...]) -> None:
    assert (await console.run("smoke", *arguments)).code == 2


# --- Interrupted -----------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def stuck_at(step: str) -> AsyncIterator[tuple[RawServer, asyncio.Event]]:
    """Serve a gateway that stays silent from a step on; the event is set when it got there."""
    steps, there = Steps(), asyncio.Event()

    async def script(peer: Peer, request: Request) -> None:
        if step == "connection" or request.method == "POST":
            there.set()
            await stay_silent(peer, request)
        else:
            await peer.send(steps.answer(request))

    async with raw_server(script) as server:
        yield server, there


@pytest.mark.parametrize("step", ["connection", "key"])
async def test_ctrl_c_ends_a_check_with_130(console: Console, step: str) -> None:
    async with stuck_at(step) as (server, there):
        path = console.config_for(server.base_url, gateway=KEYED)
        async with console.start("check", "--config", path, "--level", "5", GW=TOKEN) as child:
            await there.wait()
            child.send_signal(signal.SIGINT)
            result = await ended(child)
    assert result.code == 130
    assert "interrupted" in result.stderr
    assert "Traceback" not in result.stderr
    assert "may be billed" not in result.stderr


async def test_ctrl_c_within_a_paid_call_says_what_may_be_billed(console: Console) -> None:
    """One route's stream never ends; that the other one has gone on to rung 5 shows that the first was sent."""
    steps, is_open = Steps(), asyncio.Event()

    async def script(peer: Peer, request: Request) -> None:
        if b'"stream":true' not in request.body:
            await peer.send(steps.answer(request))
        elif not is_open.is_set():
            is_open.set()
            await peer.send(head(200))
            await stay_silent(peer, request)
        elif b"Reply with OK." in request.body:
            await peer.send(steps.answer(request))
        else:
            await stay_silent(peer, request)

    async with raw_server(script) as server:
        path = console.config_for(server.base_url, gateway=KEYED, roles=("planner", "writer"))
        async with console.start("check", "--config", path, "--level", "5", GW=TOKEN) as child:
            assert child.stderr is not None
            while b"rung 5, at most" not in await child.stderr.readline():
                pass
            child.send_signal(signal.SIGINT)
            result = await ended(child)
    assert result.code == 130
    assert re.search(r"stopped: .*(planner|writer).* had been sent, may be billed", result.stderr)
    assert "Traceback" not in result.stderr

"""The command line with a gateway: the embedded one, raw ones on loopback, and none at all."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console, Ended, ended, pipe_without_reader
from support.config import config_table, write_config
from support.gateway.certificates import make_certificate
from support.gateway.servers import (
    Peer,
    Request,
    Script,
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
from support.tokens.secret_service import SecretService

from console.domain.routes.family import EndpointFamily

R = EndpointFamily.RESPONSES
ROLES = ["planner", "writer", "revision", "reviewer", "critic", "fallback"]
TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
RESULT_NAMES = {
    "role", "model", "model_reported", "model_answered", "model_behind",
    "endpoint_family", "endpoint_path", "status", "category", "blame",
    "retryable", "retry_after_s", "confidence", "other_readings", "rule", "evidence", "action",
    "http_status", "requests_sent", "ttft_ms", "total_ms", "input_tokens", "output_tokens", "finish", "request_id",
    "findings",
}  # fmt: skip


Runs = dict[tuple[str, ...], Ended]


def results_in(ended: Ended) -> dict[str, dict[str, Any]]:
    return {result["role"]: result for result in ended.document["results"]}


# --- The embedded gateway --------------------------------------------------------------------------------------------


SMOKE = ("smoke", "--json")
FAULTS = ("--profile", "faults", "smoke", "--json")
FAULTS_TOLD = ("--profile", "faults", "smoke", "--role", "fallback", "--role", "revision")
DRIFT = ("--profile", "faults", "smoke", "--role", "reviewer", "--json")
DEMO = ("demo",)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Run the commands on the embedded gateway, each once for the tests that read its output."""
    console = Console(tmp_path_factory.mktemp("home"))
    return asyncio.run(console.run_all([SMOKE, FAULTS, FAULTS_TOLD, DRIFT, DEMO]))


def test_smoke_of_the_demo_profile_passes_on_all_routes_with_times_and_usage(runs: Runs) -> None:
    ended = runs[SMOKE]
    document = ended.document
    assert ended.code == 0
    assert document["schema"] == "gateway-console/smoke/v1"
    assert [result["role"] for result in document["results"]] == ROLES
    assert document["console"]["loop_lag_p99_ms"] >= 0
    for result in document["results"]:
        assert set(result) >= RESULT_NAMES
        assert (result["status"], result["category"], result["findings"]) == ("passed", None, [])
        assert (result["http_status"], result["requests_sent"]) == (200, 1)
        assert result["model_reported"] == result["model"]
        assert 0 <= result["first_byte_ms"] <= result["ttft_ms"] <= result["total_ms"]
        assert result["input_tokens"] > 0
        assert result["output_tokens"] > 0
        assert result["request_id"].startswith("req_sim_")


EXPECTED_FAULTS = {
    "planner": ("failed", "contract_violation", 1),
    "writer": ("passed", None, 1),
    "revision": ("failed", "contract_violation", 1),
    "reviewer": ("blocked", "endpoint_drift", 0),
    "critic": ("passed", None, 1),
    "fallback": ("blocked", "account_pricing", 1),
}


def test_smoke_of_the_faults_profile_says_what_is_wrong_with_each_route(runs: Runs) -> None:
    ended = runs[FAULTS]
    results = results_in(ended)
    seen = {role: (each["status"], each["category"], each["requests_sent"]) for role, each in results.items()}
    assert ended.code == 5
    assert seen == EXPECTED_FAULTS
    assert "RSP-STREAM-08" in [finding["id"] for finding in results["planner"]["findings"]]
    assert "COM-T-03" in [finding["id"] for finding in results["revision"]["findings"]]
    assert (results["fallback"]["blame"], results["fallback"]["http_status"]) == ("account", 500)
    assert (results["fallback"]["retryable"], results["fallback"]["confidence"]) == (False, "certain")
    assert "the gateway said" not in ended.stdout + ended.stderr


def test_smoke_tells_a_person_the_category_the_reason_and_the_next_step(runs: Runs) -> None:
    ended = runs[FAULTS_TOLD]
    assert ended.code == 5
    assert "! account" in ended.stdout
    assert "account_pricing: the error says that the model has no price or is not enabled" in ended.stdout
    assert "× failed" in ended.stdout
    assert "COM-T-03" in ended.stdout
    assert (
        "Not retried: account_pricing stops before generation and is never answered by another family." in ended.stdout
    )
    assert 'the gateway said, not stored: "' in ended.stderr
    assert "the gateway said" not in ended.stdout
    assert "0 of 2 passed" in ended.stderr


def test_smoke_of_a_route_with_drift_sends_nothing_and_is_exit_code_6(runs: Runs) -> None:
    ended = runs[DRIFT]
    assert ended.code == 6
    assert results_in(ended)["reviewer"]["requests_sent"] == 0
    assert results_in(ended)["reviewer"]["total_ms"] is None


def test_demo_without_a_terminal_checks_and_smokes_all_six_routes(runs: Runs) -> None:
    ended = runs[DEMO]
    assert ended.code == 0
    table, smoked, *_ = ended.stdout.split("\n\n")
    _, *rows, sums = table.splitlines()
    assert [line.split()[0] for line in rows] == ROLES
    assert sums == "6 routes: 6 offline"
    assert sorted(line.split()[2] for line in smoked.splitlines()) == sorted(ROLES)
    assert all(re.match(r"✓ ok .* ttft +\d+ ms .* out ", line) for line in smoked.splitlines())
    assert "no account, no cost" in ended.stderr


def test_demo_takes_the_prepared_tasks_through_the_gates_in_four_ways(runs: Runs) -> None:
    lines = [
        line for line in runs[DEMO].stdout.splitlines() if line.startswith(("total ", "readme ", "release ", "art"))
    ]
    passed, revised, blocked, stopped = (
        "\n".join(line for line in lines if line.startswith(name)) for name in ("total", "readme", "release", "article")
    )
    assert "closed at candidate; 4 call(s) made" in passed
    assert passed.count("ready by the machine's verdict") == 7
    assert "reviewer: revise by the machine's verdict" in revised
    assert "closed at candidate; 6 call(s) made" in revised
    assert "critic: × block, computed here" in blocked
    assert "blocked at critic; 4 call(s) made" in blocked
    assert "stopped: preflight (account_pricing)" in stopped
    assert "stopped at preflight; 0 call(s) made" in stopped


async def test_the_demos_records_stay_apart_from_the_operators_own_until_they_are_removed(console: Console) -> None:
    ended = await console.run("demo", "--json")
    assert (ended.code, ended.document["schema"]) == (0, "gateway-console/demo/v1")
    records = ended.document["runs"]
    assert [record["status"] for record in records] == ["closed", "closed", "blocked", "stopped"]
    assert [record["review_status"] for record in records] == ["ready", "ready", "block", None]
    assert not any(record["secrets_in_prompt"] for record in records)
    assert (await console.run("run", "list", "--json")).document["runs"] == []
    run_ids = [record["run_id"] for record in records]
    verified = await console.run("record", "verify", *run_ids, "--json")
    assert (verified.code, [each["holds"] for each in verified.document["records"]]) == (0, [True] * 4)
    assert (await console.run("run", "show", run_ids[0], "--json")).document["run_id"] == run_ids[0]
    assert (await console.run("demo", "--remove", "--read-only")).code == 11
    assert (await console.run("demo", "--remove")).code == 0
    assert (await console.run("run", "show", run_ids[0])).code == 1
    assert not (console.home / ".local/state/gateway-console/demo").exists()


async def test_demo_read_only_sends_nothing(console: Console) -> None:
    ended = await console.run("demo", "--read-only")
    assert ended.code == 0
    assert "planner" in ended.stdout
    assert "✓ ok    planner" not in ended.stdout


async def test_demo_names_the_next_command_only_where_it_reaches_the_demo(console: Console) -> None:
    told = await console.run("demo", "--profile", "faults")
    assert "    next: gateway-console check --profile faults --level 5 --role writer --role critic" in told.stdout
    own = console.home / ".config" / "gateway-console" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("")
    told = await console.run("demo", "--profile", "faults")
    assert "untested: writer, critic; " in told.stdout
    assert "next: gateway-console check" not in told.stdout


async def test_demo_does_not_use_the_users_own_config(console: Console) -> None:
    default = console.home / ".config" / "gateway-console" / "config.toml"
    default.parent.mkdir(parents=True)
    default.write_text("this is not toml")
    assert (await console.run("demo", "--read-only")).code == 0


async def test_a_run_leaves_no_resource_open(console: Console) -> None:
    ended = await console.run_process("smoke", "--role", "writer", "--json", python=("-X", "dev", "-W", "error"))
    assert ended.code == 0
    assert "Warning" not in ended.stderr


# --- simulate --------------------------------------------------------------------------------------------------------


async def test_simulate_announces_itself_and_takes_calls_under_its_token(console: Console) -> None:
    async with console.start("simulate") as child:
        assert child.stdout is not None
        line = json.loads(await child.stdout.readline())
        assert line["schema"] == "gateway-console/simulate/v1"
        token_ref = 'token_ref = ["env:SIM"]'
        path = console.config_for(line["base_url"], gateway=token_ref, model="m-placeholder")
        passed = await console.run("smoke", "--config", path, "--json", SIM=line["token"])
        refused = await console.run("smoke", "--config", path, "--json", SIM=TOKEN)
        child.send_signal(signal.SIGTERM)
        rest = await ended(child)
    assert (passed.code, results_in(passed)["writer"]["status"]) == (0, "passed")
    assert (refused.code, results_in(refused)["writer"]["category"]) == (5, "account_auth")
    assert (rest.code, rest.stdout, rest.stderr) == (0, "", "")
    assert line["token"] not in passed.stdout + passed.stderr


async def test_a_port_in_use_is_a_usage_error(console: Console) -> None:
    async with raw_server(stay_silent) as server:
        result = await console.run_process("simulate", "--port", server.base_url.rpartition(":")[2])
    assert result.code == 2
    assert "cannot listen on port" in result.complaint


# --- Other gateways --------------------------------------------------------------------------------------------------


async def test_a_gateway_that_is_not_there_is_exit_code_10(console: Console) -> None:
    with unused_port() as holder:
        path = console.config_for(f"http://127.0.0.1:{holder.getsockname()[1]}")
        result = await console.run("smoke", "--config", path, "--json")
    assert result.code == 10
    writer = results_in(result)["writer"]
    assert (writer["status"], writer["category"], writer["requests_sent"]) == ("failed", "upstream_unavailable", 0)
    assert "refused the connection" in writer["evidence"]


async def test_a_host_name_that_is_not_known_is_exit_code_10(console: Console) -> None:
    path = console.config_for("https://nonexistent.invalid")
    result = await console.run("smoke", "--config", path)
    assert result.code == 10
    assert "the host name nonexistent.invalid is not known" in result.stdout
    assert "Traceback" not in result.stderr


PAGE = whole(200, b"<!doctype html><html></html>", content_type="text/html")
ANSWERS = {
    "web_page": (answer_with(PAGE), 1, "failed", "contract_violation"),
    "cut_stream": (answer_with(streamed(*opening(R), content(R, "O"))), 1, "failed", "contract_violation"),
    "wrong_token": (
        answer_with(whole(401, {"error": {"code": "invalid_api_key"}})),
        5,
        "blocked",
        "account_auth",
    ),
    "down": (answer_with(whole(503, b"", content_type="text/plain")), 10, "failed", "upstream_unavailable"),
    "redirect": (answer_with(whole(302, b"", "location: http://127.0.0.2/")), 11, "blocked", "origin_refused"),
    "drift": (
        answer_with(whole(404, {"error": {"message": "This model is only supported in v1/chat/completions"}})),
        6,
        "blocked",
        "endpoint_drift",
    ),
}


async def test_an_answer_has_its_exit_code_and_was_asked_for_once(console: Console) -> None:
    async def seen(name: str, script: Script) -> tuple[int, str, str]:
        async with raw_server(script) as server:
            path = console.config_for(server.base_url, name=f"{name}.toml")
            result = await console.run("smoke", "--config", path, "--json")
        writer = results_in(result)["writer"]
        assert len(server.requests) == writer["requests_sent"] == 1
        assert "Traceback" not in result.stderr
        return result.code, writer["status"], writer["category"]

    answers = await asyncio.gather(*(seen(name, script) for name, (script, *_) in ANSWERS.items()))
    assert dict(zip(ANSWERS, answers, strict=True)) == {name: tuple(row[1:]) for name, row in ANSWERS.items()}


async def test_a_slow_gateway_is_a_timeout_and_exit_code_10(console: Console) -> None:
    async with raw_server(stay_silent) as server:
        path = console.config_for(server.base_url, gateway="deadline_s = 0.3")
        result = await console.run("smoke", "--config", path, "--json")
    assert (result.code, results_in(result)["writer"]["category"]) == (10, "timeout")


async def test_escapes_of_a_gateway_never_reach_the_terminal(console: Console) -> None:
    hostile = "\x1b]0;owned\x07\u202e"
    async with raw_server(answer_with(good_stream(R, hostile, model=hostile))) as server:
        command = ("smoke", "--config", console.config_for(server.base_url))
        told, document = await asyncio.gather(console.run(*command), console.run(*command, "--json"))
    for result in (told, document):
        assert not {"\x1b", "\x07", "\u202e"} & set(result.stdout + result.stderr)


async def test_the_token_is_in_the_header_and_nowhere_in_the_output(console: Console) -> None:
    echo = whole(
        401, {"error": {"message": f"bad key {TOKEN}", "code": TOKEN, "type": TOKEN}}, f"x-request-id: {TOKEN}"
    )
    async with raw_server(answer_with(echo)) as server:
        command = ("smoke", "--config", console.config_for(server.base_url, gateway='token_ref = ["env:GW"]'))
        told, document = await asyncio.gather(
            console.run(*command, GW=TOKEN), console.run(*command, "--json", GW=TOKEN)
        )
    assert [request.header("authorization") for request in server.requests] == [f"Bearer {TOKEN}"] * 2
    assert TOKEN not in told.stdout + told.stderr + document.stdout + document.stderr


async def test_a_gateway_without_a_token_is_said_so(console: Console) -> None:
    async with raw_server(answer_with(good_stream(R))) as server:
        result = await console.run("smoke", "--config", console.config_for(server.base_url))
    assert "calls carry no token" in result.stderr


async def test_a_certificate_is_refused_by_default_and_trusted_with_its_ca_file(
    console: Console, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    async with raw_server(answer_with(good_stream(R)), tls=certificate.server) as server:
        refused = await console.run("smoke", "--config", console.config_for(server.base_url), "--json")
        path = console.config_for(server.base_url, gateway=f'ca_file = "{certificate.path}"')
        trusted = await console.run_process("smoke", "--config", path, "--json", python=("-X", "dev"))
    assert (refused.code, results_in(refused)["writer"]["requests_sent"]) == (10, 0)
    assert (trusted.code, results_in(trusted)["writer"]["status"]) == (0, "passed")
    assert "ResourceWarning" not in trusted.stderr


async def test_a_ca_file_that_holds_no_certificate_is_exit_code_3(console: Console) -> None:
    path = console.config_for("https://gw.example", gateway='ca_file = "missing.pem"')
    result = await console.run("smoke", "--config", path)
    assert result.code == 3
    assert "ca_file of profile p cannot be read" in result.complaint


async def test_more_calls_at_once_can_be_asked_for_than_the_config_says(console: Console) -> None:
    all_there = asyncio.Event()

    async def answer_when_all_are_there(peer: Peer, _: Request) -> None:
        if len(server.requests) == len(ROLES):
            all_there.set()
        await all_there.wait()
        await peer.send(good_stream(R))

    async with raw_server(answer_when_all_are_there) as server:
        path = console.config_for(server.base_url, gateway="concurrency = 2\ndeadline_s = 4.0", roles=tuple(ROLES))
        result = await console.run("smoke", "--config", path, "--json", "--concurrency", "6")
    assert {role: each["status"] for role, each in results_in(result).items()} == dict.fromkeys(ROLES, "passed")


# --- Tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("references", "environment", "words"),
    [
        ('["env:GW"]', {}, "no token under env:GW. Set it for this shell with: read -rs GW && export GW"),
        ('["env:GW"]', {"GW": "two words"}, "env:GW: the value of GW cannot be a token"),
        ('["keyring://s/n"]', {}, "keyring://s/n: there is no session bus here"),
    ],
)
async def test_without_a_token_nothing_is_sent_and_the_exit_code_is_4(
    console: Console, references: str, environment: dict[str, str], words: str
) -> None:
    async with raw_server(answer_with(good_stream(R))) as server:
        path = console.config_for(server.base_url, gateway=f"token_ref = {references}")
        result = await console.run("smoke", "--config", path, "--json", **environment)
    assert result.code == 4
    assert words in result.complaint
    assert "two words" not in result.complaint
    assert server.connections == 0


@pytest.mark.referee
async def test_a_token_of_the_real_keyring_is_used_and_a_locked_keyring_is_exit_code_4(
    console: Console, secret_service: SecretService
) -> None:
    secret_service.store("gateway-console", "acme", TOKEN)
    bus = {"DBUS_SESSION_BUS_ADDRESS": secret_service.bus_address}
    async with raw_server(answer_with(good_stream(R))) as server:
        path = console.config_for(server.base_url, gateway='token_ref = ["keyring://gateway-console/acme"]')
        found = await console.run("smoke", "--config", path, "--json", **bus)
        secret_service.lock()
        locked = await console.run("smoke", "--config", path, "--json", **bus)
    assert (found.code, locked.code) == (0, 4)
    assert "not bound to an origin: another tool stored it" in found.stderr
    assert [request.header("authorization") for request in server.requests] == [f"Bearer {TOKEN}"]
    assert "the keyring is locked. Unlock it" in locked.complaint


async def test_a_base_url_of_the_environment_that_is_not_set_is_exit_code_3(console: Console) -> None:
    path = write_config(console.home / "config.toml", config_table({"base_url_ref": "env:GW_URL"}))
    result = await console.run("smoke", "--config", path)
    assert result.code == 3
    assert "GW_URL is not set; base_url_ref of profile p names it" in result.complaint


# --- Interrupted -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def silent() -> AsyncIterator[Any]:
    async def begin_and_wait(peer: Peer, request: Request) -> None:
        await peer.send(head(200))
        await stay_silent(peer, request)

    async with raw_server(begin_and_wait) as server:
        yield server


async def test_ctrl_c_ends_a_smoke_at_once_with_130_and_closes_its_connection(console: Console, silent: Any) -> None:
    async with console.start("smoke", "--config", console.config_for(silent.base_url)) as child:
        await silent.came.wait()
        child.send_signal(signal.SIGINT)
        result = await ended(child)
    await silent.peers[0].has_left.wait()
    assert result.code == 130
    assert "interrupted" in result.stderr
    assert "been sent, may be billed" in result.stderr
    assert "Traceback" not in result.stderr


async def test_sigterm_ends_a_smoke_as_a_shell_expects_it(console: Console, silent: Any) -> None:
    async with console.start("smoke", "--config", console.config_for(silent.base_url)) as child:
        await silent.came.wait()
        child.send_signal(signal.SIGTERM)
        result = await ended(child)
    assert result.code in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert "Traceback" not in result.stderr


async def test_a_reader_that_leaves_in_mid_smoke_sees_no_traceback(console: Console) -> None:
    with pipe_without_reader() as pipe:
        async with (
            raw_server(answer_with(good_stream(R))) as server,
            console.start("smoke", "--config", console.config_for(server.base_url), stdout=pipe) as child,
        ):
            result = await ended(child)
    assert result.code == 1
    assert "Traceback" not in result.stderr
    assert "BrokenPipeError" not in result.stderr

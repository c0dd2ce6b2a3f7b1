"""The command line without a gateway: words, options, exit codes, and stdout that is data only."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.cli.console_process import Console, ended, pipe_without_reader
from support.config import config_table, write_config

from console import __version__
from console.cli.main import SHORTEST_SECRET
from console.domain.probes.standing import Standing
from console.domain.text.secret_scan import secret_patterns

ROLES = ["planner", "writer", "revision", "reviewer", "critic", "fallback"]
ALL_CLOSED = "<&- >&- 2>&-"
TOKEN = "".join(["s", "k-", "q7Wd9sKp2LmX8vTz4RnB6yHc"])


async def test_the_version_is_one_line(console: Console) -> None:
    result = await console.run("--version")
    assert (result.code, result.stdout, result.stderr) == (0, f"gateway-console {__version__}\n", "")


async def test_the_version_is_the_same_with_other_options_beside_it(console: Console) -> None:
    result = await console.run("--json", "--version")
    assert (result.code, result.stdout) == (0, f"gateway-console {__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
async def test_the_help_names_every_verb_and_every_common_option(console: Console, arguments: list[str]) -> None:
    result = await console.run(*arguments)
    assert (result.code, result.stderr) == (0, "")
    verbs = ("demo", "routes", "smoke", "verify", "simulate")
    shown = " ".join(result.stdout.split())
    for word in (*verbs, "--config", "--profile", "--json", "--read-only", "Exit codes"):
        assert word in shown


@pytest.mark.parametrize("columns", ["80", "120", "200"])
async def test_the_help_breaks_no_path_at_a_hyphen(console: Console, columns: str) -> None:
    result = await console.run("--help", COLUMNS=columns)
    assert not [line for line in result.stdout.splitlines() if line.endswith("-")]


@pytest.mark.parametrize("verb", ["demo", "routes", "smoke", "verify", "simulate"])
async def test_every_verb_has_its_own_help(console: Console, verb: str) -> None:
    result = await console.run(verb, "--help")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"usage: gateway-console {verb}")


# --- routes ----------------------------------------------------------------------------------------------------------


async def test_routes_shows_the_sample_as_a_table_and_says_that_it_is_built_in(console: Console) -> None:
    result = await console.run("routes")
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["route", "model", "family", "path", "required", "verdict", "note"]
    assert [row.split()[0] for row in rows[:6]] == ROLES
    assert rows[4].split()[:4] == ["critic", "claude-critic-route-placeholder", "anthropic_messages", "/v1/messages"]
    assert (
        result.stderr
        == "no config file: using the built-in profile demo on the embedded gateway. For yours: gateway-console init\n"
    )
    assert result.code == 0


async def test_routes_aligns_its_columns(console: Console) -> None:
    head, *rows = (await console.run("routes")).stdout.splitlines()[:7]
    starts = [match.start() for match in re.finditer(r"\S+", head)]
    for row in rows:
        assert all(row[start] != " " and row[start - 1] == " " for start in starts[1:])


async def test_the_routes_document_has_its_promised_names(console: Console) -> None:
    result = await console.run("routes", "--json")
    document = result.document
    assert document["schema"] == "gateway-console/routes/v1"
    assert [route["role"] for route in document["routes"]] == ROLES
    for route in document["routes"]:
        assert set(route) >= {
            "role", "route", "model", "endpoint_family", "endpoint_path", "required_family", "verdict", "rung_reached",
            "findings",
        }  # fmt: skip
        assert route["verdict"] in [standing.value for standing in Standing]
        assert route["rung_reached"] == 0
    critic = document["routes"][4]
    assert (critic["verdict"], critic["untested"], critic["required_family"]) == ("offline", 5, "anthropic_messages")


async def test_the_routes_of_the_faults_profile_show_drift_and_a_collapsed_role(console: Console) -> None:
    result = await console.run("--profile", "faults", "routes", "--json")
    routes = {route["role"]: route for route in result.document["routes"]}
    assert result.code == 6
    assert (routes["reviewer"]["verdict"], routes["reviewer"]["required_family"]) == ("drift", "responses")
    (finding,) = [each for each in routes["reviewer"]["findings"] if each["severity"] == "fail"]
    assert set(finding) == {"id", "severity", "subject", "message", "evidence", "source_url", "checked_on"}
    assert finding["source_url"].startswith("https://")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", finding["checked_on"])
    assert "ROLE-01" in [each["id"] for each in routes["critic"]["findings"]]


async def test_a_drift_is_told_to_a_person_too(console: Console) -> None:
    result = await console.run("--profile", "faults", "routes")
    assert "× drift" in result.stdout
    assert "the route is wrong, not the model" in result.stdout
    assert result.code == 6


# --- Options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--profile", "faults", "routes"],
        ["routes", "--json", "--profile", "faults"],
        ["--json", "routes", "--profile", "faults"],
        ["--profile=faults", "routes", "--json"],
        ["--profile", "demo", "routes", "--profile", "faults", "--json"],
    ],
)
async def test_common_options_are_taken_before_and_after_the_verb(console: Console, arguments: list[str]) -> None:
    assert (await console.run(*arguments)).document["profile"] == "faults"


async def test_a_config_is_taken_before_and_after_the_verb(console: Console) -> None:
    path = console.config_for("https://gw.example")
    for arguments in (["--config", path, "routes"], ["routes", "--config", path]):
        result = await console.run(*arguments, "--json")
        assert (result.document["profile"], result.document["config"]) == ("p", str(path))
        assert result.stderr == ""


async def test_the_config_at_the_default_path_is_used_unless_another_is_named(console: Console) -> None:
    gateway = {"base_url": "https://gw.example"}
    default = write_config(console.home / ".config" / "gateway-console" / "config.toml", config_table(gateway))
    assert (await console.run("routes", "--json")).document["config"] == str(default)
    other = write_config(console.home / "config.toml", config_table(gateway, profile="other"))
    assert (await console.run("routes", "--json", "--config", other)).document["profile"] == "other"
    elsewhere = await console.run("routes", "--json", XDG_CONFIG_HOME=str(console.home / "empty"))
    assert elsewhere.document["profile"] == "demo"


UNFIT = {
    ("rooutes",): "rooutes",
    ("--bogus",): "unknown option --bogus",
    ("routes", "--bogus"): "unknown option --bogus",
    ("routes", "--bogus=value"): "unknown option --bogus",
    ("routes", "extra"): "extra argument",
    ("--prof", "demo", "routes"): "unknown option --prof",
    ("--config",): "--config",
    ("smoke", "--role", "boss"): "--role",
    ("smoke", "--concurrency", "0"): "--concurrency",
    ("smoke", "--concurrency", "501"): "--concurrency",
    ("smoke", "--concurrency", "many"): "--concurrency",
    ("smoke", "--concurrency", "²"): "--concurrency",
    ("simulate", "--port", "65536"): "--port",
    ("simulate", "--port", "-1"): "--port",
}


async def test_words_that_do_not_fit_are_a_usage_error_in_one_line(console: Console) -> None:
    for arguments, result in (await console.run_all(UNFIT)).items():
        assert result.code == 2, arguments
        assert UNFIT[arguments] in result.complaint
        assert "--help" in result.complaint


async def test_a_word_with_control_characters_cannot_reach_the_terminal(console: Console) -> None:
    result = await console.run("\x1b]0;owned\x07")
    assert result.code == 2
    assert "\x1b" not in result.complaint


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--read-only"], ["--profile", "faults"]])
async def test_without_a_terminal_and_a_verb_it_fails_closed_and_names_what_to_do(
    console: Console, arguments: list[str]
) -> None:
    result = await console.run(*arguments, TERM="xterm-256color")
    assert result.code == 2
    assert "needs a terminal" in result.complaint
    assert "gateway-console routes" in result.complaint


async def test_a_token_on_the_command_line_is_refused_and_not_repeated(console: Console) -> None:
    commands = [
        ("--profile", TOKEN, "routes"),
        ("routes", "--config", f"/home/x/{TOKEN}"),
        ("smoke", "--token", TOKEN),
        ("smoke", f"--token={TOKEN}"),
        (TOKEN,),
        ("--version", TOKEN),
    ]
    pieces = {TOKEN[start : start + 8] for start in range(len(TOKEN) - 7)}
    for arguments, result in (await console.run_all(commands)).items():
        assert result.code == 11, arguments
        assert "Never pass a token as an argument" in result.complaint
        assert not [piece for piece in pieces if piece in result.stderr]


def test_no_form_of_a_secret_is_shorter_than_the_arguments_that_are_examined() -> None:
    widths = {each.pattern_id: re._parser.parse(each.expression.pattern).getwidth()[0] for each in secret_patterns()}
    assert min(widths.values()) >= SHORTEST_SECRET, widths


async def test_read_only_refuses_a_smoke_test_and_names_what_to_do(console: Console) -> None:
    for arguments in (["--read-only", "smoke"], ["smoke", "--read-only", "--json"]):
        result = await console.run(*arguments)
        assert result.code == 11
        assert "nothing was sent" in result.complaint
        assert "routes" in result.complaint


# --- Configs that cannot be used -------------------------------------------------------------------------------------

ROUTE = '[profiles.p.routes.writer]\nmodel = "m"\nendpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'
GOOD = f'schema = 1\ndefault_profile = "p"\n[profiles.p.gateway]\nbase_url = "https://gw.example"\n{ROUTE}'
BAD_CONFIGS = {
    "broken_toml": (GOOD.replace("schema = 1", "schema = "), "line 1: is not valid TOML"),
    "unknown_key": (GOOD.replace("base_url", "base_ulr"), "line 4: profiles.p.gateway.base_ulr: unknown key"),
    "unknown_family": (GOOD.replace('"responses"', '"response"'), "unknown endpoint family; did you mean responses?"),
    "no_slash": (GOOD.replace('"/v1', '"v1'), "endpoint_path: must begin with /"),
    "doubled_v1": (GOOD.replace("gw.example", "gw.example/v1"), "remove /v1 from base_url"),
    "token": (GOOD.replace('"m"', f'"{TOKEN}"'), "profiles.p.routes.writer.model: the value looks like an API key"),
    "wrong_type": (GOOD.replace("schema = 1", "schema = []"), "line 1: schema"),
    "binary": ("\0\1\2", "is not valid TOML"),
    "too_large": ("#\n" * 8_400_000, "is larger than 16 MB"),
    "deep": (GOOD + "x = " + "[\n" * 400 + "]\n" * 400, "config.toml"),
}


@pytest.mark.parametrize(("text", "words"), BAD_CONFIGS.values(), ids=BAD_CONFIGS.keys())
async def test_a_bad_config_is_one_clear_line_and_exit_code_3(console: Console, text: str, words: str) -> None:
    result = await console.run("routes", "--json", "--config", console.write_config(text))
    assert result.code == 3
    assert words in result.complaint
    assert TOKEN not in result.stderr


@pytest.mark.parametrize("verb", [("routes",), ("routes", "--json"), ("smoke", "--json"), ("check",)], ids=" ".join)
async def test_all_faults_of_a_config_are_a_line_each(console: Console, verb: tuple[str, ...]) -> None:
    text = GOOD.replace("schema = 1", "schema = 2").replace('"/v1', '"v1') + 'colour = "red"\n'
    result = await console.run(*verb, "--config", console.write_config(text))
    assert (result.code, result.stdout) == (3, "")
    lines = result.stderr.splitlines()
    assert all(line.startswith("gateway-console: ") for line in lines)
    wanted = [
        "line 1: schema: ",
        "line 8: profiles.p.routes.writer.endpoint_path: ",
        "line 9: profiles.p.routes.writer.colour: ",
    ]
    assert [words in line for line, words in zip(lines, wanted, strict=True)] == [True] * 3


@pytest.mark.parametrize("lint", [("routes",), ("check", "--level", "0")])
async def test_a_role_that_a_run_will_need_is_told_with_the_tables_to_add(
    console: Console, lint: tuple[str, ...]
) -> None:
    config = console.write_config(GOOD)
    as_text = await console.run(*lint, "--config", config)
    assert as_text.code == 0
    told = [line for line in as_text.stdout.splitlines() if line.startswith("profile p  ~ warn  PRE-01: ")]
    assert len(told) == 1
    assert "no route for planner, reviewer and critic" in told[0]
    assert "[profiles.p.routes.planner], [profiles.p.routes.reviewer], [profiles.p.routes.critic]" in told[0]
    document = (await console.run(*lint, "--json", "--config", config)).document
    assert [(each["id"], each["subject"]) for each in document["findings"]] == [
        ("PRE-01", "profile p"), ("PRE-02", "profile p")
    ]  # fmt: skip


async def test_a_table_with_all_roles_is_told_nothing_of_them(console: Console) -> None:
    assert (await console.run("routes", "--json")).document["findings"] == []


async def test_a_base_url_of_the_environment_is_checked_offline_where_it_is_set(console: Console) -> None:
    text = GOOD.replace('base_url = "https://gw.example"', 'base_url_ref = "env:GW_URL"')
    config = console.write_config(text)
    unset = await console.run("routes", "--json", "--config", config)
    ids = [each["id"] for each in unset.document["routes"][0]["findings"]]
    assert (unset.code, "ROUTE-08" in ids) == (0, False)
    elsewhere = await console.run("routes", "--json", "--config", config, GW_URL="https://api.groq.com")
    (found,) = [each for each in elsewhere.document["routes"][0]["findings"] if each["id"] == "ROUTE-08"]
    assert 'endpoint_path = "/openai/v1/responses"' in found["message"]
    assert (found["severity"], found["source_url"]) == ("warn", "https://console.groq.com/docs/openai")
    doubled = await console.run("routes", "--config", config, GW_URL="https://gw.example/v4")
    assert doubled.code == 3
    assert "writer: the value of GW_URL ends in /v4 and endpoint_path begins with /v1" in doubled.complaint


TOKEN_PLACES = {
    "value of a known key": GOOD.replace('"m"', f'"{TOKEN}"'),
    "value of an unknown key": f'{GOOD}colour = "{TOKEN}"',
    "key": f'{GOOD}"{TOKEN}" = 1',
    "name of a profile": f'{GOOD}[profiles."{TOKEN}".gateway]\nbase_url = "sim:"',
    "default profile": GOOD.replace('"p"', f'"{TOKEN}"'),
    "reference": GOOD.replace("[profiles.p.routes", f'token_ref = ["{TOKEN}"]\n[profiles.p.routes'),
    "value of the wrong type": GOOD.replace("schema = 1", f'schema = "{TOKEN}"'),
    "broken line": f"{GOOD}{TOKEN}",
}


@pytest.mark.parametrize("place", TOKEN_PLACES)
@pytest.mark.parametrize("verb", [("routes",), ("routes", "--json"), ("smoke", "--json")], ids=" ".join)
async def test_a_token_in_a_config_is_shown_nowhere(console: Console, verb: tuple[str, ...], place: str) -> None:
    result = await console.run(*verb, "--config", console.write_config(TOKEN_PLACES[place]))
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith("gateway-console: ")
    pieces = {TOKEN[start : start + 6] for start in range(len(TOKEN) - 5)}
    assert {piece for piece in pieces if piece in result.stderr} == set()


async def test_a_bad_config_stops_a_smoke_test_as_well(console: Console) -> None:
    result = await console.run("smoke", "--json", "--config", console.write_config(BAD_CONFIGS["unknown_key"][0]))
    assert result.code == 3
    assert BAD_CONFIGS["unknown_key"][1] in result.complaint


async def test_a_missing_config_is_one_clear_line_and_exit_code_3(console: Console) -> None:
    result = await console.run("routes", "--config", "missing.toml")
    assert result.code == 3
    assert "missing.toml: no such file" in result.complaint


async def test_a_profile_or_role_that_is_not_there_is_named_with_what_is(console: Console) -> None:
    path = console.config_for("https://gw.example")
    no_profile = await console.run("routes", "--config", path, "--profile", "q")
    no_role = await console.run("smoke", "--config", path, "--role", "critic")
    no_demo = await console.run("demo", "--profile", "q")
    assert (no_profile.code, no_role.code, no_demo.code) == (3, 3, 3)
    assert 'unknown profile "q"; known here: p' in no_profile.complaint
    assert "it has writer" in no_role.complaint
    assert "known here: demo, faults" in no_demo.complaint


# --- stdout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [["routes"], ["routes", "--json"], ["--help"], ["--version"]],
)
async def test_a_reader_that_leaves_before_the_output_sees_no_traceback(console: Console, arguments: list[str]) -> None:
    with pipe_without_reader() as pipe:
        async with console.start(*arguments, stdout=pipe) as child:
            result = await ended(child)
    assert "Traceback" not in result.stderr
    assert "BrokenPipeError" not in result.stderr


@pytest.mark.parametrize("arguments", [["routes"], ["--profile", "faults", "routes"], ["routes", "--json"]])
async def test_a_terminal_that_is_not_utf8_is_no_crash(console: Console, arguments: list[str]) -> None:
    result = await console.run_process(
        *arguments, LANG="C", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"
    )
    assert result.code in (0, 6)
    assert result.stdout.isascii()
    assert "planner" in result.stdout


def run_to_end(console: Console, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, env=console.environment, cwd=console.home, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "code", "closed"),
    [("routes", 0, "<&-"), ("routes", 0, ">&-"), ("routes", 0, "2>&-"), ("routes", 0, ALL_CLOSED), ("", 2, ALL_CLOSED),
     ("--version", 0, ">&-"), ("--version", 0, ALL_CLOSED), ("routes --config missing", 3, "2>&-"),
     ("routes --config missing", 3, ALL_CLOSED)],
)  # fmt: skip
def test_a_standard_stream_that_is_closed_is_no_crash(console: Console, closed: str, arguments: str, code: int) -> None:
    result = run_to_end(console, "sh", "-c", f"exec {sys.executable} -m console {arguments} {closed}")
    assert "Traceback" not in result.stderr
    assert "internal error" not in result.stderr
    has_nowhere_to_write = ">&-" in closed.replace("2>&-", "") and code == 0
    assert result.returncode in ((0, 1) if has_nowhere_to_write else (code,))


def test_the_installed_command_is_the_same_program(console: Console) -> None:
    result = run_to_end(console, str(Path(sys.executable).with_name("gateway-console")), "--version")
    assert (result.returncode, result.stdout) == (0, f"gateway-console {__version__}\n")


@pytest.mark.parametrize("arguments", [("routes",), ("routes", "--json"), ("--help",)])
async def test_a_full_disk_is_told_in_one_line(console: Console, arguments: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        async with console.start(*arguments, stdout=full) as child:
            _, stderr = await child.communicate()
    finally:
        os.close(full)
    assert child.returncode == 1
    assert b"cannot write to stdout: the disk is full; free some space" in stderr
    assert b"internal error" not in stderr
    assert b"Traceback" not in stderr


async def test_the_help_of_a_verb_says_what_it_does(console: Console) -> None:
    assert "Set a profile up" in (await console.run("init", "--help")).stdout

"""`explain`: what a category means and what a refusal's body says, offline."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest
from support.cli.console_process import Console

from console.domain.errors.category import Category, guidance

QUOTA = (
    b'{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}'
)
RATE = b'{"error":{"message":"Please slow down","type":"rate_limit_error"}}'
FAILED = (Path(__file__).parents[2] / "data" / "responses_failed_echo.json").read_bytes()
KEY = "".join(["s", "k-", "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA"])
FOUND_NAMES = {
    "schema", "category", "blame", "retryable", "retry_after_s", "confidence", "other_readings", "rule", "evidence",
    "action",
}  # fmt: skip


# --- Categories ------------------------------------------------------------------------------------------------------


async def test_all_categories_are_listed(console: Console) -> None:
    result = await console.run("explain")
    assert result.code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(Category)
    assert "Next: gateway-console explain CATEGORY" in result.stderr


async def test_the_list_is_a_document_too(console: Console) -> None:
    result = await console.run("explain", "--json")
    assert (result.code, result.stderr) == (0, "")
    assert result.document["schema"] == "gateway-console/explain/v1"
    rows = result.document["categories"]
    assert [row["category"] for row in rows] == list(Category)
    for row in rows:
        assert set(row) == {"category", "blame", "means", "action", "ask", "stops_before_generation", "source"}
        assert row["stops_before_generation"] is Category(row["category"]).stops_before_generation


async def test_every_category_is_explained_to_a_person(console: Console) -> None:
    runs = await console.run_all([("explain", category.value) for category in Category])
    for (_, name), result in runs.items():
        about = guidance()[Category(name)]
        assert (result.code, result.stderr) == (0, "")
        assert result.stdout.splitlines()[0] == name
        for words in (about.means, about.action, about.ask, about.source, about.blame.value):
            assert words in result.stdout


async def test_a_category_is_a_document_too(console: Console) -> None:
    document = (await console.run("explain", "account_quota", "--json")).document
    assert (document["schema"], document["category"]) == ("gateway-console/explain/v1", "account_quota")
    assert document["stops_before_generation"] is True


# --- Bodies ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def body_file(console: Console) -> Path:
    path = console.home / "body.json"
    path.write_bytes(QUOTA)
    return path


async def test_a_body_in_a_file_is_judged(console: Console, body_file: Path) -> None:
    result = await console.run("explain", "--status", "429", body_file)
    assert result.code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("account_quota  ")
    assert "(code)" in lines[1]
    assert "Not retried: account_quota stops before generation" in result.stdout
    assert "Blame: account." in result.stdout
    assert re.search(r"Rule quota-code, from https://", result.stdout)
    assert result.stderr == 'the error said: "You exceeded your current quota"\n'


async def test_a_judged_body_is_a_document_without_the_bodys_words(console: Console, body_file: Path) -> None:
    result = await console.run("explain", "--json", "--status", "429", body_file)
    assert (result.code, result.stderr) == (0, "")
    assert set(result.document) == FOUND_NAMES
    assert (result.document["category"], result.document["retryable"]) == ("account_quota", False)
    assert "exceeded" not in result.stdout


@pytest.mark.parametrize(
    "arguments", [("-",), ("--status", "429"), ("--status", "429", "-"), ("--family", "responses", "-")]
)
async def test_a_body_is_read_from_stdin(console: Console, arguments: tuple[str, ...]) -> None:
    result = await console.run("explain", *arguments, "--json", given=QUOTA)
    assert (result.code, result.document["category"]) == (0, "account_quota")


async def test_a_header_says_how_long_to_wait(console: Console) -> None:
    arguments = ["--status", "429", "--header", "Retry-After: 20", "--header", "x-more: a: b"]
    result = await console.run("explain", *arguments, "--json", "-", given=RATE)
    assert (result.document["category"], result.document["retry_after_s"]) == ("rate_limit", 20.0)
    assert result.document["retryable"] is True
    told = await console.run("explain", *arguments, "-", given=RATE)
    assert "The gateway asks to wait 20 s." in told.stdout


async def test_the_family_and_the_path_that_were_called_count(console: Console) -> None:
    body = b'{"error":{"message":"field messages is required","code":"invalid_text_request"}}'
    unknown = await console.run("explain", "--status", "400", "--json", "-", given=body)
    family = await console.run("explain", "--status", "400", "--family", "responses", "--json", "-", given=body)
    path = await console.run("explain", "--status", "400", "--path", "/v1/responses", "--json", "-", given=body)
    found = [each.document["category"] for each in (unknown, family, path)]
    assert found == ["invalid_request", "endpoint_drift", "endpoint_drift"]


async def test_a_missing_path_may_be_a_missing_family(console: Console) -> None:
    arguments = ["explain", "--status", "404", "--json", "-"]
    family = await console.run(*arguments, "--path", "/v1/responses", given=b"404 page not found x")
    mistyped = await console.run(*arguments, "--path", "/v1/v1/responses", given=b"no such thing")
    assert mistyped.document["category"] == "route_missing"
    assert {family.document["category"], *family.document["other_readings"]} >= {"route_missing"}


async def test_a_slow_failure_may_be_a_timeout(console: Console) -> None:
    body = b'{"error":{"message":"upstream error: do request failed","type":"do_request_failed"}}'
    arguments = ["explain", "--status", "500", "--json", "-"]
    quick = await console.run(*arguments, "--elapsed", "1.5", given=body)
    slow = await console.run(*arguments, "--elapsed", "130", given=body)
    assert quick.document["other_readings"] == []
    assert slow.document["other_readings"] == ["timeout"]


async def test_a_refusal_of_an_agents_feature_names_the_gateway_and_the_remedy(console: Console) -> None:
    body = b'{"type":"error","error":{"message":"context_management: Extra inputs are not permitted"}}'
    told = await console.run("explain", "--status", "400", "-", given=body)
    assert "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1" in told.stdout
    assert "Blame: gateway. Ask the gateway's administrator, with the request id." in told.stdout
    document = (await console.run("explain", "--status", "400", "--json", "-", given=body)).document
    assert (document["category"], document["blame"]) == ("invalid_request", "gateway")
    assert "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1" in document["action"]


async def test_a_drift_that_names_the_family_called_is_the_gateways(console: Console) -> None:
    body = b'{"type":"error","error":{"type":"not_found_error","message":"model m is only available on /v1/messages"}}'
    arguments = ["explain", "--status", "404", "--json", "-", "--family"]
    called = (await console.run(*arguments, "anthropic_messages", given=body)).document
    other = (await console.run(*arguments, "responses", given=body)).document
    assert [each["blame"] for each in (called, other)] == ["gateway", "config"]
    assert "endpoint_path" not in called["action"]
    assert "endpoint_path" in other["action"]


async def test_what_a_failed_response_repeats_does_not_decide(console: Console) -> None:
    document = (await console.run("explain", "--status", "200", "--json", "-", given=FAILED)).document
    assert document["category"] == "upstream_unavailable"
    assert "HTTP status 200" in document["evidence"]


async def test_a_status_alone_is_judged(console: Console) -> None:
    result = await console.run("explain", "--status", "402", "--json")
    assert (result.code, result.document["category"]) == (0, "account_quota")


async def test_a_file_that_is_named_like_a_category_is_read_where_a_status_is_given(console: Console) -> None:
    (console.home / "timeout").write_bytes(QUOTA)
    assert (await console.run("explain", "timeout", "--json")).document["category"] == "timeout"
    assert (await console.run("explain", "./timeout", "--json")).document["category"] == "account_quota"
    assert (await console.run("explain", "timeout", "--status", "429", "--json")).document[
        "category"
    ] == "account_quota"


async def test_the_same_body_is_judged_the_same_from_a_file_and_from_stdin(console: Console, body_file: Path) -> None:
    arguments = ["explain", "--status", "429", "--json"]
    assert (await console.run(*arguments, body_file)).stdout == (await console.run(*arguments, "-", given=QUOTA)).stdout


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["no-such-file", "nothing/here", "", "x" * 5_000, "\x1b[31m\u202ered"])
async def test_what_is_no_category_and_no_file_is_refused_in_one_line(console: Console, name: str) -> None:
    result = await console.run("explain", name)
    assert result.code == 2
    assert "is not a category and cannot be read as a file" in result.complaint
    assert "account_quota" in result.complaint
    assert not set("\x1b\u202e") & set(result.complaint)


async def test_a_key_given_as_a_name_is_not_echoed(console: Console) -> None:
    result = await console.run("explain", KEY)
    assert result.code == 11
    assert KEY not in result.complaint
    assert "looks like an API key" in result.complaint


async def test_a_directory_and_a_device_are_refused(console: Console) -> None:
    for place in (console.home, Path("/dev/null"), Path("/dev/zero")):
        result = await console.run("explain", place)
        assert result.code == 2
        assert "cannot be read as a file" in result.complaint


async def test_a_fifo_is_refused_and_not_waited_for(console: Console) -> None:
    fifo = console.home / "fifo"
    os.mkfifo(fifo)
    result = await console.run("explain", fifo)
    assert result.code == 2
    assert "not a plain file" in result.complaint


async def test_a_file_that_may_not_be_read_is_refused(console: Console, body_file: Path) -> None:
    loop = console.home / "loop"
    loop.symlink_to(loop)
    assert (await console.run("explain", loop)).code == 2
    body_file.chmod(0)
    if os.access(body_file, os.R_OK):  # a superuser may read everything
        return
    result = await console.run("explain", body_file)
    assert result.code == 2
    assert "Permission denied" in result.complaint


async def test_an_empty_body_needs_a_status(console: Console) -> None:
    empty = console.home / "empty"
    empty.write_bytes(b"")
    for arguments, given in (((empty,), None), (("-",), b""), (("--family", "responses"), b"")):
        result = await console.run("explain", *arguments, given=given)
        assert result.code == 2
        assert result.complaint == "gateway-console: the body is empty; give the HTTP status with --status N"
    assert (await console.run("explain", "--status", "503", empty, "--json")).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--status", "99"), "100 to 599"),
        (("--status", "600"), "100 to 599"),
        (("--status", "4e2"), "100 to 599"),
        (("--status", "\u0664\u0660\u0660"), "100 to 599"),
        (("--status", "9" * 5_000), "100 to 599"),
        (("--status", "4291"), "100 to 599"),
        (("--elapsed", "-1"), "0 to 86400"),
        (("--elapsed", "nan"), "0 to 86400"),
        (("--elapsed", "inf"), "0 to 86400"),
        (("--elapsed", "soon"), "0 to 86400"),
        (("--header", "retry-after"), "name: value"),
        (("--header", ": 20"), "name: value"),
        (("--family", "chat"), "responses"),
        (("a.json", "b.json"), "extra argument"),
        (("--statuss", "400"), "--statuss"),
    ],
)
async def test_an_unfit_option_is_refused_in_one_line(console: Console, arguments: tuple[str, ...], words: str) -> None:
    result = await console.run("explain", *arguments, given=QUOTA)
    assert result.code == 2
    assert words in result.complaint
    assert len(result.complaint) < 400


HOSTILE = (
    b'{"error":{"message":"bad key %b, Bearer %b, sk-ab***yz'
    b' \x1b[31m\\u001b[2J \xe2\x80\xae\\u202e \x00\xff [bold]x[/]"}}' % (KEY.encode(), KEY.encode())
)


@pytest.mark.parametrize("status", ["401", "429", "500"])
async def test_a_body_that_holds_a_key_and_escapes_gives_neither_back(console: Console, status: str) -> None:
    for arguments in (("--status", status), ("--status", status, "--json")):
        result = await console.run("explain", *arguments, "-", given=HOSTILE)
        shown = result.stdout + result.stderr
        assert result.code == 0
        assert KEY[3:12] not in shown
        assert "ab***yz" not in shown
        assert not {mark for mark in shown if ord(mark) < 32 and mark != "\n"}
        assert not set("\x7f\u202e\u2066\ufeff") & set(shown)
    assert "•••" in (await console.run("explain", "--status", status, "-", given=HOSTILE)).stderr


async def test_no_more_than_300_characters_of_a_body_are_shown(console: Console) -> None:
    body = json.dumps({"error": {"message": "insufficient_quota " * 500}}).encode()
    result = await console.run("explain", "--status", "429", "-", given=body)
    (said,) = re.findall(r'the error said: "(.*)"', result.stderr)
    assert 200 < len(said) <= 300


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 50_000, b"x" * 3_000_000, b"\x00" * 1_000, b"<html>" + b"<" * 100_000],
    ids=["bytes", "lists", "objects", "3 MB", "zeros", "tags"],
)
async def test_any_bytes_are_judged_without_a_traceback(console: Console, body: bytes) -> None:
    path = console.home / "body"
    path.write_bytes(body)
    result = await console.run("explain", "--status", "429", path)
    assert result.code == 0
    assert "Traceback" not in result.stderr
    assert len(result.stderr) < 400


async def test_explaining_opens_no_connection_and_reads_no_config(console: Console, body_file: Path) -> None:
    audit = (
        "import sys\n"
        "def refuse(event, arguments):\n"
        "    if event.startswith('socket.') or (event == 'open' and 'gateway-console/' in str(arguments[0])):\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(refuse)\n"
        "import runpy\n"
        "sys.argv = ['console', 'explain', '--status', '429', sys.argv[1]]\n"
        "runpy.run_module('console', run_name='__main__')\n"
    )
    broken = console.home / ".config" / "gateway-console" / "config.toml"
    broken.parent.mkdir(parents=True)
    broken.write_text("not toml at all [")
    script = console.home / "audited.py"
    script.write_text(audit)
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(body_file), stdout=-1, stderr=-1, env=console.environment, cwd=console.home
    )
    stdout, stderr = await child.communicate()
    assert child.returncode == 0, stderr.decode()
    assert stdout.startswith(b"account_quota")

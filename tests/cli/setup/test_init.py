"""`init` by its options: a gateway is asked for free, its profile is appended, and what is missing is named."""

import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.cli.console_process import Console, embedded_at_once
from support.gateway.scripted_gateway import NOT_FOUND, Steps, models, scripted
from support.gateway.servers import Request, whole
from support.probes.smoking import TOKEN

from console.simulator.embedded import Embedded

ALL_ROLES = ["planner", "writer", "revision", "reviewer", "critic", "fallback"]
YES = ("--token-ref", "env:GW_TOKEN", "--yes")


@pytest.fixture
async def gateway() -> AsyncIterator[Embedded]:
    async with embedded_at_once() as gateway:
        yield gateway


def config_of(console: Console) -> Path:
    return console.home / ".config" / "gateway-console" / "config.toml"


async def test_a_stranger_gets_a_checked_profile_and_the_next_one_is_appended(
    console: Console, gateway: Embedded
) -> None:
    token = gateway.token.reveal()
    where = ("init", "--url", f"{gateway.base_url}/v1/chat/completions", *YES)
    first = await console.run(*where, GW_TOKEN=token)
    assert first.code == 0, first.stderr
    assert "the end of the path is left out" in first.stderr
    assert "✓ the free check holds for 6 routes" in first.stderr
    before = config_of(console).read_bytes()
    assert tomllib.loads(before.decode())["profiles"]["local"]["gateway"]["base_url"] == gateway.base_url
    checked = await console.run("check", "--json", GW_TOKEN=token)
    assert checked.code == 0
    assert [(each["role"], each["rung_reached"]) for each in checked.document["routes"]] == [
        (role, 3) for role in ALL_ROLES
    ]

    again = await console.run(*where, "--json", "--role", "critic=-", "--default", GW_TOKEN=token)
    document = again.document
    assert (again.code, document["profile"], document["default_profile"]) == (0, "local-2", "local-2")
    assert document["free_check_holds"] is True
    assert [each["role"] for each in document["routes"]] == [role for role in ALL_ROLES if role != "critic"]
    assert Path(document["backup"]).read_bytes() == before
    assert config_of(console).read_text().endswith(document["toml"])
    both = await console.run("routes", "--all-profiles", "--json")
    assert [each["profile"] for each in both.document["profiles"]] == ["local", "local-2"]
    written = [each for each in console.home.rglob("*") if each.is_file()]
    assert written
    assert [each for each in written if token.encode() in each.read_bytes()] == []


async def test_a_store_that_must_be_unlocked_first_fails_closed_without_a_terminal(
    console: Console, gateway: Embedded
) -> None:
    token = gateway.token.reveal()
    where = ("init", "--url", gateway.base_url, "--token-ref", "vault:gw", "--yes")
    refused = await console.run(*where, given=token.encode())
    assert refused.code == 2
    assert "vault" in refused.stderr
    assert token not in refused.stderr
    assert not config_of(console).exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "Give --preset NAME or --url URL and --yes"),
        (("--url", "https://gw.example"), 2, "Give --yes"),
        (("--url", "ftp://gw.example", "--yes"), 2, "--preset or --url: the address must begin with https://"),
        (("--preset", "lightllm", "--yes"), 2, "neither an address nor the name of a gateway"),
        (("--preset", "cloudflare", "--yes"), 2, "add --url"),
        (("--url", "http://127.0.0.1:9", "--yes"), 10, "--unchecked writes the profile all the same"),
        (("--url", "http://127.0.0.1:9", "--yes", "--profile", "a b"), 10, "--unchecked"),
        (("--url", "https://gw.example", "--yes", "--ca-file", "none.pem"), 3, "the CA file cannot be read"),
        (("--url", "https://gw.example", "--yes", "--read-only"), 11, "nothing was done"),
    ],
)
async def test_what_no_one_can_be_asked_names_its_option_and_nothing_is_written(
    console: Console, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ended = await console.run("init", *arguments)
    assert ended.code == code
    assert ended.stdout == ""
    assert words in ended.stderr.splitlines()[-1]
    assert list(console.home.iterdir()) == []


async def test_the_place_of_a_token_is_never_taken_unasked(console: Console, gateway: Embedded) -> None:
    ended = await console.run("init", "--url", gateway.base_url, "--yes", MODEL_GATEWAY_TOKEN=gateway.token.reveal())
    assert ended.code == 2
    assert "env:MODEL_GATEWAY_TOKEN" in ended.stderr
    assert "add --token-ref" in ended.stderr
    assert not config_of(console).exists()


async def test_a_token_that_the_gateway_refuses_is_not_written(console: Console, gateway: Embedded) -> None:
    ended = await console.run("init", "--url", gateway.base_url, *YES, GW_TOKEN=TOKEN)
    assert ended.code == 2
    assert "--token-ref: the gateway refuses this token" in ended.stderr
    assert not config_of(console).exists()


async def test_a_gateway_that_is_not_there_is_written_only_unchecked_and_that_is_said(console: Console) -> None:
    where = ("init", "--url", "http://127.0.0.1:9", *YES, "--unchecked")
    models_missing = await console.run(*where, GW_TOKEN=TOKEN)
    assert "add --role" in models_missing.stderr
    ended = await console.run(*where, "--role", "writer=my-model:responses", GW_TOKEN=TOKEN)
    assert ended.code == 10
    assert "NOT CHECKED" in ended.stderr
    text = config_of(console).read_text()
    assert "# UNCHECKED: the gateway was not reached" in text
    assert tomllib.loads(text)["profiles"]["local"]["routes"]["writer"]["model"] == "my-model"


async def test_a_variable_that_is_set_later_may_hold_the_token_of_a_gateway_that_is_not_there_yet(
    console: Console,
) -> None:
    where = ("init", "--url", "http://127.0.0.1:9", "--yes", "--unchecked", "--token-ref", "env:LATER_TOKEN")
    ended = await console.run(*where, "--role", "writer=my-model:responses")
    assert "no token under env:LATER_TOKEN" in ended.stderr
    assert tomllib.loads(config_of(console).read_text())["profiles"]["local"]["gateway"]["token_ref"] == [
        "env:LATER_TOKEN"
    ]


async def test_a_red_check_is_not_written_unless_that_is_wanted(console: Console) -> None:
    down = whole(503, {"error": {"message": "overloaded", "type": "overloaded_error"}})
    lists = {"/v1/models": models("gpt-7", "claude-5")}
    async with scripted(Steps(lists=lists, no_input=down, wrong_key=down, unknown_model=down)) as server:
        where = ("init", "--url", server.base_url, *YES)
        ended = await console.run(*where, GW_TOKEN=TOKEN)
        assert ended.code == 10
        assert "× the free check does not hold" in ended.stderr
        assert "Nothing was written" in ended.stderr
        assert not config_of(console).exists()
        anyway = await console.run(*where, "--unchecked", GW_TOKEN=TOKEN)
        assert anyway.code == 10
        assert "it is not proven" in anyway.stderr
    assert "0 of 6 routes proven" in config_of(console).read_text()


HOSTILE = [
    'gpt-7"\nbase_url = "https://evil.example',
    "gpt-7]\n[profiles.evil.gateway]",
    "[bold]gpt-7[/bold]",
    "gpt-7\x1b[2J",
    "gpt-7'''\\u0022",
    "model # comment",
    "a" * 500,
]


async def test_hostile_names_of_models_write_nothing_but_their_own_route(console: Console) -> None:
    names = [f"vendor/model-{number}" for number in range(5_000)]
    async with scripted(Steps(lists={"/v1/models": models(*HOSTILE, *names)})) as server:
        ended = await console.run("init", "--url", server.base_url, *YES, GW_TOKEN=TOKEN)
    assert ended.code == 0, ended.stderr
    assert "could not be read to its end" in ended.stderr
    assert "\x1b" not in ended.stderr
    profiles = tomllib.loads(config_of(console).read_text())["profiles"]
    assert set(profiles) == {"local"}
    assert profiles["local"]["gateway"] == {"base_url": server.base_url, "token_ref": ["env:GW_TOKEN"]}
    assert {each["model"] for each in profiles["local"]["routes"].values()} <= {*HOSTILE, *names}


class ChatAlone(Steps):
    """A gateway that speaks one family."""

    def answer(self, request: Request) -> bytes:
        return NOT_FOUND if request.path in ("/v1/responses", "/v1/messages") else super().answer(request)


async def test_a_gateway_of_one_family_without_a_list_gets_the_models_that_are_named(console: Console) -> None:
    async with scripted(ChatAlone(lists={"/v1/models": models()}, token=None)) as server:
        where = ("init", "--url", server.base_url, "--yes", "--json")
        nothing = await console.run(*where)
        assert "add --role" in nothing.stderr
        ended = await console.run(*where, "--role", "writer=a", "--role", "reviewer=b")
    routes = {each["role"]: each["endpoint_family"] for each in json.loads(ended.stdout)["routes"]}
    assert routes == dict.fromkeys(["planner", "writer", "revision", "reviewer"], "chat_completions")
    assert json.loads(ended.stdout)["token_ref"] == []


async def test_a_config_that_cannot_be_written_is_said_before_the_gateway_is_asked(console: Console) -> None:
    config = config_of(console)
    config.parent.mkdir(parents=True)
    (console.home / "real.toml").write_text("schema = 1\n")
    config.symlink_to(console.home / "real.toml")
    ended = await console.run("init", "--url", "http://127.0.0.1:9", *YES)
    assert ended.code == 11
    assert "is a symbolic link" in ended.complaint


async def test_presets_are_listed_with_their_sources(console: Console) -> None:
    told = await console.run("init", "--preset", "list", "--json")
    assert {"litellm", "cometapi", "llamacpp"} <= {each["name"] for each in told.document["presets"]}
    assert all(each["source_url"] and each["checked_on"] for each in told.document["presets"])
    assert "https://openrouter.ai/api" in (await console.run("init", "--preset", "list")).stdout

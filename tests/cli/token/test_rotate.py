"""`token rotate` proves the new token at a real gateway before it counts, and no token is entered where it is kept."""

import json
import tomllib
from pathlib import Path

import pytest
from support.cli.cheap_vault import lay_vault
from support.cli.console_process import Console
from support.config import config_table, route, write_config
from support.gateway.servers import Peer, Request, raw_server, unused_port, whole

from console.services.gateway.client import WRONG_KEY
from console.services.probes.key_control import UNKNOWN_MODEL
from console.simulator.embedded import embedded_gateway
from console.simulator.server import serve

OLD = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
NEW = OLD + "-new"


@pytest.fixture
async def vault(console: Console) -> Console:
    path = console.home / "passphrase"
    path.write_text("correct horse")
    path.chmod(0o600)
    await lay_vault(console, "correct horse")
    return console


def configure(
    console: Console, base_url: str, *, path: str = "/v1/responses", model: str = "m", **more: dict[str, str]
) -> Path:
    passphrase = f"file:{console.home}/passphrase"
    gateway = {"base_url": base_url, "token_ref": ["vault:acme"], "vault_passphrase_ref": passphrase}
    table = config_table(gateway, {"writer": route(model, path=path), **more})
    return write_config(console.home / ".config" / "gateway-console" / "config.toml", table)


async def rotated(console: Console, new: str = NEW) -> tuple[int, str, str]:
    """Store the old token, rotate to another, and return the exit code, the result and the message."""
    assert (await console.run("token", "set", given=OLD.encode())).code == 0
    ended = await console.run("token", "rotate", "--json", given=new.encode())
    assert new not in ended.stdout + ended.stderr
    return ended.code, ended.document["result"], ended.document["message"]


async def test_the_embedded_gateway_takes_its_own_token_and_no_other(vault: Console) -> None:
    async with serve(pace=0) as gateway:
        configure(vault, gateway.base_url)
        code, result, message = await rotated(vault, gateway.token)
        assert (code, result) == (0, "swapped")
        assert "Proven on the route writer (/v1/responses)" in message
        assert ("POST", "/v1/responses") in gateway.journal.calls
    async with embedded_gateway() as other:
        configure(vault, other.base_url)
        await vault.run("token", "remove", "vault:acme", "--yes", "--origin", gateway.base_url)
        code, result, message = await rotated(vault)
        assert (code, result) == (5, "rejected")
        assert "account_auth" in message


async def test_a_gateway_that_takes_any_key_proves_nothing(vault: Console) -> None:
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(400, {"error": {"type": "invalid_request_error", "message": "input is missing"}}))

    async with raw_server(answer) as server:
        configure(vault, server.base_url)
        code, result, message = await rotated(vault)
        assert (code, result) == (10, "unproven")
        assert "nothing proves the new token" in message
        assert "--unverified" in message
        assert "could not be asked" not in message
        keys = {request.header("authorization") for request in server.requests}
    assert f"Bearer {NEW}" in keys
    assert f"Bearer {OLD}" not in keys


async def test_a_gateway_that_serves_a_wrong_key_proves_nothing(vault: Console) -> None:
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(200, {"id": "resp_1", "object": "response", "status": "completed", "output": []}))

    async with raw_server(answer) as server:
        configure(vault, server.base_url)
        code, result, message = await rotated(vault)
    assert (code, result) == (10, "unproven")
    assert "also accepts a wrong key" in message


async def test_one_route_that_cannot_prove_does_not_block_another_that_can(vault: Console) -> None:
    """The first path has an outage of its own; the second tells keys apart."""

    async def answer(peer: Peer, request: Request) -> None:
        if request.path == "/v1/responses":
            await peer.send(whole(502, {"error": {"type": "upstream_error", "message": "bad gateway"}}))
        elif request.header("authorization") == f"Bearer {NEW}":
            await peer.send(whole(400, {"error": {"type": "invalid_request_error", "message": "messages is missing"}}))
        else:
            await peer.send(whole(401, {"error": {"type": "authentication_error", "message": "Invalid API key"}}))

    async with raw_server(answer) as server:
        configure(vault, server.base_url, reviewer=route("m", "chat_completions"))
        code, result, message = await rotated(vault)
    assert (code, result) == (0, "swapped")
    assert "Proven on the route reviewer (/v1/chat/completions)" in message


async def test_a_gateway_that_is_busy_for_a_wrong_key_proves_nothing(vault: Console) -> None:
    async def answer(peer: Peer, request: Request) -> None:
        if request.header("authorization") == f"Bearer {WRONG_KEY}":
            await peer.send(whole(503, {"error": {"type": "unavailable", "message": "Service unavailable"}}))
        else:
            await peer.send(whole(400, {"error": {"type": "invalid_request_error", "message": "input is missing"}}))

    async with raw_server(answer) as server:
        configure(vault, server.base_url)
        code, result, _ = await rotated(vault)
    assert (code, result) == (10, "unproven")


async def test_the_controls_of_all_paths_share_one_budget(vault: Console) -> None:
    """The gateway serves any model to any key, and names no usage."""

    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(200, {"id": "r", "object": "response", "status": "completed", "output": []}))

    async with raw_server(answer) as server:
        path = configure(vault, server.base_url, reviewer=route("m", path="/other/v1/responses"))
        table = tomllib.loads(path.read_text())
        (profile,) = table["profiles"].values()
        profile["policy"] = {"budget_tokens": 100}
        write_config(path, table)
        code, result, _ = await rotated(vault)
    assert (code, result) == (10, "unproven")
    asked = [json.loads(each.body)["model"] for each in server.requests]
    assert asked.count("m") == 4
    assert asked.count(UNKNOWN_MODEL) == 1


async def test_where_no_route_proves_it_each_says_why(vault: Console) -> None:
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(502, {"error": {"type": "upstream_error", "message": "bad gateway"}}))

    async with raw_server(answer) as server:
        configure(vault, server.base_url, reviewer=route("m", "chat_completions"))
        code, result, message = await rotated(vault)
    assert (code, result) == (10, "unproven")
    assert "the route writer (/v1/responses)" in message
    assert "the route reviewer (/v1/chat/completions)" in message
    assert "could not be asked" not in message


async def test_a_refused_key_hints_at_the_header_if_the_gateway_saw_none(vault: Console) -> None:
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(401, {"error": {"type": "auth_error", "message": "No api key passed in."}}))

    async with raw_server(answer) as server:
        configure(vault, server.base_url)
        code, result, message = await rotated(vault)
    assert (code, result) == (5, "rejected")
    assert "Set auth in the profile's gateway" in message


async def test_a_gateway_that_is_down_leaves_the_new_token_waiting(vault: Console) -> None:
    with unused_port() as holder:
        configure(vault, f"http://127.0.0.1:{holder.getsockname()[1]}")
        code, result, message = await rotated(vault)
        assert (code, result) == (10, "unproven")
        assert "upstream_unavailable" in message
        assert "the gateway could not be asked" in message
        assert "--unverified" in message
        back = await vault.run("token", "rotate", "--back", "--json")
        assert (back.code, back.document["result"]) == (0, "reverted")


async def test_where_every_route_has_drifted_no_call_is_made(vault: Console) -> None:
    async with serve(pace=0) as gateway:
        config = configure(vault, gateway.base_url, path="/v1/chat/completions", model="gpt-5-pro")
        config.write_text(config.read_text().replace('"responses"', '"chat_completions"'))
        code, result, message = await rotated(vault)
        assert (code, result) == (10, "unproven")
        assert "every route of the profile has drifted" in message
        assert gateway.journal.calls == []


@pytest.mark.parametrize(
    ("name", "value"), [("TEXTUAL_LOG", "/dev/null"), ("TEXTUAL", "debug,devtools"), ("TEXTUAL", "DevTools")]
)
@pytest.mark.parametrize("kind", ["set", "rotate"])
async def test_no_token_is_entered_while_every_key_would_be_kept(
    vault: Console, kind: str, name: str, value: str
) -> None:
    configure(vault, "https://gw.example")
    refused = await vault.run("token", kind, given=OLD.encode(), **{name: value})
    assert refused.code == 11
    assert refused.complaint.startswith(f"gateway-console: no token is accepted while {name} ")
    assert refused.complaint.endswith(f"unset {name}")
    listed = await vault.run("token", "list", "--json", **{name: value})
    assert json.loads(listed.stdout)["references"][0]["state"] == "absent"
    assert (await vault.run("token", "set", given=OLD.encode(), TEXTUAL="debug")).code == 0

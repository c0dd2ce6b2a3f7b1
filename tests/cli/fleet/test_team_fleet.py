"""`fleet` with a team's store: what one console saw, another one shows, whatever profiles its own config has."""

from pathlib import Path
from typing import Any

from support.cli.console_process import Console, ended
from support.config import Table, config_table, route, write_config
from support.gateway.servers import answer_with, good_stream, raw_server, whole
from support.postgres.databases import Postgres

from console.domain.routes.family import EndpointFamily
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.migrations import migrate
from console.services.system.clock import unix_ms

POOR = whole(402, {"error": {"message": "Insufficient credits", "code": 402}})


def own_config(home: Path, name: str, gateway: dict[str, Any], watch: Table | None = None) -> None:
    table = config_table(gateway, {"writer": route()}, profile=name) | {"store": {"url_ref": "env:STORE_URL"}}
    table["profiles"][name] |= {} if watch is None else {"watch": watch}
    write_config(home / ".config" / "gateway-console" / "config.toml", table)


async def prepared(postgres: Postgres) -> None:
    async with await Database.open(postgres.secret) as database:
        await database.run(lambda connection: migrate(connection, lambda: "0" * 26, unix_ms()))


async def test_what_one_console_saw_another_one_of_the_team_shows(
    console: Console, postgres: Postgres, tmp_path: Path
) -> None:
    await prepared(postgres)
    other = Console(tmp_path / "other")
    other.home.mkdir()
    async with raw_server(answer_with(POOR)) as poor, raw_server(answer_with(good_stream(EndpointFamily.RESPONSES))):
        own_config(console.home, "poor", {"base_url": poor.base_url})
        own_config(other.home, "mine", {"base_url": poor.base_url, "token_ref": ["env:NOT_SET"]})
        checked = await console.run("check", "--level", "4", STORE_URL=postgres.url)
        swept = await other.run("fleet", "check", "--json", STORE_URL=postgres.url)
        shown = await console.run("fleet", "--json", STORE_URL=postgres.url)
    assert checked.code == 5
    found = {each["profile"]: each for each in swept.document["profiles"]}
    assert [(name, each["verdict"], each["is_in_config"]) for name, each in found.items()] == [
        ("mine", "unusable", True),
        ("poor", "blocked", False),
    ]
    assert found["poor"]["looker"].startswith("console")
    assert {each["profile"]: each["verdict"] for each in shown.document["profiles"]} == {
        "mine": "unusable",
        "poor": "blocked",
    }
    assert postgres.server.password not in checked.stderr + swept.stdout + swept.stderr
    assert "127.0.0.1" in swept.document["source"]


async def test_what_a_worker_saw_is_told_as_seen_by_a_worker(console: Console, postgres: Postgres) -> None:
    await prepared(postgres)
    async with raw_server(answer_with(POOR)) as poor:
        own_config(console.home, "poor", {"base_url": poor.base_url}, watch={"every_s": 1})
        async with console.start("worker", STORE_URL=postgres.url) as worker:
            assert worker.stdout is not None
            assert b"poor writer" in await worker.stdout.readline()  # its first round told what it found
            worker.terminate()
            assert (await ended(worker)).code == 0
    shown = await console.run("fleet", "--json", STORE_URL=postgres.url)
    (poor_row,) = shown.document["profiles"]
    assert poor_row["looker"].startswith("worker")


async def test_a_store_that_is_cut_stops_no_sweep_and_says_what_is_missing(
    console: Console, postgres: Postgres
) -> None:
    await prepared(postgres)
    async with raw_server(answer_with(POOR)) as poor:
        own_config(console.home, "poor", {"base_url": poor.base_url})
        postgres.server.stop()
        ended = await console.run("check", "--level", "4", STORE_URL=postgres.url)
    assert ended.code == 5
    assert "the fleet's newest states are not kept until the store is back" in ended.stderr
    assert "the fleet's newest states are not in the store" in ended.stderr
    assert postgres.server.password not in ended.stderr

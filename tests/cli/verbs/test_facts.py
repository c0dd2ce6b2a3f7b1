"""`facts`: what is shown of the tables, and installing a newer one; `routes` and `check` with what it says."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.config import config_table, route, write_config

NEW = """checked_on = "2026-12-02"
[[retirement]]
provider = "OpenAI"
models = ["gpt-6-sol"]
retires_on = "2026-12-20"
replacement = "gpt-7-sol"
source_url = "https://developers.openai.com/api/docs/deprecations"
"""


@pytest.fixture(autouse=True)
def _a_day(console: Console) -> None:
    console.now = lambda: datetime(2026, 12, 5, 12, tzinfo=UTC)


def _config(console: Console, base_url: str = "https://gw.example", **routes: dict[str, str]) -> Path:
    return write_config(console.home / "c.toml", config_table({"base_url": base_url}, routes))


def _new(console: Console, text: str = NEW) -> Path:
    path = console.home / "new.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_every_table_is_listed_with_its_age(console: Console) -> None:
    shown = await console.run("facts")
    assert (shown.code, await console.run("facts", "show")) == (0, shown)
    lines = {line.split()[0]: line for line in shown.stdout.splitlines()}
    assert "✓ ok 4 d" in lines["model_retirements"]
    assert "built in, can be updated" in lines["model_retirements"]
    assert lines["secret_patterns"].endswith("built in")
    assert "no dates" in lines["secret_patterns"]
    assert max(map(len, shown.stdout.splitlines())) <= 110
    document = (await console.run("facts", "--json")).document
    assert document["action"] == "show"
    assert {each["name"] for each in document["tables"]} == set(lines) - {"table"}


async def test_an_old_table_is_stale(console: Console) -> None:
    console.now = lambda: datetime(2027, 3, 1, tzinfo=UTC)
    shown = await console.run("facts", "show", "model_retirements")
    assert "~ stale 90 d" in shown.stdout
    assert "source  https://developers.openai.com/api/docs/deprecations" in shown.stdout
    listed = await console.run("facts")
    stale = [line for line in listed.stdout.splitlines() if "~ stale" in line]
    assert len(stale) >= 5
    assert f"{len(stale)} stale" in listed.stderr


async def test_a_newer_table_is_used_and_can_be_taken_back(console: Console) -> None:
    config = _config(console, writer=route("gpt-6-sol"), critic=route("gpt-4"))
    before = await console.run("routes", "--config", config)
    assert before.code == 1
    updated = await console.run("facts", "update", "--from", _new(console))
    assert (updated.code, "in use     installed" in updated.stdout) == (0, True)
    assert f"installed  2026-12-05 from {console.home / 'new.toml'}" in updated.stdout
    assert "To go back: gateway-console facts update --reset model_retirements" in updated.stderr
    document = (await console.run("facts", "show", "model_retirements", "--json")).document
    (table,) = document["tables"]
    assert (table["is_installed"], table["rows"], table["newest"]) == (True, 1, "2026-12-02")
    after = await console.run("routes", "--config", config)
    assert after.code == 0
    assert "writer  ~ warn  MOD-06: OpenAI retires this model in 15 days, on 2026-12-20." in after.stdout
    assert 'writer  fix: model = "gpt-7-sol"' in after.stdout
    back = await console.run("facts", "update", "--reset")
    assert back.stdout == "model_retirements: the installed table was removed; the built-in one is in use\n"
    assert await console.run("routes", "--config", config) == before


async def test_a_bad_file_changes_nothing_and_is_told_by_its_row(console: Console) -> None:
    await console.run("facts", "update", "--from", _new(console))
    held = await console.run("facts", "show", "model_retirements")
    refused = await console.run("facts", "update", "--from", _new(console, NEW.replace("2026-12-20", "soon")))
    assert refused.code == 3
    assert "new.toml: line 2, retirement 1: retires_on: must be a date in quotes" in refused.complaint
    assert await console.run("facts", "show", "model_retirements") == held


async def test_an_older_table_is_installed_and_said_to_be_older(console: Console) -> None:
    updated = await console.run("facts", "update", "--from", _new(console, NEW.replace("2026-12-02", "2025-01-01")))
    assert "installed, but older than the built-in table" in updated.stderr


async def test_what_is_asked_for_wrongly_is_said(console: Console) -> None:
    told = {
        ("facts", "show", "nope"): (2, 'unknown table "nope"'),
        ("facts", "update"): (2, "one of the arguments --from --reset is required"),
        ("facts", "update", "--reset", "secret_patterns"): (2, "--reset"),
        ("--read-only", "facts", "update", "--reset"): (11, "nothing was changed"),
        ("facts", "update", "--from", "none.toml"): (3, "none.toml cannot be read"),
    }
    for command, (code, words) in told.items():
        ended = await console.run(*command)
        assert (ended.code, words in ended.complaint) == (code, True), command


async def test_an_installed_table_that_decides_is_told_where_routes_are_checked(console: Console) -> None:
    config = _config(console, writer=route("gpt-4"))
    before = await console.run("routes", "--config", config)
    await console.run("facts", "update", "--from", _new(console))
    after = await console.run("routes", "--config", config)
    assert ("tables that you installed" in before.stderr, "tables that you installed" in after.stderr) == (False, True)


async def test_an_installed_table_that_broke_is_loud_in_every_face(console: Console) -> None:
    await console.run("facts", "update", "--from", _new(console))
    (path,) = console.home.rglob("facts/model_retirements.toml")
    path.write_text("broken", encoding="utf-8")
    shown = await console.run("facts")
    assert (shown.code, "To remove the other: gateway-console facts update --reset" in shown.stderr) == (1, True)
    config = _config(console, writer=route("gpt-4"))
    routes = (await console.run("routes", "--config", config, "--json")).document["routes"]
    assert [each["id"] for each in routes[0]["findings"]][:2] == ["MOD-06", "FACT-01"]
    assert (await console.run("facts", "update", "--reset")).code == 0
    assert (await console.run("facts")).code == 0


# --- What it says of routes ------------------------------------------------------------------------------------------


async def test_a_retired_model_is_red_in_routes_in_check_and_in_the_documents(console: Console) -> None:
    config = _config(console, writer=route("openai/gpt-4"), critic=route("gpt-5"), reviewer=route("gpt-6-sol"))
    for command in (("routes",), ("check", "--level", "0")):
        told = await console.run(*command, "--config", config)
        assert told.code == 1
        assert re.search(r"^writer .* × failed +(?:0, needs 5 +)?retired", told.stdout, re.MULTILINE)
        assert "MOD-06: OpenAI retired this model on 2026-10-23." in told.stdout
        assert "https://developers.openai.com/api/docs/deprecations, read 2026-12-01" in told.stdout
        assert 'fix: model = "openai/gpt-5.6-sol"' in told.stdout
        document = (await console.run(*command, "--config", config, "--json")).document
        found = {each["role"]: each for each in document["routes"]}
        assert found["writer"]["fix"] == ['model = "openai/gpt-5.6-sol"']
        assert (found["writer"]["retirement"]["days_left"], found["critic"]["retirement"]["days_left"]) == (-43, 6)
        assert found["reviewer"]["retirement"] is None


async def test_a_documented_drift_is_exit_code_6_by_host_by_name_and_by_a_reference(console: Console) -> None:
    chat = route("o3", "chat_completions")
    tables = [
        ({"base_url": "https://api.cometapi.com"}, 6),
        ({"base_url": "https://proxy.example", "documentation": "cometapi"}, 6),
        ({"base_url_ref": "env:GATEWAY"}, 6),
        ({"base_url": "https://proxy.example"}, 0),
    ]
    for gateway, code in tables:
        config = write_config(console.home / "c.toml", config_table(gateway, {"writer": chat}))
        told = await console.run("routes", "--config", config, GATEWAY="https://api.cometapi.com")
        assert told.code == code, gateway
    config = write_config(
        console.home / "c.toml",
        config_table({"base_url": "https://proxy.example", "documentation": "cometapy"}, {"writer": chat}),
    )
    refused = await console.run("routes", "--config", config)
    assert (refused.code, "documentation: unknown documentation; did you mean cometapi?" in refused.complaint) == (
        3,
        True,
    )


async def test_the_embedded_gateway_has_no_provider_behind_it(console: Console) -> None:
    console.now = lambda: datetime(2030, 1, 1, tzinfo=UTC)
    for profile, code in (("demo", 0), ("faults", 6)):
        told = await console.run("--profile", profile, "routes", "--json")
        assert told.code == code
        assert {each["retirement"] for each in told.document["routes"]} == {None}

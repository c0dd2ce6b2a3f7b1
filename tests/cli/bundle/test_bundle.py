"""The verb `bundle`: what it says, where it goes, and what never gets into it."""

import json
import re
import shutil
import subprocess

import pytest
from support.cli.console_process import Console
from support.gateway.servers import RawServer, answer_with, raw_server, whole
from support.probes.smoking import ids, smoke_once, table

from console.domain.routes.family import EndpointFamily
from console.services.config.shipped import shipped
from console.services.demo.place import make_sample
from console.simulator.scenario import read_scenarios
from console.simulator.server import serve

CUT = 'model = "gpt-truncated-placeholder"\nendpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'


def words_of(name: str) -> str:
    """Return made-up words that stand in a place; no pattern of secrets knows them."""
    return f"willow-{name}-heron"


async def cut_run(console: Console) -> str:
    """Take a run to its planner, whose stream ends early; return its id."""
    sample = shipped("sample_config.toml").read_text(encoding="utf-8")
    own = re.sub(r"(\[profiles\.scenarios\.routes\.planner\]\n)(?:.+\n){3}", rf"\1{CUT}", sample)
    root = await make_sample(console.environment)
    branch = ("git", "-C", str(root), "checkout", "--quiet", "-b", words_of("branch"))
    subprocess.run(branch, check=True, env=console.environment)
    command = ("run", "start", "--auto", "--task-file", "-", "--repo", root, "--kind", "patch", "--json")
    config = console.write_config(own)
    ended = await console.run("--config", config, "--profile", "scenarios", *command, given=words_of("task").encode())
    return str(ended.document["run_id"])


async def test_a_run_is_bundled_from_its_record_and_its_exchange_is_a_scenario(console: Console) -> None:
    run_id = await cut_run(console)
    ended = await console.run("bundle", "--run", "last", "--json", TERM=words_of("environment"))
    found = ended.document
    assert (ended.code, found["run_id"], found["route"]["route"]) == (0, run_id, "planner")
    assert found["category"] | {"category": "contract_violation", "blame": "gateway"} == found["category"]
    assert [each["id"] for each in found["findings"]] == ["RSP-STREAM-08"]
    assert found["call"]["http_status"] == 200
    assert 0 < found["call"]["at_ms"] <= found["made_at_ms"]
    kinds = [(each["kind"], each["count"]) for each in found["call"]["events"]]
    assert kinds[0] == ("response.created", 1)
    assert kinds[-1] == ("response.output_text.delta", 4)
    assert "willow" not in ended.stdout
    (console.home / "config.toml").unlink()
    without = await console.run("bundle", "--run", run_id)
    assert without.code == 0
    assert "not known: the profile could not be loaded" in without.stdout
    scenario = await console.run("bundle", "--run", run_id, "--scenario", "--output", "again.toml")
    assert scenario.code == 0, scenario.stderr
    rows = read_scenarios((console.home / "again.toml").read_text(encoding="utf-8"))
    async with serve(pace=0, scenarios=rows) as listening:
        routes = table(EndpointFamily.RESPONSES, model="gpt-truncated-placeholder")
        again = await smoke_once(listening.base_url, EndpointFamily.RESPONSES, routes=routes, token=listening.token)
    assert (again.request_id, ids(again)) == ("req_0001", ["RSP-STREAM-08"]), "the file's row answered"
    shutil.rmtree(console.home / ".local/state/gateway-console/artifacts")
    alone = await console.run("bundle", "--run", run_id)
    assert (alone.code, "Not kept: the record has the outcome" in alone.stdout) == (0, True)
    assert "- RSP-STREAM-08: " in alone.stdout, "the record itself has the finding that decided"
    none = await console.run("bundle", "--run", run_id, "--scenario")
    assert (none.code, "no exchange is kept of this call" in none.complaint) == (2, True)


async def echoing(console: Console, server: RawServer, *more: str) -> tuple[str, str]:
    """Bundle a call of a gateway that says made-up words wherever it can say any; return the bundle and the rest."""
    config = console.config_for(
        server.base_url,
        gateway=f'token_ref = ["env:DRILL_TOKEN"]\nsupport = "help@gateway.example"\n'
        f'headers = {{ x-team = "{words_of("header")}" }}',
        name=f"{words_of('file')}.toml",
    )
    text = config.read_text(encoding="utf-8").replace("/v1/responses", f"/v1/responses?api-version={words_of('query')}")
    config.write_text(text, encoding="utf-8")
    ended = await console.run(
        "--config", config, "bundle", "--route", "writer", "--smoke", *more,
        DRILL_TOKEN="tk-made-up-for-this-0", TERM=words_of("environment"),
    )  # fmt: skip
    return ended.stdout, ended.stderr


@pytest.mark.parametrize("more", [(), ("--json",), ("--scenario",)])
async def test_no_text_from_outside_is_in_a_bundle_or_a_scenario(console: Console, more: tuple[str, ...]) -> None:
    error = {"message": f"insufficient balance {words_of('error')}", "type": words_of("type"), "code": words_of("code")}
    answer = whole(402, {"error": error | {words_of("key"): words_of("value")}}, f"x-note: {words_of('head')}")
    async with raw_server(answer_with(answer)) as server:
        out, _ = await echoing(console, server, *more)
    assert "willow" not in out, out
    assert "heron" not in out, out
    assert "account_quota" in out
    if not more:
        assert "- to: help@gateway.example\n- It is the profile's own address" in out
        assert "- own headers: x-team" in out
        assert "/v1/responses?api-version=…" in out
        assert "- token from: env" in out


async def test_without_a_terminal_it_goes_to_stdout_and_no_file_is_made(console: Console) -> None:
    before = set(console.home.iterdir())
    ended = await console.run("bundle", "--route", "writer")
    assert ended.code == 0
    assert ended.stdout.startswith("# Support bundle\n")
    assert "- call: not tried: no call was made" in ended.stdout
    assert {each for each in console.home.iterdir() if each.suffix in (".md", ".json")} <= before
    written = await console.run("bundle", "--route", "writer", "--yes")
    (file,) = console.home.glob("gateway-console-bundle-writer-*.md")
    assert (written.code, written.stdout) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    as_json = await console.run("bundle", "--route", "writer", "--json", "--output", "b.json")
    assert as_json.code == 0
    assert json.loads((console.home / "b.json").read_text())["schema"] == "gateway-console/bundle/v1"


async def test_bad_input_ends_in_one_line_and_writes_nothing(console: Console) -> None:
    (console.home / "taken.md").write_text("mine", encoding="utf-8")
    (console.home / "locked").mkdir(mode=0o500)
    broken = console.write_config("schema = 1\n", "broken.toml")
    query = console.config_for("https://g.example", gateway='support = "https://g.example/?key=x"', name="query.toml")
    bad: dict[tuple[str, ...], tuple[int, str]] = {
        ("bundle",): (2, "one of the arguments --run --route is required"),
        ("bundle", "--run", "NOSUCHRUN"): (2, "no run has NOSUCHRUN in its id"),
        ("bundle", "--route", "poet"): (2, "a route's key begins with a role"),
        ("bundle", "--route", "writer.fast"): (2, "has no route writer.fast; it has planner"),
        ("bundle", "--route", "writer", "--output", "taken.md"): (2, "exists and was not changed"),
        ("bundle", "--route", "writer", "--output", "taken.md/x.md"): (1, "cannot be written"),
        ("bundle", "--route", "writer", "--scenario"): (2, "none was made: add --smoke"),
        ("bundle", "--run", "last", "--smoke"): (2, "name it with --route"),
        ("bundle", "--read-only", "--route", "writer", "--smoke"): (11, "nothing was sent"),
        ("bundle", "--read-only", "--route", "writer", "--yes"): (11, "was not written"),
        ("--config", str(broken), "bundle", "--route", "writer"): (3, "default_profile"),
        ("--config", str(query), "bundle", "--route", "writer"): (3, "must be an https URL without a query"),
    }
    for command, ended in (await console.run_all(bad)).items():
        code, told = bad[command]
        assert ended.code == code, (command, ended)
        assert ended.stdout == ""
        assert told in ended.stderr, (command, ended.stderr)
        assert "Traceback" not in ended.stderr
    assert (console.home / "taken.md").read_text(encoding="utf-8") == "mine"
    assert not list(console.home.glob("gateway-console-*"))


async def test_simulate_refuses_a_scenario_file_that_it_cannot_read(console: Console) -> None:
    bad = console.write_config('[[scenario]]\npattern = "x"\nkind = "shout"\n', "bad.toml")
    for name, code, told in (("gone.toml", 2, "cannot read the scenarios"), (str(bad), 3, "kind: must be one of")):
        ended = await console.run("simulate", "--scenario", name)
        assert ended.code == code
        assert told in ended.complaint

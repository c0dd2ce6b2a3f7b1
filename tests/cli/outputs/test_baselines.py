"""`--baseline`: known findings are accepted, new ones fail, and what keeps a route from being judged never is."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console
from support.cli.schemas import valid
from support.gateway.scripted_gateway import Steps, scripted
from support.gateway.servers import whole
from support.instructions.tree import Tree
from support.probes.smoking import TOKEN
from support.reports import junit_cases, sarif_run
from support.watch.desks import profile_at
from support.workflows.workflows import with_run, with_step

from console.cli.outputs.of_routes import smoke_results
from console.domain.errors.category import Category, judged
from console.domain.finding import Finding, Severity
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.smoke import SmokeResult, SmokeStatus

INJECTION = with_run("echo ${{ github.event.issue.title }}", on="issues")


@pytest.fixture
def workflow(console: Console) -> Path:
    folder = console.home / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(INJECTION)
    return folder / "ci.yml"


def entries(console: Console, name: str = "base.json") -> list[dict[str, Any]]:
    document = valid(json.loads((console.home / name).read_text()))
    return list(document["accepted"])


async def test_a_known_finding_is_accepted_wherever_its_line_is_and_a_new_one_fails(
    console: Console, workflow: Path
) -> None:
    assert (await console.run("boundary")).code == 1
    told = await console.run("boundary", "--baseline", "base.json", "--update-baseline")
    assert told.code == 0
    assert {each["id"] for each in entries(console)} >= {"BND-07"}
    workflow.write_text(f"# a line more\n{INJECTION}")
    kept = await console.run("boundary", "--baseline", "base.json", "--output", "a.xml", "--output", "a.sarif")
    assert kept.code == 0, kept
    assert "skipped" in junit_cases((console.home / "a.xml").read_text()).values(), "accepted is not passed"
    (found,) = [
        each for each in sarif_run((console.home / "a.sarif").read_text())["results"] if each["ruleId"] == "BND-07"
    ]
    assert (found["baselineState"], len(found["suppressions"])) == ("unchanged", 1)

    (workflow.parent / "new.yml").write_text(INJECTION)
    worse = await console.run("boundary", "--baseline", "base.json")
    assert worse.code == 1
    assert "baseline: new: .github/workflows/new.yml BND-07" in worse.stderr


async def test_one_more_place_in_the_same_file_is_not_accepted(console: Console, workflow: Path) -> None:
    await console.run("boundary", "--baseline", "base.json", "--update-baseline")
    step = next(line for line in INJECTION.splitlines() if "github.event.issue.title" in line)
    workflow.write_text(INJECTION.replace(step, f"{step}\n{step}"))
    worse = await console.run("boundary", "--baseline", "base.json")
    assert worse.code == 1
    assert "worse than accepted" in worse.stderr


async def test_an_entry_ends_on_its_day_and_one_that_does_not_occur_is_told(console: Console, workflow: Path) -> None:
    await console.run("boundary", "--baseline", "base.json", "--update-baseline")
    path = console.home / "base.json"
    document = json.loads(path.read_text())
    for entry in document["accepted"]:
        entry |= {"until": "2027-01-31", "reason": "ticket 12"}
    path.write_text(json.dumps(document))
    console.now = lambda: datetime(2027, 1, 31, 23, tzinfo=UTC)
    assert (await console.run("boundary", "--baseline", "base.json")).code == 0
    console.now = lambda: datetime(2027, 2, 1, tzinfo=UTC)
    expired = await console.run("boundary", "--baseline", "base.json")
    assert expired.code == 1
    assert "accepted until a day that has passed: .github/workflows/ci.yml BND-07" in expired.stderr
    await console.run("boundary", "--baseline", "base.json", "--update-baseline")
    assert {(each["until"], each["reason"]) for each in entries(console)} == {("2027-01-31", "ticket 12")}

    workflow.write_text(with_step("uses: actions/checkout@v5", on="pull_request"))
    fixed = await console.run("boundary", "--baseline", "base.json")
    assert "did not occur: .github/workflows/ci.yml BND-07; --update-baseline removes it" in fixed.stderr
    await console.run("boundary", "--baseline", "base.json", "--update-baseline")
    assert "BND-07" not in {each["id"] for each in entries(console)}


async def test_a_literal_secret_drift_and_an_account_error_are_never_accepted(console: Console, workflow: Path) -> None:
    workflow.write_text(
        with_run(f"curl -H 'x: {'_'.join(['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'])}'", on="push")
    )
    for command, code in (
        (("boundary",), 11),
        (("check", "--level", "4", "--profile", "scenarios"), 5),
        (("routes", "--profile", "scenarios"), 6),
    ):
        told = await console.run(*command, "--baseline", "base.json", "--update-baseline")
        assert told.code == code
        assert "baseline: never accepted" in told.stderr
    ids = {each["id"] for each in entries(console)}
    assert not ids & {"account_pricing", "endpoint_drift", "ROUTE-03"}
    assert {each["verb"] for each in entries(console)} == {"check", "routes"}, "one file serves all verbs"


async def test_a_broken_contract_of_a_gateway_can_be_accepted_and_an_outage_cannot(console: Console) -> None:
    answer = {"id": "r1", "object": "response", "status": "completed", "model": "m", "output": []}
    async with scripted(Steps(wrong_key=whole(200, answer))) as server:  # it takes any key
        path = console.config_for(server.base_url, gateway='token_ref = ["env:GW"]')
        command = ("check", "--config", path, "--baseline", "base.json")
        assert (await console.run(*command[:3], GW=TOKEN)).code == 1
        assert (await console.run(*command, "--update-baseline", GW=TOKEN)).code == 0
        assert [(each["id"], each["severity"]) for each in entries(console) if each["severity"] == "fail"] == [
            ("COM-S-02", "fail")
        ]
        assert (await console.run(*command, GW=TOKEN)).code == 0
    down = whole(
        503, {"error": {"message": "The server is overloaded or not ready yet", "type": "service_unavailable"}}
    )
    async with scripted(Steps(no_input=down, wrong_key=down, unknown_model=down)) as server:
        path = console.config_for(server.base_url, gateway='token_ref = ["env:GW"]')
        told = await console.run(*command, "--update-baseline", GW=TOKEN)
        assert told.code == 10
    assert [each["id"] for each in entries(console) if each["severity"] == "fail"] == ["COM-S-02"], (
        "not judged, so kept"
    )


def test_a_call_that_was_refused_is_not_accepted_with_another_one_that_broke_its_contract() -> None:
    profile = profile_at("http://127.0.0.1:9")
    (check, _) = profile.check(date(2026, 12, 2))
    broken = Finding("COM-S-02", Severity.FAIL, "takes any key")
    why = (Category.CONTRACT_VIOLATION, Category.INVALID_REQUEST)
    calls = [
        SmokeResult(
            check.route.key,
            "m",
            "responses",
            "/v1/responses",
            SmokeStatus.FAILED,
            judged(each, "why"),
            findings=(broken,),
        )
        for each in why
    ]
    (result,) = smoke_results(profile, [ProvenRoute(check)], calls)
    assert result.findings[0].id == "invalid_request"
    assert not any(each.may_be_accepted for each in result.findings)


async def test_what_was_not_judged_cannot_be_accepted(console: Console, workflow: Path, tmp_path: Path) -> None:
    workflow.write_text("on: [\n")
    told = await console.run("boundary", "--baseline", "base.json", "--update-baseline", "--output", "a.xml")
    assert (told.code, "never accepted: .github/workflows/ci.yml BND-14" in told.stderr) == (1, True)
    assert (
        junit_cases((console.home / "a.xml").read_text())["gateway-console.boundary/.github/workflows/ci.yml"]
        == "error"
    )
    tree = Tree(tmp_path)
    tree.add("README.md").commit()
    told = await console.run("instructions", tree.root, "--baseline", "base.json", "--update-baseline")
    assert (told.code, "never accepted" in told.stderr, entries(console)) == (1, True, [])


async def test_a_baseline_that_cannot_be_used_stops_the_verb_first(console: Console) -> None:
    assert (await console.run("routes", "--baseline", "absent.json")).code == 3
    assert (await console.run("routes", "--update-baseline")).code == 2
    assert (await console.run("check", "--list", "--output", "a.xml")).code == 2
    told = await console.run("routes", "--read-only", "--baseline", "base.json", "--update-baseline")
    assert (told.code, (console.home / "base.json").exists()) == (11, False)

"""`--output`: the same findings, verdicts and exit codes in every form; what cannot be written is refused first."""

import asyncio
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console, Ended
from support.cli.schemas import valid
from support.gateway.scripted_gateway import Steps, scripted
from support.gateway.servers import raw_server, whole
from support.instructions.tree import Tree
from support.probes.smoking import TOKEN
from support.reports import junit_cases, sarif_run
from support.workflows.workflows import SAFE, with_run

FORMS = ("json", "xml", "sarif", "md", "html")


async def in_all_forms(console: Console, *command: str | Path) -> tuple[Ended, dict[str, str]]:
    """Run a command with every form as output; return how it ended and the files' texts."""
    names = [f"out/report.{form}" for form in FORMS]
    ended = await console.run(*command, *(part for name in names for part in ("--output", name)))
    return ended, {form: (console.home / f"out/report.{form}").read_text() for form in FORMS}


def failing(value: Any) -> Iterator[str]:
    """Yield the id of each finding of a document that fails, and the code of each conflict that stops."""
    match value:
        case {"id": str(name), "severity": "fail"} | {"code": str(name), "stops": True}:
            yield name
        case dict():
            for each in value.values():
                yield from failing(each)
        case list():
            for each in value:
                yield from failing(each)


def agree(ended: Ended, files: dict[str, str]) -> dict[str, str]:
    """Assert that all forms say the same; return the JUnit cases."""
    document = valid(json.loads(files["json"]))
    cases, run = junit_cases(files["xml"]), sarif_run(files["sarif"])
    (invocation,) = run["invocations"]
    assert invocation["exitCode"] == ended.code
    errors = {each["ruleId"] for each in run["results"] if each["level"] == "error"}
    assert set(failing(document)) <= errors
    assert all(each in files[form] for each in errors for form in ("md", "html"))
    has_failed = {"failure", "error"} & set(cases.values())
    assert bool(has_failed) == (ended.code != 0)
    assert not ended.code or errors
    assert f"exit code {ended.code}" in files["md"]
    return cases


COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "routes": (("routes", "--profile", "scenarios"), 6),
    "check, a level that proves little": (("check", "--level", "3"), 0),
    "check": (("check", "--level", "5", "--profile", "scenarios"), 5),
    "check, several profiles": (("check", "--level", "0", "--all-profiles"), 6),
    "smoke": (("smoke", "--profile", "scenarios"), 5),
    "smoke, several profiles": (("smoke", "--all-profiles", "--role", "fallback"), 5),
    "verify": (("verify",), 0),
    "verify, required": (("verify", "--require-fresh"), 1),
}


@pytest.mark.parametrize("name", COMMANDS)
async def test_every_form_says_what_the_document_says(console: Console, name: str) -> None:
    command, code = COMMANDS[name]
    ended, files = await in_all_forms(console, *command, "--json")
    assert ended.code == code
    assert json.loads(ended.stdout) == json.loads(files["json"])
    agree(ended, files)


async def test_what_was_not_proven_is_skipped_with_what_would_prove_it(console: Console) -> None:
    ended, files = await in_all_forms(console, "check", "--level", "3", "--role", "fallback")
    cases = agree(ended, files)
    prefix = "gateway-console.check.demo/route fallback"
    assert cases == {
        f"{prefix}, rung 0 offline": "passed",
        f"{prefix}, rung 1 connection": "passed",
        f"{prefix}, rung 2 catalogue": "passed",
        f"{prefix}, rung 3 key and path": "passed",
        prefix: "skipped",
    }
    assert "rung 4 would prove it: check --level 4" in files["xml"]
    assert "passed" not in set(agree(*await in_all_forms(console, "routes")).values()), "no gateway was asked"


async def test_a_boundary_points_at_the_lines_of_its_workflows(console: Console) -> None:
    folder = console.home / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "safe.yml").write_text(SAFE)
    (folder / "a b.yml").write_text(with_run("echo ${{ github.event.issue.title }}", on="issues"))
    ended, files = await in_all_forms(console, "boundary")
    cases = agree(ended, files)
    assert ended.code == 1
    assert cases["gateway-console.boundary/.github/workflows/safe.yml"] == "passed"
    assert cases["gateway-console.boundary/.github/workflows/a b.yml"] == "failure"
    (found,) = [each for each in sarif_run(files["sarif"])["results"] if each["ruleId"] == "BND-07"]
    (place,) = found["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": ".github/workflows/a%20b.yml"},
        "region": {"startLine": 8},
    }


async def test_instructions_are_a_case_each_and_what_was_not_tried_is_skipped(console: Console, tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.add("AGENTS.md").commit()
    tree.add("AGENTS.md", text="changed\n")
    ended, files = await in_all_forms(console, "instructions", tree.root)
    assert ended.code == 1
    assert agree(ended, files)["gateway-console.instructions/AGENTS.md"] == "failure"
    tree.commit()
    tree.add(".github/copilot-instructions.md").commit()
    cases = agree(*await in_all_forms(console, "instructions", "--tool", "copilot", tree.root))
    assert "skipped" in set(cases.values())


async def test_a_route_is_found_at_its_line_of_the_config(console: Console) -> None:
    path = console.config_for("http://127.0.0.1:1", roles=("planner", "writer"), model="claude-opus-4-1")
    ended, files = await in_all_forms(console, "routes", "--config", path)
    lines = {
        each["logicalLocations"][0]["fullyQualifiedName"]: each["physicalLocation"]
        for result in sarif_run(files["sarif"])["results"]
        for each in result["locations"]
    }
    agree(ended, files)
    written = path.read_text().splitlines()
    place = lines["p/route writer"]
    assert place["artifactLocation"]["uri"] == "config.toml"
    assert written[place["region"]["startLine"] - 1] == "[profiles.p.routes.writer]"


# --- What ends before its result -------------------------------------------------------------------------------------


async def test_a_problem_is_an_error_in_every_form_and_replaces_what_was_there(console: Console) -> None:
    (console.home / "out").mkdir()
    (console.home / "out" / "report.xml").write_text("an earlier run's")
    path = console.config_for("http://127.0.0.1:1", gateway='token_ref = ["env:ABSENT"]')
    ended, files = await in_all_forms(console, "check", "--config", path)
    assert ended.code == 4
    assert set(agree(ended, files).values()) == {"error"}
    assert json.loads(files["json"])["exit_code"] == 4


async def test_each_fault_of_a_config_is_an_error_at_its_line(console: Console) -> None:
    path = console.config_for("http://127.0.0.1:1", gateway="concurency = 1\ndeadlin_s = 1")
    alone = await in_all_forms(console, "check", "--config", path)
    swept = await in_all_forms(console, "check", "--config", path, "--all-profiles")
    written = path.read_text().splitlines()
    for ended, files in (alone, swept):
        assert ended.code == 3
        agree(ended, files)
        places = [each["locations"][0]["physicalLocation"] for each in sarif_run(files["sarif"])["results"]]
        assert {each["artifactLocation"]["uri"] for each in places} == {"config.toml"}
        lines = [written[each["region"]["startLine"] - 1].partition(" ")[0] for each in places]
        assert lines == ["concurency", "deadlin_s"]


@pytest.mark.parametrize(
    ("destination", "words"),
    [
        ("directory.xml", "is not a regular file"),
        ("link.xml", "is a symbolic link"),
        ("pipe.xml", "is not a regular file"),
        ("file.txt/report.xml", "cannot be written"),
        ("/proc/report.xml", "cannot be written"),
        ("report.txt", "names no form"),
        ("junit:", "wants a file"),
        ("junit:-", "wants a file"),
        ("json:config.toml", "is read by this command"),
        ("sarif:base.json", "is read by this command"),
    ],
)
async def test_what_cannot_be_written_is_refused_before_anything_is_sent(
    console: Console, destination: str, words: str
) -> None:
    (console.home / "directory.xml").mkdir()
    (console.home / "target").write_text("foreign")
    (console.home / "link.xml").symlink_to("target")
    (console.home / "file.txt").write_text("a file")
    os.mkfifo(console.home / "pipe.xml")
    (console.home / "base.json").write_text('{"schema": "gateway-console/baseline/v1", "accepted": []}')
    async with scripted() as server:
        path = console.config_for(server.base_url, gateway='token_ref = ["env:GW"]')
        before = path.read_text()
        ended = await console.run(
            "check", "--level", "4", "--config", path, "--baseline", "base.json", "--output", destination, GW=TOKEN
        )
        assert server.connections == 0
    assert ended.code in (1, 2)
    assert words in ended.complaint
    assert (console.home / "target").read_text() == "foreign"
    assert path.read_text() == before


async def test_two_outputs_do_not_share_a_file(console: Console) -> None:
    ended = await console.run("routes", "--output", "a.xml", "--output", "json:./a.xml")
    assert ended.code == 2
    assert "the same file" in ended.complaint


@pytest.mark.parametrize("destination", ["json:.config/gateway-console/config.toml", "markdown:by-link/config.toml"])
async def test_the_config_that_no_option_names_is_not_replaced(console: Console, destination: str) -> None:
    folder = console.home / ".config" / "gateway-console"
    folder.mkdir(parents=True)
    path = console.config_for("http://127.0.0.1:1").rename(folder / "config.toml")
    (console.home / "by-link").symlink_to(folder)
    before = path.read_text()
    ended = await console.run("routes", "--output", destination)
    assert (ended.code, path.read_text()) == (2, before)
    assert "is read by this command" in ended.complaint


async def test_an_output_that_fails_at_the_end_is_said_and_the_others_are_written(console: Console) -> None:
    folder, gone = console.home / "kept", console.home / "gone"
    release = asyncio.Event()

    async def waits(peer: Any, request: Any) -> None:
        gone.chmod(0o500)
        gone.rmdir()
        gone.write_text("a file stands where the directory was")
        release.set()
        await peer.send(whole(404, {"error": {"message": "Not found"}}))

    async with raw_server(waits) as server:
        gone.mkdir()
        path = console.config_for(server.base_url)
        ended = await console.run(
            "check", "--config", path, "--output", "gone/a.xml", "--output", "kept/a.json", "--level", "1"
        )
    assert release.is_set()
    assert ended.code != 0
    assert "gone/a.xml cannot be written" in ended.stderr
    assert "The result is on stdout" in ended.stderr
    assert "route" in ended.stdout
    assert json.loads((folder / "a.json").read_text())["schema"] == "gateway-console/check/v1"


async def test_a_file_is_for_its_user_alone_and_the_rest_of_its_directory_is_left(console: Console) -> None:
    ended, _ = await in_all_forms(console, "routes")
    assert ended.code == 0
    assert sorted(each.name for each in (console.home / "out").iterdir()) == sorted(f"report.{form}" for form in FORMS)
    assert {stat.S_IMODE(each.stat().st_mode) for each in (console.home / "out").iterdir()} == {0o600}


async def test_no_file_holds_the_token_that_a_gateway_says_back(console: Console) -> None:
    steps = Steps(text=lambda *_: whole(400, {"error": {"message": f"bad key {TOKEN}", "code": TOKEN}}))
    steps.lists = {"/v1/models": whole(200, {"object": "list", "data": [{"id": f"m-{TOKEN}"}, {"id": "m"}]})}
    async with scripted(steps) as server:
        path = console.config_for(server.base_url, gateway='token_ref = ["env:GW"]')
        outputs = [part for form in FORMS for part in ("--output", f"out/report.{form}")]
        ended = await console.run("check", "--level", "4", "--config", path, *outputs, GW=TOKEN)
    files = {form: (console.home / f"out/report.{form}").read_text() for form in FORMS}
    assert ended.code == 1
    agree(ended, files)
    assert all(TOKEN not in text for text in files.values())


@pytest.mark.long
async def test_a_run_has_its_outcome_in_every_form(console: Console) -> None:
    run_id = (await console.run("demo", "--json")).document["runs"][0]["run_id"]
    ended, files = await in_all_forms(console, "run", "show", run_id)
    assert ended.code == 0
    valid(json.loads(files["json"]))
    cases, run = junit_cases(files["xml"]), sarif_run(files["sarif"])
    skipped = {name for name, tag in cases.items() if tag == "skipped"}
    assert len(cases) >= 8
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1 + len(skipped), "and that it is simulated"
    assert run_id in files["md"]
    assert run_id in files["html"]
    refused = await console.run("run", "show", run_id, "--artifact", "task", "--output", "a.xml")
    assert refused.code == 2

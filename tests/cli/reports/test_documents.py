"""The documents of `--json`: each has a published schema, which real output meets and a wrong document does not."""

import ast
import json
import os
import re
import runpy
import shutil
from collections.abc import Iterator, Set
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError
from support.cli.console_process import Console
from support.cli.relay_command import relay_document
from support.cli.schemas import FOLDER, valid, validator
from support.git.repositories import Repository
from support.postgres.databases import Postgres
from support.relay.stand_in import StandIn
from support.run.desks import config_text
from support.watch.webhooks import MoodyWebhook

from console.services.config.shipped import shipped
from console.simulator.process import announcement
from console.simulator.server import serve

DATA = Path(__file__).parents[2] / "data"

ROOT = FOLDER.parents[1]
NAME = re.compile(r"gateway-console/[a-z-]+/v\d+")


@cache
def names_in_code() -> Set[str]:
    """Return the name of every document that the code can write."""
    return {
        node.value
        for path in (ROOT / "console").rglob("*.py")
        if NAME.search(text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value)
    }


def file_of(name: str) -> str:
    return f"{name.removeprefix('gateway-console/').replace('/', '-')}.json"


def test_the_published_schemas_are_those_of_the_types_and_every_document_has_one() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "report_schemas.py"))["texts"]()
    published = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    del published["config-v1.json"]
    assert published == made, "run: python docs/report_schemas.py"
    assert set(made) == {file_of(name) for name in names_in_code()}
    assert len(made) > 20


def commands_in(tmp_path: Path) -> list[tuple[str | Path, ...]]:
    """Return command lines that write every document, of success and failure, in the order that a run needs."""
    task, refusal, draft = tmp_path / "task.md", tmp_path / "refusal.json", tmp_path / "draft.patch"
    task.write_text("Add a note.\n")
    draft.write_text("--- a/AGENTS.md\n+++ b/AGENTS.md\n@@ -1 +1,2 @@\n # Rules\n+Be brief.\n")
    refusal.write_text('{"error": {"message": "no such model"}}')
    root = Repository(tmp_path / "repository", {"AGENTS.md": b"# Rules\n"}).root
    decide = ("run", "decide", "last", "--gate", "instruction", "--verdict", "ready", "--reason", "read")
    revise = ("run", "decide", "last", "--gate", "writer", "--verdict", "revise", "--reason", "say more of it")
    faulty = ("--config", shutil.copyfile(shipped("sample_config.toml"), tmp_path / "own.toml"), "--profile", "faults")
    return [
        ("config", "show"),
        ("config", "path"),
        ("config", "validate"),
        (*faulty, "config", "fix", "reviewer", "--yes"),
        (*faulty, "config", "undo", "--yes"),
        ("routes",),
        ("--profile", "faults", "routes"),
        ("routes", "--all-profiles"),
        ("check", "--all-profiles", "--level", "0"),
        ("smoke", "--all-profiles", "--role", "writer"),
        ("check", "--list"),
        ("check", "--level", "0"),
        ("check", "--level", "0", "--against", "faults"),
        ("check", "--level", "5", "--cross"),
        ("--profile", "faults", "check", "--level", "5"),
        ("init", "--from", DATA / "yaml_configs" / "routes.yaml", "--output", "-"),
        ("init", "--preset", "list"),
        ("routes", "--from-yaml", DATA / "yaml_configs" / "routes.yaml"),
        ("smoke",),
        ("--profile", "faults", "smoke"),
        ("demo",),
        ("explain",),
        ("explain", "timeout"),
        ("explain", "--status", "400", refusal),
        ("facts",),
        ("history",),
        ("fleet",),
        ("doctor",),
        ("boundary", root),
        ("agents", "--repo", root),
        ("instructions", root),
        ("verify", "mark", "ci-secrets"),
        ("verify", "show", "ci-secrets"),
        ("verify", "--require-fresh"),
        ("token", "list"),
        ("token", "doctor"),
        ("run", "start", "--task-file", task, "--repo", root),
        decide,
        ("run", "step", "last"),
        ("run", "step", "last", "--preview"),
        ("run", "show", "last"),
        ("run", "list"),
        ("run", "step", "last", "--send"),
        ("bundle", "--run", "last"),
        ("bundle", "--route", "writer", "--smoke"),
        ("run", "handover", "last", "--to", "mia", "--note", "read the plan first"),
        ("run", "inbox"),
        ("run", "resume", "last"),
        ("run", "stop", "last", "--reason", "enough of it"),
        ("record", "show", "last"),
        ("record", "list"),
        ("record", "verify", "--all"),
        ("run", "start", "--task-file", task, "--repo", root, "--auto"),
        ("record", "diff", "last", "last", "--all"),
        ("run", "show", "last", "--gate", "planner"),
        ("run", "candidate", "last"),
        ("run", "apply", "last"),
        ("record", "export", "last", "--as", "yaml", "--allow-simulated"),
        ("run", "start", "--task-file", task, "--repo", root, "--draft", draft, "--auto"),
        revise,
        ("run", "bring", "last", draft),
    ]


@pytest.mark.long
async def test_real_documents_of_every_name_meet_their_schemas(console: Console, tmp_path: Path) -> None:
    async with serve(pace=0) as listening:
        documents = [valid(json.loads(announcement(listening)))]
    async with console.start("relay", "--for", "codex", "--json") as child:
        documents.append(await relay_document(child))
    StandIn(console.home)
    proved = await console.run("prove", "codex", "--json", PATH=f"{console.home}/bin{os.pathsep}{os.defpath}")
    documents.append(proved.document)
    documents += [(await console.run(*each, "--json")).document for each in commands_in(tmp_path)]
    console.now = lambda: datetime.now(UTC) + timedelta(days=500)
    documents.append((await console.run("record", "prune", "--yes", "--json")).document)
    pruned = documents[-1]["runs"][0]["run_id"]
    documents.append((await console.run("record", "show", pruned, "--json")).document)
    documents += await documents_of_a_watch(console)
    files = ("problem.json", "baseline.json")
    await console.run("routes", "--profile", "absent", "--output", files[0])
    await console.run("routes", "--profile", "faults", "--baseline", files[1], "--update-baseline")
    documents += [valid(json.loads((console.home / name).read_text())) for name in files]
    assert {each["schema"] for each in documents} == names_in_code() - OF_A_STORE
    assert {next(iter(each)) for each in documents} == {"schema"}
    unlike = {(each["schema"], frozenset(each)): each for each in documents}  # what has the same keys is as wrong
    for document in unlike.values():
        for wrong in (document | {"more": 1}, *(without(document, key) for key in document if key not in MAY_LACK)):
            assert not validator(document["schema"]).is_valid(wrong)


MAY_LACK = ("schema", "handovers")
"""The keys that a document may lack: what is checked first, and what no run had that was left to no one."""
OF_A_STORE = {
    f"gateway-console/{name}/v1"
    for name in (
        *("operator", "store-check", "store-grants", "store-migrate", "store-status", "worker-status"),
        "store-copy",  # which needs a ledger in a file: tests/cli/store/test_store.py
        "store-url",  # written where a URL is typed at a terminal
        "team-events",  # what a webhook gets: tests/services/team/test_telling.py
    )
}


@pytest.mark.long
async def test_real_documents_of_a_store_meet_their_schemas(console: Console, postgres: Postgres) -> None:
    own = console.home / ".config" / "gateway-console" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text(config_text() + '\n[store]\nurl_ref = "env:STORE_URL"\n')
    commands = (
        ("store", "migrate", "--yes"),
        ("store", "grants"),
        ("store", "status"),
        ("store", "check"),
        ("operator", "list"),
        ("worker", "status"),
    )
    documents = [(await console.run(*each, "--json", STORE_URL=postgres.url)).document for each in commands]
    named = {each["schema"] for each in documents}
    elsewhere = {f"gateway-console/{name}/v1" for name in ("store-copy", "store-url", "team-events")}
    assert named == OF_A_STORE - elsewhere


async def documents_of_a_watch(console: Console) -> list[dict[str, Any]]:
    """Return what a watch writes of a first round, and what its webhook gets."""
    async with MoodyWebhook(("takes",), keeps_requests=True).serving() as hook:
        address = f"http://127.0.0.1:{hook.port}/"
        watched = await console.run("watch", "--once", "--json", "--webhook", address)
    return [watched.document, valid(json.loads(hook.requests[0].body))]


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a document."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects_in(each)


@pytest.mark.parametrize("verb", ["check", "smoke"])
async def test_no_object_of_a_document_takes_a_field_or_a_word_that_is_not_its_own(console: Console, verb: str) -> None:
    document = (await console.run("--profile", "faults", verb, "--role", "reviewer", "--json")).document
    for each in list(objects_in(document)):
        each["more"] = 1
        with pytest.raises(ValidationError):
            valid(document)
        del each["more"]
        for key in each.keys() & {"severity", "role", "status", "verdict", "category", "endpoint_family"}:
            word, each[key] = each[key], "text of a model"
            with pytest.raises(ValidationError):
                valid(document)
            each[key] = word
    assert valid(document)

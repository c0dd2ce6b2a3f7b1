"""The documentation does what it says: its commands run, its links lead somewhere, its reasons are reasons."""

import contextlib
import re
import shlex
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console
from support.config import write_config
from support.docs.desk import Desk
from support.docs.page import RUNS, Page
from support.run.desks import TASK, config_text
from support.run.gateway import run_gateway
from support.run.signing_keys import list_signers, make_key

from console.cli.parser import build_parser
from console.services.config.shipped import shipped

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path for path in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
}
QUICK = ("README.md", "docs/routes.md", "docs/runs.md")
"""The pages that run by default; all others are typed by `.ci/run`."""
LINKED = (*PAGES.values(), *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")))
GATEWAY = "[profiles.acme.gateway]"
"""What a piece without a table of its own belongs to."""
DEMO = tomllib.loads(shipped("sample_config.toml").read_text(encoding="utf-8"))["profiles"]["demo"]
LEAST_REASON = 15
"""Characters below which a reason says nothing."""


@contextlib.asynccontextmanager
async def ready(desk: Desk, page: Page) -> AsyncIterator[None]:
    """Prepare what a page takes for granted: a profile acme, or a run that was sealed and signed."""
    makes_config = any("config.toml" in block.file or "gateway-console init" in block.text for block in page.blocks)
    if page.path.name in ("records.md", "exports.md"):
        async with run_gateway() as gateway:
            await seal_run(desk, gateway.base_url, gateway.token)
            yield
        return
    typed = " ".join(said.command for block in page.blocks if block.is_run for said in block.commands)
    if "acme" in typed and not makes_config:
        write_config(desk.config, acme())
    yield


async def seal_run(desk: Desk, base_url: str, token: str) -> None:
    key = make_key(desk.home, "ann")
    list_signers(desk.console.home, key)
    policy = f'operator_key = "{key}"\nallowed_signers = "{desk.console.home / "allowed_signers"}"'
    desk.config.parent.mkdir(parents=True)
    desk.config.write_text(config_text(base_url=base_url, token_ref="env:GATEWAY_TOKEN", policy=policy))
    desk.console.environment["GATEWAY_TOKEN"] = token
    task = desk.home / "task.md"
    task.write_text(TASK)
    sealed = await desk.console.run("run", "start", "--task-file", task, "--auto")
    assert sealed.code == 0, sealed


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in PAGES]
)
async def test_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    page = Page(PAGES[name])
    desk = Desk(tmp_path)
    async with ready(desk, page):
        await desk.type(page)


def test_a_block_that_is_not_run_says_why() -> None:
    """List the reasons; run with -rP to read them."""
    left_out = [
        (f"{name}:{block.line}", block.not_run)
        for name, path in PAGES.items()
        for block in Page(path).blocks
        if block.not_run is not None
    ]
    assert [where for where, why in left_out if len(why or "") < LEAST_REASON] == []


def test_every_command_line_of_a_page_is_one_that_the_console_takes() -> None:
    lines = [
        (f"{name}:{block.line}", said.command)
        for name, path in PAGES.items()
        for block in Page(path).blocks
        if block.language in RUNS
        for said in block.commands
        if said.command.startswith("gateway-console ")
    ]
    assert len(lines) > 60
    for where, line in lines:
        _, extra = build_parser().parse_known_args(shlex.split(re.split(r" [|<>] ?| && ", line)[0], comments=True)[1:])
        assert extra == [], f"{where}: {line}"


async def test_a_piece_of_a_config_is_one_that_the_console_takes(tmp_path: Path) -> None:
    pieces = [
        (f"{name}:{block.line}", block.text)
        for name, path in PAGES.items()
        for block in Page(path).blocks
        if block.language == "toml" and not block.file.endswith("scenario.toml") and "[store]" not in block.text
    ]
    assert len(pieces) > 4
    console = Console(tmp_path)
    for where, text in pieces:
        piece = tomllib.loads(text if "[" in text.partition("=")[0] or "schema" in text else f"{GATEWAY}\n{text}")
        whole = acme()
        whole["profiles"] |= dict.fromkeys(set(piece.get("profiles", ())) - set(whole["profiles"]), DEMO)
        path = write_config(tmp_path / "config.toml", merged(whole, piece))
        told = await console.run("routes", "--config", path, "--all-profiles")
        assert told.code in (0, 1, 6), f"{where}: {told.stderr}"


def acme() -> dict[str, Any]:
    """Return the config that a page takes for granted when it speaks of the profile acme."""
    two = {"writer": DEMO["routes"]["writer"] | {"fast": DEMO["routes"]["writer"]}}
    profile = DEMO | {"routes": DEMO["routes"] | two}
    return {"schema": 1, "default_profile": "acme", "profiles": {"acme": profile, "acme-eu": profile}}


def merged(table: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: (table[key], value) for key, value in over.items() if key in table}
    deeper = {key: merged(*pair) for key, pair in both.items() if all(isinstance(each, dict) for each in pair)}
    return {**table, **over, **deeper}


def test_a_link_leads_to_a_file_and_a_heading_that_are_there() -> None:
    broken = []
    for path in LINKED:
        for target in Page(path).links:
            file, _, anchor = target.partition("#")
            if re.match("[a-z]+:", target):
                continue
            to = path if not file else (path.parent / file).resolve()
            is_there = to.exists() and to.is_relative_to(ROOT)
            if not is_there or (anchor and anchor not in Page(to).anchors):
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = Page(ROOT / "docs/README.md")
    there = {(contents.path.parent / link.partition("#")[0]).resolve() for link in contents.links}
    assert {name for name, path in PAGES.items() if path not in there} == {"README.md", "docs/README.md"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("```sh\ngateway-console explain no-such-file\n```", "ended with"),
        ("```console\n$ gateway-console explain account_quota\nnothing … of the kind\n```", "does not say"),
        ("    false | true", "ended with 1"),
    ],
)
async def test_a_page_that_says_what_is_not_so_fails(text: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"# Page\n\n{text}\n")
    with pytest.raises(AssertionError, match=wrong):
        await Desk(tmp_path / "desk").type(Page(path))

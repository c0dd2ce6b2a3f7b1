"""Records: of each way to stop a run, the record alone says which route and family, why, and what was in reach.

The record of a stop is compared with `tests/data/records/stop-NAME.yaml`, in which ids, times, hashes and counts are
placeholders. `GATEWAY_CONSOLE_GOLDEN=write pytest tests/cli/record/test_records.py` writes the files again.
"""

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.run.desks import FILES, TASK, config_text
from support.run.gateway import RunGateway, run_gateway

from console.domain.verification import rows

_GOLDEN = Path(__file__).parents[2] / "data" / "records"
_PLACEHOLDERS = (
    (r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "RUN"),
    (r"'?\b\d{4}-\d\d-\d\dT[0-9:.]+Z'?", "TIME"),
    (r"'?\b([0-9a-f]{64}|[0-9a-f]{40})\b'?", "HASH"),
    (r"SHA256:[A-Za-z0-9+/]{43}", "KEY"),
    (r"http://127\.0\.0\.1:\d+", "ORIGIN"),
    (r"(ttft_ms|total_ms|brief_size|tokens|microusd|input_tokens|output_tokens): \d+", r"\1: NUMBER"),
    (r"(call_id|request_id|console_version|decided_by|by): (?!null)'?[^ \n']+'?", r"\1: TEXT"),
)


@dataclass(frozen=True)
class Way:
    """A way to stop a run, as an operator comes to it."""

    name: str
    models: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    """Why the operator stops it, at the planner's gate."""


WAYS = (
    Way("drift", {"writer": "gpt-5-pro@chat_completions"}),
    Way("pricing", {"writer": "gpt-unpriced-placeholder"}),
    Way("auth", environment={"GATEWAY_TOKEN": "wrong-" + "7Qx" * 9}),
    Way("missing-model", {"writer": "gpt-of-another-gateway"}),
    Way("missing-role", {"planner": ""}),
    Way("independence", {"reviewer": "gpt-route-placeholder"}),
    Way("verification", policy="require_verification = true"),
    Way("boundary", environment={"NPM_TOKEN": "made-up", "GITHUB_TOKEN": "made-up"}),
    Way("operator", reason="The customer withdrew the order."),
)


@dataclass
class Place:
    """A repository, a task and a command line, before an embedded gateway."""

    console: Console
    gateway: RunGateway
    directory: Path

    async def run(self, way: Way, *arguments: str | Path) -> Ended:
        token = {"GATEWAY_TOKEN": self.gateway.token} | way.environment
        return await self.console.run(*arguments, "--config", self.directory / "config.toml", **token)

    def configure(self, way: Way) -> None:
        text = config_text(
            base_url=self.gateway.base_url, token_ref="env:GATEWAY_TOKEN", policy=way.policy, **way.models
        )
        (self.directory / "config.toml").write_text(text)

    async def begun(self, way: Way, *arguments: str) -> Ended:
        repository = Repository(self.directory / "repository", FILES)
        task = self.directory / "task.md"
        task.write_text(TASK)
        return await self.run(way, "run", "start", "--task-file", task, "--repo", repository.root, *arguments)

    async def stopped(self, way: Way) -> None:
        """Begin a run, and let it stop."""
        self.configure(way)
        if not way.reason:
            await self.begun(way, "--auto")
            return
        await self.begun(way)
        await self.run(way, "run", "decide", "last", "--gate", "instruction", "--verdict", "ready")
        await self.run(way, "run", "step", "last")
        await self.run(way, "run", "step", "last", "--send")
        await self.run(way, "run", "stop", "last", "--reason", way.reason)


@pytest.fixture
async def place(console: Console, tmp_path: Path) -> AsyncIterator[Place]:
    async with run_gateway() as gateway:
        yield Place(console, gateway, tmp_path)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_the_record_of_a_stop_says_which_route_why_and_what_was_in_reach(place: Place, way: Way) -> None:
    await place.stopped(way)
    shown = (await place.run(way, "record", "show", "last")).stdout
    assert yaml.safe_load(shown)["status"] == "stopped"
    for pattern, placeholder in _PLACEHOLDERS:
        shown = re.sub(pattern, placeholder, shown)
    golden = _GOLDEN / f"stop-{way.name}.yaml"
    if os.environ.get("GATEWAY_CONSOLE_GOLDEN") == "write":
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")
    summary = (await place.run(way, "record", "show", "last", "--summary")).stdout.splitlines()
    assert len(summary) <= 23
    assert max(map(len, summary)) <= 80


async def test_the_pages_of_required_rows_are_in_the_record_of_a_sealed_candidate(place: Place) -> None:
    way = Way("sealed", policy="require_verification = true")
    place.configure(way)
    for row in rows():
        await place.run(way, "verify", "mark", row.id)
    assert (await place.begun(way, "--auto")).code == 0
    record = (await place.run(way, "record", "show", "last", "--json")).document
    assert [each["id"] for each in record["verified_rows"]] == [row.id for row in rows()]
    assert set(record["source_urls_checked"]) == {row.source_url for row in rows()}
    summary = (await place.run(way, "record", "show", "last", "--summary")).stdout.splitlines()
    assert [line for line in summary if line.startswith("verified")] == [
        f"verified    ✓ ok        {len(rows())} required row(s) were fresh"
    ]
    assert len(summary) <= 23
    assert max(map(len, summary)) <= 80


async def test_the_summary_is_for_people(place: Place) -> None:
    place.configure(Way("none"))
    ended = await place.run(Way("none"), "record", "show", "last", "--summary", "--json")
    assert (ended.code, "leave --summary out" in ended.stderr) == (2, True)

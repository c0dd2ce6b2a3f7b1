"""Configs gathered by someone who had not read the rules: a right address is silent, and a wrong one never is.

At first read 33 of the 34 addresses were told right; an Ollama address without its version was silent.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console, Ended

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "fresh_configs.jsonl").read_text(encoding="utf-8").splitlines()
]
OF_ADDRESS = {"ROUTE-01", "ROUTE-02", "ROUTE-07", "ROUTE-08", "ROUTE-09", "ROUTE-10"}
OF_MODEL = {"MOD-06", "ROUTE-03"}
"""What may fail although the address is right: how a model is served, and whether it is retired by today."""


async def _routes(console: Console, given: dict[str, str]) -> Ended:
    lines = [f"{key} = {json.dumps(given[key], ensure_ascii=False)}" for key in given if key != "base_url"]
    config = console.write_config(
        'schema = 1\ndefault_profile = "p"\n[profiles.p.gateway]\n'
        f'base_url = {json.dumps(given["base_url"], ensure_ascii=False)}\ntoken_ref = ["env:GW_TOKEN"]\n'
        "[profiles.p.routes.writer]\n" + "\n".join(lines)
    )
    return await console.run("--config", config, "routes", "--json", GW_TOKEN="x" * 12)


def _told(ended: Ended) -> str:
    """Return how an address was told: refused, flagged or silent."""
    if ended.code == 3:
        return "refused"
    (route,) = ended.document["routes"]
    told = {each["id"]: each["severity"] for each in route["findings"] if each["id"] in OF_ADDRESS}
    failed = {each["id"] for each in route["findings"] if each["severity"] == "fail"}
    assert (ended.code == 0) is (failed == set())
    if {"fail", "warn"} & set(told.values()):
        return "flagged"
    assert told == {}
    assert failed <= OF_MODEL
    return "silent"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
async def test_an_address_is_told_as_its_source_says(console: Console, case: dict[str, Any]) -> None:
    assert _told(await _routes(console, case["config"])) in case["expected"].split(" or ")


@pytest.mark.parametrize("case", [case for case in CASES if "right" in case], ids=lambda case: case["id"])
async def test_the_right_address_in_place_of_a_wrong_one_is_silent(console: Console, case: dict[str, Any]) -> None:
    assert _told(await _routes(console, {**case["config"], **case["right"]})) == "silent"

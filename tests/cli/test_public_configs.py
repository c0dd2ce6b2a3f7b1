"""Configs of public reports: each ends as was decided from its source, by exit code, finding and message."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console, Ended
from support.gateway.servers import Request, answer_with, good_stream, raw_server

from console.domain.routes.family import EndpointFamily

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "public_configs.jsonl").read_text(encoding="utf-8").splitlines()
]
TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])


def _config(case: dict[str, Any], server: str) -> str:
    given = case["input"]["config"]
    base_url = given["base_url"].replace("L", server, 1) if given["base_url"].startswith("L") else given["base_url"]
    return (
        f'schema = 1\ndefault_profile = "p"\n[profiles.p.gateway]\nbase_url = "{base_url}"\n'
        f'token_ref = ["env:GW_TOKEN"]\n{given["extra"]}[profiles.p.routes.writer]\nmodel = "{given["model"]}"\n'
        f'endpoint_family = "{given["endpoint_family"]}"\nendpoint_path = "{given["endpoint_path"]}"\n'
    )


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
async def test_a_config_of_a_public_report_ends_as_decided(console: Console, case: dict[str, Any]) -> None:
    check, given = case["check"], case["input"]["config"]
    family = EndpointFamily(given["endpoint_family"])
    async with raw_server(answer_with(good_stream(family, model=given["model"]))) as server:
        config = console.write_config(_config(case, server.base_url))
        as_text = await console.run("--config", config, "routes", GW_TOKEN=TOKEN)
        as_json = await console.run("--config", config, "routes", "--json", GW_TOKEN=TOKEN)
        smoked = None
        if "smoke_code" in check:
            smoked = await console.run("--config", config, "smoke", "--json", GW_TOKEN=TOKEN)
    assert (as_text.code, as_json.code) == (check["routes_code"], check["routes_code"])
    told = as_text.stdout + as_text.stderr
    assert [words for words in check.get("says", []) if words not in told] == []
    assert [words for words in check.get("hides", []) if words in told + as_json.stdout + as_json.stderr] == []
    if check["routes_code"] == 0:
        _has_findings(as_json, check.get("findings", []))
    if smoked is not None:
        assert smoked.code == check["smoke_code"]
        _was_sent(server.requests, check)


def _has_findings(ended: Ended, ids: list[str]) -> None:
    (route,) = ended.document["routes"]
    found = {each["id"]: each for each in route["findings"]}
    of_address = {each for each in found if each in ("ROUTE-01", "ROUTE-02", "ROUTE-07", "ROUTE-08", "ROUTE-10")}
    assert of_address == set(ids)
    assert {each["subject"] for each in route["findings"]} <= {"route writer"}


def _was_sent(requests: list[Request], check: dict[str, Any]) -> None:
    (request,) = requests
    assert request.path == check["sent_path"]
    for name, value in check.get("sent_headers", {}).items():
        assert request.header(name) == (TOKEN if value == "TOKEN" else value)


def test_every_arguable_case_has_a_decision_with_its_reason() -> None:
    assert [case["id"] for case in CASES if case["verdict"] == "arguable" and not case.get("decided")] == []

"""The probe ladder against a real model server with real weights: what it says of each rung is what happened there."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.referees.check_command import ROUTES, Checked, check
from support.referees.forwarder import Forwarder, forward_to
from support.referees.llama_process import MODEL
from support.referees.llama_server import LlamaServer

from console.domain.routes.family import EndpointFamily

pytestmark = pytest.mark.referee


async def _check(home: Path, llama: Forwarder, server: LlamaServer, level: int, *more: str) -> Checked:
    return await check(home, llama.base_url, "--level", str(level), *more, token=server.key, model=MODEL)


@dataclass(frozen=True, slots=True)
class AtTheTop:
    """The command up to rung 5, and what went over the wire."""

    checked: Checked
    wire: Forwarder


@pytest.fixture(scope="module")
async def at_the_top(llama_server: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> AtTheTop:
    """Climb to rung 5 once, for all tests that look at what is said and sent there."""
    async with forward_to(llama_server.base_url) as forwarder:
        return AtTheTop(await _check(tmp_path_factory.mktemp("home"), forwarder, llama_server, 5), forwarder)


async def test_the_free_rungs_hold_and_its_silent_acceptance_of_an_unknown_model_is_found(
    llama: Forwarder, llama_server: LlamaServer, tmp_path: Path
) -> None:
    checked = await _check(tmp_path, llama, llama_server, 3)

    assert checked.exit_code == 0, checked.stderr
    for route in checked.routes.values():
        assert route["rung_reached"] == 3
        assert [rung["status"] for rung in route["rungs"]][:3] == ["passed", "passed", "passed"]
        assert "fail" not in [finding["severity"] for finding in route["findings"]]
    told = [(each["id"], each["severity"]) for route in checked.routes.values() for each in route["findings"]]
    assert ("COM-S-03", "warn") in told, "an unknown model is tried once, on the first path"
    sent = sum(rung["requests_sent"] for route in checked.routes.values() for rung in route["rungs"])
    assert sent == len(llama.requests)


async def test_to_rung_4_no_finding_fails_and_only_the_fallback_needs_no_more(
    llama: Forwarder, llama_server: LlamaServer, tmp_path: Path
) -> None:
    checked = await _check(tmp_path, llama, llama_server, 4)

    assert checked.exit_code == 0, checked.stderr
    for role, route in checked.routes.items():
        assert route["rung_reached"] == 4
        assert route["verdict"] == ("proven" if role == "fallback" else "unproven")
        assert "fail" not in [finding["severity"] for finding in route["findings"]]
        assert route["rungs"][4]["tokens"] > 0


def test_what_rung_5_says_is_what_the_server_answered(at_the_top: AtTheTop) -> None:
    """Its small model may fit a schema or not; what is said of it has to be so."""
    checked = at_the_top.checked
    for role, route in checked.routes.items():
        family = EndpointFamily(ROUTES[role])
        top = route["rungs"][5]
        assert top["requests_sent"] == 1
        shaped = [
            json.loads(request.body)
            for request in at_the_top.wire.requests
            if request.path == family.standard_path and request.method == "POST" and b'"stream":true' in request.body
        ]
        assert len(shaped) == 2
        assert [body for body in shaped if {"text", "output_config", "response_format"} & set(body)], family
        if top["status"] == "passed":
            assert (route["rung_reached"], top["category"]) == (5, None)
        else:
            assert top["status"] in ("failed", "blocked")
            assert top["category"] is not None
            assert top["evidence"]
            assert route["verdict"] in ("conditional", "blocked", "drift")
    assert checked.exit_code == (0 if all(route["rung_reached"] == 5 for route in checked.routes.values()) else 1)


async def test_a_wrong_key_is_an_account_matter_and_nothing_is_generated(llama: Forwarder, tmp_path: Path) -> None:
    checked = await check(tmp_path, llama.base_url, "--level", "5", token="referee-wrong-key", model=MODEL)

    assert checked.exit_code == 5
    for route in checked.routes.values():
        assert route["verdict"] == "blocked"
        assert route["rungs"][-1]["category"] == "account_auth"
    assert not [request for request in llama.requests if b'"stream":true' in request.body]


def test_neither_its_health_nor_any_other_path_is_asked(at_the_top: AtTheTop) -> None:
    paths = {request.path.partition("?")[0] for request in at_the_top.wire.requests}
    assert paths <= {
        *(EndpointFamily(family).standard_path for family in ROUTES.values()),
        "/v1/models",
        "/api/models",
        "/api/pricing",
    }


def test_the_document_holds_no_key(at_the_top: AtTheTop, llama_server: LlamaServer) -> None:
    assert llama_server.key not in json.dumps(at_the_top.checked.document) + at_the_top.checked.stderr

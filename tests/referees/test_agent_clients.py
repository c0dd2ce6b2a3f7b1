"""What `check --agent` predicts is what the real agent meets: Codex and OpenCode, headless, on the same gateways."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.referees.agent_clients import run_agent
from support.referees.check_command import check
from support.referees.forwarder import forward_to
from support.referees.llama_process import MODEL as LLAMA_MODEL
from support.referees.llama_server import LlamaServer
from support.referees.strict_gateway import Refuse, functions_only, small_context, strict_gateway, unknown_field

from console.domain.routes.family import EndpointFamily

if TYPE_CHECKING:
    from console.simulator.server import Listening

pytestmark = pytest.mark.referee

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
EMBEDDED_MODEL = "gpt-route-placeholder"


@dataclass(frozen=True, slots=True)
class Met:
    """What the console said of an agent, and what the agent itself met."""

    predicted: dict[str, Any]
    """The agent's row in the document of `check`."""
    status: int
    """The HTTP status of the agent's own first call with its tools."""
    exit_code: int
    said: str


async def meet(
    home: Path, base_url: str, agent: str, family: EndpointFamily, *, token: str, model: str = EMBEDDED_MODEL
) -> Met:
    """Ask the console and then the agent itself."""
    asked = ("--level", "5", "--agent", agent)
    checked = await check(home, base_url, *asked, token=token, model=model, families={"writer": family.value})
    (predicted,) = checked.document["agents"]
    async with forward_to(base_url) as forwarder:
        ended = await run_agent(agent, home / "agent", forwarder.base_url, family=family, model=model, token=token)
        answers = [
            (len(connection.asked), int(bytes(connection.answered[9:12])))
            for connection in forwarder.connections
            if bytes(connection.asked).startswith(b"POST")
        ]
    assert answers, ended.said
    return Met(predicted, max(answers)[1], ended.exit_code, ended.said)


@contextlib.asynccontextmanager
async def _plain(upstream: str) -> AsyncIterator[str]:
    yield upstream


def _behind(refuse: Refuse) -> Callable[[str], contextlib.AbstractAsyncContextManager[str]]:
    return lambda upstream: strict_gateway(upstream, refuse)


GATEWAYS = {
    "embedded": _plain,
    "closed list of fields": _behind(unknown_field),
    "functions only": _behind(functions_only),
    "both": _behind(lambda body, data: unknown_field(body, data) or functions_only(body, data)),
    "small context": _behind(small_context),
}
REFUSED = {
    ("closed list of fields", "codex"): ("AGT-03", "client_metadata"),
    ("functions only", "codex"): ("AGT-03", "namespace"),
    ("small context", "codex"): ("AGT-14", "bytes"),
}
"""What each gateway refuses of an agent; where there is no row, the agent passes."""
MEETINGS = [
    *((gateway, "codex", R) for gateway in GATEWAYS if gateway != "both"),
    # OpenCode passes what refuses more, and so what refuses less. Where the context is too small, it shortens the
    # conversation and calls again, without end.
    ("both", "opencode", C),
]


@pytest.mark.parametrize(("gateway", "agent", "family"), MEETINGS)
async def test_what_is_predicted_is_met(
    embedded: "Listening", tmp_path: Path, gateway: str, agent: str, family: EndpointFamily
) -> None:
    async with GATEWAYS[gateway](embedded.base_url) as base_url:
        met = await meet(tmp_path, base_url, agent, family, token=embedded.token)

    found = {each["id"]: each["evidence"] for each in met.predicted["findings"] if each["severity"] == "fail"}
    expected = REFUSED.get((gateway, agent))
    if expected is None:
        assert (met.predicted["status"], found) == ("passed", {})
        assert (met.status, met.exit_code) == (200, 0), met.said
        assert "OK." in met.said
    else:
        assert met.predicted["status"] == "failed"
        assert list(found) == [expected[0]]
        assert expected[1] in found[expected[0]]
        assert met.status == 400
        assert met.exit_code != 0


@pytest.mark.parametrize("family", [R, M])
async def test_opencode_passes_on_its_other_providers(
    embedded: "Listening", tmp_path: Path, family: EndpointFamily
) -> None:
    met = await meet(tmp_path, embedded.base_url, "opencode", family, token=embedded.token)
    assert met.predicted["status"] == "passed"
    assert (met.status, met.exit_code) == (200, 0), met.said


@pytest.mark.parametrize("model", ["gpt-5.5", "gpt-6-sol"])
async def test_codex_s_shape_for_a_model_that_it_knows_is_met_too(
    embedded: "Listening", tmp_path: Path, model: str
) -> None:
    """The embedded gateway does not know these models: both calls get as far as that."""
    async with strict_gateway(embedded.base_url, unknown_field) as base_url, forward_to(base_url) as forwarder:
        ended = await run_agent(
            "codex", tmp_path / "agent", forwarder.base_url, family=R, model=model, token=embedded.token
        )
        (sent,) = [json.loads(each.body) for each in forwarder.requests if each.method == "POST"]
    from console.domain.probes.agent import agents

    shape = agents()["codex"].shape_for(R, model)
    assert shape is not None
    recorded = json.loads(shape.body)
    assert set(sent) == set(recorded)
    assert _types(sent) == _types(recorded)
    assert "client_metadata: unknown field" in ended.said


def _types(body: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the type of each item with its tools, and of each tool."""
    return [
        (str(each.get("type")), [str(tool.get("type")) for tool in each.get("tools", [])])
        for each in (*body["input"], *body.get("tools", []))
    ]


async def test_a_real_model_server_refuses_both_alike(llama_server: LlamaServer, tmp_path: Path) -> None:
    """Its context is smaller than any agent's first call."""
    met = await meet(tmp_path, llama_server.base_url, "codex", R, token=llama_server.key, model=LLAMA_MODEL)
    assert met.predicted["status"] == "failed"
    assert met.predicted["category"] == "invalid_request"
    assert [each["id"] for each in met.predicted["findings"] if each["id"].startswith("AGT")]
    assert met.status == 400
    assert met.exit_code != 0

"""Answers as real gateways gave them on 2026-12-01, byte for byte: who answered, by every mark that they carry."""

from pathlib import Path

import pytest

from console.domain.probes.event import SmokeFinished
from console.domain.probes.served_as import ServedAs
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.run.independence import Served, level
from console.services.gateway.call import Chunk, Started, Written
from console.services.probes.exchange import Exchange

DATA = Path(__file__).parents[2] / "data" / "real_gateways"
M, C = EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
STREAM = {"content-type": "text/event-stream"}


def answered(name: str, model: str, family: EndpointFamily, headers: dict[str, str] | None = None) -> SmokeResult:
    """Return how a recorded answer is judged. A file without a head gets the given headers."""
    data = (DATA / f"{name}.txt").read_bytes().replace(b"\r\n", b"\n")
    if data.startswith(b"HTTP/"):
        head, _, data = data.partition(b"\n\n")
        lines = [line.partition(": ") for line in head.decode().splitlines()[1:]]
        headers = {key.lower(): value for key, _, value in lines}
    exchange = Exchange(Route(Role.WRITER, model, family, family.standard_path), None)
    for part in (Written(1.0), Started(200, headers or STREAM, 2.0), Chunk(data, 3.0)):
        exchange.take(part)
    finished = exchange.finish(None)[-1]
    assert isinstance(finished, SmokeFinished)
    return finished.result


def served_by(result: SmokeResult) -> Served:
    route = Route(Role.WRITER, result.model, C, f"/{result.model}")
    return Served(route, result.model_reported, None if result.service is None else result.service.behind)


def test_two_aliases_of_one_deployment_are_one_model() -> None:
    writer = answered("litellm_alias_writer", "alias-writer", C)
    reviewer = answered("litellm_alias_reviewer", "alias-reviewer", C)
    for result in (writer, reviewer):
        assert result.service is not None
        assert (result.service.served_as, result.model_reported) == (ServedAs.ALIAS, result.model)
        assert result.service.behind == "openai/gpt-route-placeholder"
        assert "SRV-02" not in {each.id for each in result.findings}
    assert level(served_by(writer), served_by(reviewer)) == 1


def test_a_claude_code_router_s_address_is_the_model_itself() -> None:
    result = answered("ccr_ok_messages", "openai,ok", M)
    assert result.service is not None
    assert (result.service.served_as, result.model_reported) == (ServedAs.ITSELF, "ok")
    assert "COM-B-01" not in {each.id for each in result.findings}


@pytest.mark.parametrize("has_upstream", [False, True])
def test_messages_that_litellm_translated_show_by_the_head(*, has_upstream: bool) -> None:
    """The id alone, `msg_` and a UUID, is one of Messages."""
    head = STREAM | {"x-litellm-model-name": "openai/smollm2", "x-litellm-model-group": "smol"}
    native = {"llm_provider-date": "today"} if has_upstream else {}
    result = answered("litellm_smol_messages", "smol", M, head | native)
    assert result.status is SmokeStatus.PASSED
    assert "SRV-02" in {each.id for each in result.findings}
    assert "SRV-02" not in {each.id for each in answered("litellm_smol_messages", "smol", M).findings}


KEY = "-".join(["sk", "Mq7vB2xKw9", "Zr4tY8nLc3", "Hd6pJ1sGf5"])


@pytest.mark.parametrize("name", ["evil\x1b[2J", "a" * 300, 'x"]\nauth = "none', KEY])
def test_a_name_without_the_closed_form_is_neither_shown_nor_offered(name: str) -> None:
    result = answered("litellm_smol_messages", "smol", M, STREAM | {"x-model-actual": name})
    assert result.service is not None
    assert (result.service.served_as, result.service.model) == (ServedAs.SWAPPED, None)
    (finding,) = [each for each in result.findings if each.id == "COM-B-01"]
    assert finding.evidence == "its name cannot be shown (x-model-actual)"

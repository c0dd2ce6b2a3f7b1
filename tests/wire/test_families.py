import json

import pytest
from bench.judging import READERS, dearer_streams, read, stream_of

from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.request import Request


def test_every_family_has_a_wire() -> None:
    assert set(FAMILY_WIRES) == set(EndpointFamily)


@pytest.mark.parametrize(
    ("family", "prompt_key", "limit_key"),
    [
        (EndpointFamily.RESPONSES, "input", "max_output_tokens"),
        (EndpointFamily.ANTHROPIC_MESSAGES, "messages", "max_tokens"),
        (EndpointFamily.CHAT_COMPLETIONS, "messages", "max_completion_tokens"),
    ],
)
def test_each_family_builds_its_own_request(family: EndpointFamily, prompt_key: str, limit_key: str) -> None:
    body = json.loads(FAMILY_WIRES[family].build("vendor/model:free", Request('é\n"', 99)))
    assert body["model"] == "vendor/model:free"
    assert body[limit_key] == 99
    prompt = body[prompt_key]
    assert (prompt if prompt_key == "input" else prompt[0]["content"]) == 'é\n"'


@pytest.mark.parametrize("family", EndpointFamily)
def test_no_request_holds_a_sampling_parameter(family: EndpointFamily) -> None:
    body = json.loads(FAMILY_WIRES[family].build("m", Request("p", 64)))
    assert not {"temperature", "top_p", "top_k", "seed"} & set(body)


@pytest.mark.parametrize("family", EndpointFamily)
def test_each_stream_has_its_own_reader(family: EndpointFamily) -> None:
    wire = FAMILY_WIRES[family]
    assert wire.open_stream() is not wire.open_stream()


@pytest.mark.parametrize("family", EndpointFamily)
def test_the_benchmark_reads_the_same_stream_with_its_judge_and_without(family: EndpointFamily) -> None:
    for open_reader in READERS[family]:
        assert read(stream_of(family, 50), open_reader()) == 50


@pytest.mark.parametrize(("family", "data"), dearer_streams(50).values(), ids=dearer_streams(50))
def test_the_benchmarks_dearer_streams_are_read_without_a_fault(family: EndpointFamily, data: bytes) -> None:
    plain, judged = (read(data, open_reader()) for open_reader in READERS[family])
    assert plain == judged

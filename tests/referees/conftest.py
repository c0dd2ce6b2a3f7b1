"""Fixtures of the referees: software that others wrote, started for real."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.referees.forwarder import Forwarder, forward_to
from support.referees.llama_server import LlamaServer, run_llama_server
from support.referees.smoke_command import SmokeCommand
from support.waiting import HANG_S

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

    from console.simulator.server import Listening


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """Run one llama-server for the whole session."""
    with run_llama_server(tmp_path_factory.mktemp("llama") / "server.log") as server:
        yield server


@pytest.fixture
def mortal_llama_server(tmp_path: Path) -> Iterator[LlamaServer]:
    """Run a llama-server of the test's own, to be killed."""
    with run_llama_server(tmp_path / "server.log") as server:
        yield server


@pytest.fixture
async def llama(llama_server: LlamaServer) -> AsyncIterator[Forwarder]:
    """Forward to the session's llama-server, counting this test's requests."""
    async with forward_to(llama_server.base_url) as forwarder:
        yield forwarder


@pytest.fixture
def smoke(tmp_path: Path) -> SmokeCommand:
    """Return the smoke command of an operator with an empty home."""
    return SmokeCommand(tmp_path)


@pytest.fixture
async def embedded() -> AsyncIterator["Listening"]:
    """Serve the embedded gateway, answering at once."""
    from console.simulator.server import serve

    async with serve(pace=0) as listening:
        yield listening


@pytest.fixture
def open_openai() -> Callable[[str, str], "AsyncOpenAI"]:
    """Open the official openai SDK on a gateway; strict, so that an answer of another shape raises."""
    from openai import AsyncOpenAI

    def client(base_url: str, token: str) -> "AsyncOpenAI":
        return AsyncOpenAI(
            base_url=f"{base_url}/v1", api_key=token, max_retries=0, timeout=HANG_S, _strict_response_validation=True
        )

    return client


@pytest.fixture
def open_anthropic() -> Callable[[str, str], "AsyncAnthropic"]:
    """Open the official anthropic SDK on a gateway; strict, so that an answer of another shape raises."""
    from anthropic import AsyncAnthropic

    def client(base_url: str, token: str) -> "AsyncAnthropic":
        return AsyncAnthropic(
            base_url=base_url, api_key=token, max_retries=0, timeout=HANG_S, _strict_response_validation=True
        )

    return client


@pytest.fixture
async def openai_sdk(
    embedded: "Listening", open_openai: Callable[[str, str], "AsyncOpenAI"]
) -> AsyncIterator["AsyncOpenAI"]:
    """Open the official openai SDK on the embedded gateway."""
    async with open_openai(embedded.base_url, embedded.token) as client:
        yield client


@pytest.fixture
async def anthropic_sdk(
    embedded: "Listening", open_anthropic: Callable[[str, str], "AsyncAnthropic"]
) -> AsyncIterator["AsyncAnthropic"]:
    """Open the official anthropic SDK on the embedded gateway."""
    async with open_anthropic(embedded.base_url, embedded.token) as client:
        yield client

"""Fixtures of the embedded gateway's tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from console.simulator.server import Listening, serve


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    async with serve(pace=0) as listening:
        yield listening


@pytest.fixture
async def client(listening: Listening) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {listening.token}"}
    async with httpx.AsyncClient(base_url=listening.base_url, headers=headers, trust_env=False, verify=False) as client:
        yield client

"""What makes tests of plain HTTP fast, and a desk for runs."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from services.run_desks import Office
from services.run_gateway import RunGateway, run_gateway


@pytest.fixture
def no_trust_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each client the 25 ms of reading certificates, where nothing speaks TLS: there is a store, an empty one."""
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))


@pytest.fixture
async def gateway(no_trust_store: None) -> AsyncIterator[RunGateway]:
    """Serve an embedded gateway of the test's own."""
    async with run_gateway() as gateway:
        yield gateway


@pytest.fixture
def office(tmp_path: Path, gateway: RunGateway) -> Office:
    """Furnish a desk on the embedded gateway: a repository, a home and a config."""
    office = Office(tmp_path, gateway.base_url, gateway.token)
    office.furnish()
    return office

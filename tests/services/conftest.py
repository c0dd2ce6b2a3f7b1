"""What makes tests of plain HTTP fast, and a desk for runs."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support.run.desks import Office
from support.run.gateway import RunGateway, run_gateway
from support.trust_store import empty_trust_store


@pytest.fixture
def no_trust_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with empty_trust_store(tmp_path_factory.mktemp("no-certificates")):
        yield


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

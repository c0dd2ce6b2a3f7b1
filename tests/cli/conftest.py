"""The command line in a home of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.trust_store import empty_trust_store


@pytest.fixture(autouse=True, scope="module")
def _no_trust_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with empty_trust_store(tmp_path_factory.mktemp("no-certificates")):
        yield


@pytest.fixture
def console(tmp_path: Path) -> Console:
    home = tmp_path / "home"
    home.mkdir()
    return Console(home)

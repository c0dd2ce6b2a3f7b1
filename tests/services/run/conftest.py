"""Runs that were walked once, for all tests of a module."""

import pytest
from support.run.stories import Stories


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    """Keep what became of runs, each kind walked once."""
    return Stories(tmp_path_factory.mktemp("stories"))


@pytest.fixture
def stories(shelf: Stories, no_trust_store: None) -> Stories:
    """Tell stories of runs without reading certificates."""
    return shelf

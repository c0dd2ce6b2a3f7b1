"""No screen under test comes near the runs of who runs the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.trust_store import empty_trust_store


@pytest.fixture(autouse=True, scope="module")
def _no_state_home() -> Iterator[None]:
    """Let a screen find no place for its state where a test gives it none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", "/dev/null/no-state-home")
        yield


@pytest.fixture(autouse=True, scope="module")
def _no_trust_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with empty_trust_store(tmp_path_factory.mktemp("no-certificates")):
        yield


@pytest.fixture
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the screens of a test keep their state."""
    home = tmp_path / "state-home"
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home

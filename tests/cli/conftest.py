"""The command line in a home of its own."""

from pathlib import Path

import pytest
from cli.console_process import Console


@pytest.fixture
def console(tmp_path: Path) -> Console:
    home = tmp_path / "home"
    home.mkdir()
    return Console(home)

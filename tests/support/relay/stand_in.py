"""A program of the tests' own in the place of Codex: it is set up as Codex is, and sends what no one may keep."""

import json
import sys
from pathlib import Path
from typing import Any

_PROGRAM = """#!{python}
import json, os, pathlib, signal, sys, tomllib, urllib.request
if "--version" in sys.argv:
    print("codex-cli {version}")
    raise SystemExit
log = pathlib.Path({log!r})
told = {{"environment": dict(os.environ), "at": os.getcwd(), "pid": os.getpid(), "files": sorted(os.listdir())}}
log.write_text(json.dumps(told))
if {does!r} == "nothing":
    print("no way to begin for jane")
    raise SystemExit(3)
while {does!r} == "floods":
    print("jane " * 1000)
if {does!r} == "ends the console":
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()
config = tomllib.loads((pathlib.Path(os.environ["CODEX_HOME"]) / "config.toml").read_text())
provider = config["model_providers"]["gateway-console"]
here, key = os.getcwd(), os.environ[provider["env_key"]]
body = {{
    "model": config["model"],
    "stream": True,
    "instructions": "You work for jane in " + here,
    "input": [{{"type": "message", "role": "user", "content": [{{"type": "input_text", "text": sys.argv[-1]}}]}}],
    "tools": [
        {{"type": "function", "name": "exec_command", "parameters": {{"type": "object", "properties": {{}}}}}},
        {{"type": "function", "name": "ask_jane", "parameters": {{"type": "object", "properties": {{"janes": {{}}}}}}}},
        {{"type": "hologram", "label": "jane"}},
    ],
    "client_metadata": {{"cwd": here, "user": "jane", "key": key, "environment": json.dumps(dict(os.environ))}},
}}
headers = {{
    "authorization": "Bearer " + key, "content-type": "application/json", "x-user": "jane", "x-where": here,
    "accept": "text/event-stream",
}}
request = urllib.request.Request(provider["base_url"] + "/responses", json.dumps(body).encode(), headers)
print(urllib.request.urlopen(request).read().decode()[-40:])
"""


class StandIn:
    """The program, in `bin` of a home; put that on PATH."""

    def __init__(self, directory: Path, *, name: str = "codex", version: str = "9.8.7", does: str = "calls") -> None:
        self.directory = directory / "bin"
        self._log = directory / f"{name}.json"
        self.directory.mkdir(exist_ok=True)
        program = self.directory / name
        text = _PROGRAM.format(python=sys.executable, version=version, log=str(self._log), does=does)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)

    @property
    def started(self) -> dict[str, Any]:
        """How it was started last: its environment, its directory with the files there, and its process."""
        found: dict[str, Any] = json.loads(self._log.read_text("utf-8"))
        return found

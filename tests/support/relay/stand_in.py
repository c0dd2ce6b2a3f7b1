"""A program of the tests' own in the place of Codex: it is set up as Codex is, and sends what no one may keep."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

_PROGRAM = """#!{python}
import json, os, pathlib, signal, sys, tomllib, urllib.request
if "--version" in sys.argv:
    print("codex-cli {version}")
    raise SystemExit
told = {{"environment": dict(os.environ), "at": os.getcwd(), "files": sorted(os.listdir())}}
try:
    pathlib.Path({log!r}).write_text(json.dumps(told))
except OSError:
    pass  # it is held
if {does!r} == "nothing":
    print("no way to begin for jane")
    raise SystemExit(3)
while {does!r} == "floods":
    print("jane " * 1000)
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
if {does!r} == "stays":
    signal.pause()
"""


class StandIn:
    """The program, in `bin` of a home; put that on PATH."""

    def __init__(self, home: Path, *, version: str = "9.8.7", does: str = "calls") -> None:
        self._log = home / "codex.json"
        self.program = home / "bin" / "codex"
        self.program.parent.mkdir(exist_ok=True)
        text = _PROGRAM.format(python=sys.executable, version=version, log=str(self._log), does=does)
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(0o755)

    @property
    def started(self) -> dict[str, Any]:
        """How it was started last, if nothing held it: its environment, and its directory with the files there."""
        found: dict[str, Any] = json.loads(self._log.read_text("utf-8"))
        return found

    def processes(self) -> list[int]:
        """Return the processes in which it runs."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.program).encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

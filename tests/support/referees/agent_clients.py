"""The real Codex and OpenCode, as children of the tests: each in a home of its own, with loopback as its whole world.

They are installed by `.ci/agents/package-lock.json`; both bring a program of their own for this platform, so they need
no Node to run. Where they are missing, the tests say so loudly.
"""

import asyncio
import contextlib
import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.referees.agents import DIRECTORY_VARIABLE, EXCUSE_VARIABLE, HOW_TO_GET_THEM, LOCK
from support.referees.not_tested import not_tested

from console.domain.routes.family import EndpointFamily

PROMPT = "Reply with OK."
_NO_WAY_OUT = "http://127.0.0.1:9"
"""A proxy that does not exist: what is not on loopback cannot be reached."""
_PROGRAMS = {
    "codex": "@openai/codex-*/vendor/*/bin/codex",
    "opencode": "opencode-linux-x64/bin/opencode",
}
_PROVIDERS = {
    EndpointFamily.RESPONSES: "@ai-sdk/openai",
    EndpointFamily.ANTHROPIC_MESSAGES: "@ai-sdk/anthropic",
    EndpointFamily.CHAT_COMPLETIONS: "@ai-sdk/openai-compatible",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How an agent ended."""

    exit_code: int
    said: str
    """All that it printed."""


def program_of(agent: str) -> Path:
    """Find an agent's program; skip loudly, or fail where it is required."""
    modules = Path(os.environ.get(DIRECTORY_VARIABLE) or LOCK) / "node_modules"
    found = next(iter(sorted(modules.glob(_PROGRAMS[agent]))), None) if modules.is_dir() else None
    if found is None:
        if agent == "opencode" and platform.machine().lower() not in ("x86_64", "amd64"):
            pytest.skip("NOT TESTED against the real OpenCode: only its build for x86-64 is pinned")
        not_tested("the real Codex and OpenCode", f"{agent} is not installed; {HOW_TO_GET_THEM}", EXCUSE_VARIABLE)
    return found


async def run_agent(
    agent: str,
    home: Path,
    base_url: str,
    *,
    family: EndpointFamily,
    model: str,
    token: str,
    prompt: str = PROMPT,
    config: str = "",
    asks_again: bool = False,
) -> Ended:
    """Run an agent headless on one small task, to its end. It does not outlive the test.

    Args:
        agent: `codex` or `opencode`.
        home: Its home, and the parent of its working directory.
        base_url: Where it calls.
        family: The family that it speaks.
        model: The model, or the role, that it names.
        token: Its key.
        prompt: The task.
        config: More lines of Codex's config.
        asks_again: Whether Codex asks again as often as it does by itself. OpenCode always does.

    """
    work = home / "work"
    work.mkdir(parents=True)
    if agent == "codex":
        arguments, own = _codex(home, base_url, model, token, config, asks_again=asks_again)
    else:
        arguments, own = _opencode(home, base_url, family, model, token)
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), _NO_WAY_OUT)
    none = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
    process = await asyncio.create_subprocess_exec(
        program_of(agent),
        *arguments,
        prompt,
        cwd=work,
        env={"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb"} | proxies | none | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        said = (await process.communicate())[0].decode("utf-8", "replace")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    assert process.returncode is not None
    return Ended(process.returncode, said)


def _codex(
    home: Path, base_url: str, model: str, token: str, config: str, *, asks_again: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    retries = "" if asks_again else "request_max_retries = 0\nstream_max_retries = 0\n"
    (home / "config.toml").write_text(
        f'model = "{model}"\nmodel_provider = "gw"\napproval_policy = "never"\n'
        f'sandbox_mode = "workspace-write"\n{config}'
        f'[model_providers.gw]\nname = "gw"\nbase_url = "{base_url}/v1"\nenv_key = "GW_TOKEN"\n'
        f'wire_api = "responses"\n{retries}'
    )
    return ("exec", "--skip-git-repo-check"), {"CODEX_HOME": str(home), "GW_TOKEN": token}


def quiet_opencode(home: Path) -> dict[str, str]:
    """Return variables with which OpenCode asks nobody for news and knows no models but those of its settings.

    It reads the list of the world's models for longer than all else that it does in a test takes.
    """
    (home / "models.json").write_text("{}")
    switches = ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
    return {"OPENCODE_MODELS_PATH": f"{home}/models.json"} | {f"OPENCODE_DISABLE_{each}": "1" for each in switches}


def _opencode(
    home: Path, base_url: str, family: EndpointFamily, model: str, token: str
) -> tuple[tuple[str, ...], dict[str, str]]:
    provider = {
        "npm": _PROVIDERS[family],
        "name": "gw",
        "options": {"baseURL": f"{base_url}/v1", "apiKey": token},
        "models": {model: {"name": model}},
    }
    named = f"gw/{model}"
    config = {"autoupdate": False, "share": "disabled", "model": named, "small_model": named}
    (home / "opencode.json").write_text(json.dumps(config | {"provider": {"gw": provider}}))
    return ("run",), {"OPENCODE_CONFIG": str(home / "opencode.json")} | quiet_opencode(home)

"""claude-code-router: it takes Messages alone, and calls a provider of Chat Completions, which the upstream plays."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

from support.referees.lab.gateway import LabGateway
from support.referees.lab.npm import NpmProgram
from support.referees.lab.script import SCRIPTS
from support.referees.lab.upstream import Upstream

SCRIPT = "@musistudio/claude-code-router/dist/cli.js"
PREFIX = "provider,"
"""What precedes a model's name: its provider."""


@contextlib.contextmanager
def run_code_router(home: Path, program: NpmProgram, upstream: Upstream) -> Iterator[LabGateway]:
    """Run it before the upstream while the block runs."""
    key = f"lab-router-{secrets.token_urlsafe(24)}"
    provider = {
        "name": PREFIX.removesuffix(","),
        "api_base_url": f"{upstream.base_url}/v1/chat/completions",
        "api_key": upstream.key,
        "models": list(SCRIPTS),
    }
    config = {"APIKEY": key, "LOG": False, "NON_INTERACTIVE_MODE": True, "Providers": [provider]}
    config |= {"Router": {"default": f"{PREFIX}healthy"}}
    folder = home / ".claude-code-router"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    with program.run(home, "start", ready="/health") as base_url:
        yield LabGateway("claude-code-router", base_url, key)

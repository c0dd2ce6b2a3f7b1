"""`gateway-console check --json` as an operator runs it: its own process, its own config, no other environment."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN_VARIABLE = "REFEREE_GATEWAY_TOKEN"
ROUTES = {
    "planner": ("responses", "/v1/responses"),
    "reviewer": ("anthropic_messages", "/v1/messages"),
    "fallback": ("chat_completions", "/v1/chat/completions"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """How the command ended."""

    exit_code: int
    document: dict[str, Any]
    stderr: str

    @property
    def routes(self) -> dict[str, dict[str, Any]]:
        """The routes in the document, by role."""
        return {route["role"]: route for route in self.document["routes"]}


async def check(home: Path, base_url: str, *arguments: str, token: str, model: str) -> Checked:
    """Run the command on a gateway; no route's model has a family that the sources require."""
    routes = "".join(
        f'[profiles.referee.routes.{role}]\nmodel = "{model}"\nendpoint_family = "{family}"\nendpoint_path = "{path}"\n'
        for role, (family, path) in ROUTES.items()
    )
    config = home / "config.toml"
    config.write_text(
        'schema = 1\ndefault_profile = "referee"\n[profiles.referee.gateway]\n'
        f'base_url = "{base_url}"\ntoken_ref = ["env:{TOKEN_VARIABLE}"]\nsmoke_max_output_tokens = 128\n{routes}',
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", "--config", str(config), "check", "--json", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath, TOKEN_VARIABLE: token},
    )
    try:
        async with asyncio.timeout(150):
            stdout, stderr = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Checked(process.returncode, json.loads(stdout), stderr.decode())

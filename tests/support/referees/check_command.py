"""`gateway-console check --json` as an operator runs it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.referees.console_command import PATIENT, run_console

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
        f'base_url = "{base_url}"\ntoken_ref = ["env:{TOKEN_VARIABLE}"]\nsmoke_max_output_tokens = 128\n'
        f"{PATIENT}{routes}",
        encoding="utf-8",
    )
    code, stdout, stderr = await run_console(
        home,
        *("--config", str(config), "check", "--json", *arguments),
        environment={"PATH": os.defpath, TOKEN_VARIABLE: token},
    )
    return Checked(code, json.loads(stdout), stderr)

"""`gateway-console check --json` as an operator runs it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.config import config_table, route, write_config
from support.referees.console_command import PATIENT, run_console

TOKEN_VARIABLE = "REFEREE_GATEWAY_TOKEN"
ROUTES = {
    "planner": "responses",
    "reviewer": "anthropic_messages",
    "fallback": "chat_completions",
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


async def check(
    home: Path, base_url: str, *arguments: str, token: str, model: str, families: Mapping[str, str] | None = None
) -> Checked:
    """Run the command on a gateway; no route's model has a family that the sources require."""
    gateway = {"base_url": base_url, "token_ref": [f"env:{TOKEN_VARIABLE}"], "smoke_max_output_tokens": 128, **PATIENT}
    routes = {role: route(model, family) for role, family in (families or ROUTES).items()}
    policy = {"run_max_output_tokens": 256}
    config = write_config(home / "config.toml", config_table(gateway, routes, policy=policy))
    code, stdout, stderr = await run_console(
        home,
        *("--config", str(config), "check", "--json", *arguments),
        environment={"PATH": os.defpath, TOKEN_VARIABLE: token},
    )
    return Checked(code, json.loads(stdout), stderr)

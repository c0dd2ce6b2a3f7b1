"""`gateway-console smoke --json` as an operator runs it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.config import config_table, route, write_config
from support.referees.console_command import PATIENT, run_console

TOKEN_VARIABLE = "REFEREE_GATEWAY_TOKEN"
ROUTES = {"planner": "responses", "critic": "anthropic_messages", "fallback": "chat_completions"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How the command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The results in the JSON document, by role."""
        document = json.loads(self.stdout)
        assert document["schema"] == "gateway-console/smoke/v1"
        return {result["role"]: result for result in document["results"]}


@dataclass(frozen=True, slots=True)
class SmokeCommand:
    """The command, with a folder that is its home."""

    home: Path

    async def run(
        self, base_url: str, *arguments: str, token: str | None, auth: str = "bearer", model: str = "smollm2"
    ) -> Ended:
        """Run it on a gateway; without a token its variable is not set."""
        gateway = {"base_url": base_url, "token_ref": [f"env:{TOKEN_VARIABLE}"], "auth": auth, **PATIENT}
        routes = {role: route(model, family) for role, family in ROUTES.items()}
        table = config_table({**gateway, "smoke_max_output_tokens": 64}, routes)
        config = write_config(self.home / "config.toml", table)
        environment = {"PATH": os.defpath} | ({} if token is None else {TOKEN_VARIABLE: token})
        return Ended(
            *await run_console(
                self.home, *("--config", str(config), "smoke", "--json", *arguments), environment=environment
            )
        )

"""`gateway-console smoke --json` as an operator runs it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.referees.console_command import PATIENT, run_console

TOKEN_VARIABLE = "REFEREE_GATEWAY_TOKEN"
_CONFIG = """\
schema = 1
default_profile = "referee"

[profiles.referee.gateway]
base_url = "{base_url}"
token_ref = ["env:{variable}"]
auth = "{auth}"
smoke_max_output_tokens = 64
{patient}
[profiles.referee.routes.planner]
model = "{model}"
endpoint_family = "responses"
endpoint_path = "/v1/responses"

[profiles.referee.routes.critic]
model = "{model}"
endpoint_family = "anthropic_messages"
endpoint_path = "/v1/messages"

[profiles.referee.routes.fallback]
model = "{model}"
endpoint_family = "chat_completions"
endpoint_path = "/v1/chat/completions"
"""


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
        config = self.home / "config.toml"
        config.write_text(
            _CONFIG.format(base_url=base_url, variable=TOKEN_VARIABLE, auth=auth, model=model, patient=PATIENT),
            encoding="utf-8",
        )
        environment = {"PATH": os.defpath} | ({} if token is None else {TOKEN_VARIABLE: token})
        return Ended(
            *await run_console(
                self.home, *("--config", str(config), "smoke", "--json", *arguments), environment=environment
            )
        )

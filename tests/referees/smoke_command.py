"""`gateway-console smoke --json` as an operator runs it: its own process, its own config, no other environment."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN_VARIABLE = "REFEREE_GATEWAY_TOKEN"
_CONFIG = """\
schema = 1
default_profile = "referee"

[profiles.referee.gateway]
base_url = "{base_url}"
token_ref = ["env:{variable}"]
auth = "{auth}"
smoke_max_output_tokens = 64

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
            _CONFIG.format(base_url=base_url, variable=TOKEN_VARIABLE, auth=auth, model=model), encoding="utf-8"
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "console", "--config", str(config), "smoke", "--json", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.home,
            env={"HOME": str(self.home), "PATH": os.defpath} | ({} if token is None else {TOKEN_VARIABLE: token}),
        )
        try:
            async with asyncio.timeout(90):
                stdout, stderr = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Ended(process.returncode, stdout.decode(), stderr.decode())

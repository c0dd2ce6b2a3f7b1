#!/usr/bin/env python3
"""Record what coding agents send first, as the facts that come with the console.

`gateway-console prove` does the same for an operator. The difference: names are kept here, such as those of an agent's
tools, so look through what is written before you publish it.

    npm ci --ignore-scripts --prefix .ci/agents
    agents=.ci/agents/node_modules
    python scripts/record_agent_shapes.py --bin $agents/.bin --bin $agents/opencode-linux-x64/bin --bin OTHER

An agent that is not installed is named and left as it is. A shape for more models is a row with `models` and
`recorded_with`, written by hand into the agent's facts before it is recorded.
"""

import argparse
import asyncio
import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from console.domain.probes.agent import agents
from console.domain.probes.agent_capture import agent_text
from console.domain.relay.agent_settings import settings_of
from console.domain.tokens.secret import Secret
from console.services.agent_capture.capture import CaptureOrder, capture_agent
from console.services.coding_agent.installation import find_program
from console.services.config.load import load_profile
from console.services.gateway.client import Gateway
from console.services.system.confinement import find_isolation
from console.simulator.server import serve

FACTS = Path(__file__).parent.parent / "console/domain/facts/agent_shapes"


async def record(chosen: Sequence[str], path: str, folder: Path) -> int:
    """Record the chosen agents that are on a PATH, and write their facts; return the exit code."""
    profile = load_profile(None)
    models = {route.endpoint_family: route.model for route in reversed(profile.table.routes)}
    today = datetime.datetime.now(tz=datetime.UTC).date()
    code = 0
    async with (
        serve(pace=0) as listening,
        Gateway(listening.base_url, Secret.parse(listening.token), profile.gateway) as gateway,
    ):
        environment = {**os.environ, "PATH": path}
        isolation = await find_isolation(environment)
        order = CaptureOrder(gateway, models, environment, today, isolation, is_open=True)
        for name in chosen:
            settings = settings_of(name)
            if settings is None:
                raise SystemExit(f"{name} has facts in agent_shapes and none in agent_setup")
            program = find_program(settings.program, order.environment)
            if program is None:
                sys.stderr.write(f"{settings.name}: not installed, so its facts stay as they are\n")
                continue
            capture = await capture_agent(settings, program, agents()[name], order)
            if capture.agent is None:
                sys.stderr.write(f"{settings.name}: {capture.problem}; its facts stay as they are\n")
                code = 1
                continue
            file = folder / f"{name.replace('-', '_')}.toml"
            file.write_text(agent_text(capture.agent, "scripts/record_agent_shapes.py"), encoding="utf-8")
            sys.stderr.write(f"{settings.name} {capture.version}: {file}\n")
    return code


def main() -> int:
    """Record what is asked for."""
    parser = argparse.ArgumentParser(description="Record what coding agents send first.")
    parser.add_argument("--bin", type=Path, action="append", default=[], help="a folder of programs; may be repeated")
    parser.add_argument("--agent", action="append", choices=tuple(agents()), help="only this one; may be repeated")
    parser.add_argument("--to", type=Path, default=FACTS, help="the folder of the facts")
    arguments = parser.parse_args()
    path = os.pathsep.join([*(str(each.absolute()) for each in arguments.bin), os.environ.get("PATH", os.defpath)])
    return asyncio.run(record(arguments.agent or tuple(agents()), path, arguments.to))


if __name__ == "__main__":
    sys.exit(main())

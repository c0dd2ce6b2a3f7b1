"""Between a client and a gateway, in a process of its own on 127.0.0.1: our relay, or a proxy of others.

`python -m tests.bench.harness.relays SIDE BASE_URL` prints its port and the key that it takes. SIDE is `relay` or
`copy`: an aiohttp server that passes each request on with an aiohttp client and writes what it reads. LiteLLM's proxy
runs in a venv of its own, which GATEWAY_CONSOLE_LAB_LITELLM names.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from support.referees.lab.litellm import HOW_TO_GET_IT, installed, serve_litellm

from .measuring import REPOSITORY, MissingAnchorError

if TYPE_CHECKING:
    from aiohttp import web

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk", "LzXcVb9nMq"])
MODEL = "m"


async def _relay(base_url: str) -> AsyncIterator[tuple[str, str]]:
    from console.domain.money import Budget, BudgetScope, Limits
    from console.domain.relay.admission import RouteDesk
    from console.domain.routes.contract import check
    from console.domain.routes.family import EndpointFamily
    from console.domain.routes.role import Role
    from console.domain.routes.route import Route, RouteTable
    from console.domain.tokens.secret import Secret
    from console.services.config.settings import GatewaySettings
    from console.services.gateway.client import Gateway
    from console.services.gateway.reservations import Reservations
    from console.services.relay.client import RelayClient
    from console.services.relay.opening import open_relay
    from console.services.relay.relay import RelayRules
    from console.services.system.collection import keep_loaded

    family = EndpointFamily.CHAT_COMPLETIONS
    table = RouteTable((Route(Role.WRITER, MODEL, family, family.standard_path),))
    client = RelayClient("bench", RouteDesk(check(table)), in_flight_limit=10_000)
    budget = Reservations(Budget(BudgetScope.SESSION, Limits(None, None)))
    async with (
        Gateway(base_url, Secret(TOKEN), GatewaySettings()) as gateway,
        open_relay(gateway, [client], budget, lambda _: None, rules=RelayRules()) as opened,
    ):
        keep_loaded()
        yield opened.origin, client.key


async def _copy(base_url: str) -> AsyncIterator[tuple[str, str]]:
    import aiohttp
    from aiohttp import web

    async def handle(request: "web.Request") -> "web.StreamResponse":
        body = await request.read()
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        async with session.post(base_url + request.path_qs, data=body, headers=headers) as answer:
            response = web.StreamResponse(status=answer.status, headers={"content-type": answer.content_type})
            await response.prepare(request)
            async for data in answer.content.iter_any():
                await response.write(data)
            await response.write_eof()
        return response

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True)) as session:
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", "none"


async def serve(side: str, base_url: str) -> None:
    """Serve until the process is ended."""
    opening = _relay(base_url) if side == "relay" else _copy(base_url)
    async with contextlib.aclosing(opening) as opened:
        async for origin, key in opened:
            print(origin, key, flush=True)
            await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Between:
    """A process between a client and a gateway."""

    base_url: str
    key: str
    pid: int

    def cpu_s(self) -> float:
        """Return the CPU time that it has taken so far, in seconds (proc(5))."""
        with Path(f"/proc/{self.pid}/stat").open(encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def litellm(base_url: str) -> Iterator[Between]:
    """Start LiteLLM's proxy in front of a gateway and yield it; it is ended afterwards.

    Raises:
        MissingAnchorError: It is not installed.

    """
    python = installed()
    if python is None:
        raise MissingAnchorError(HOW_TO_GET_IT)
    key = "sk-bench"
    parameters = {"model": f"openai/{MODEL}", "api_base": f"{base_url}/v1", "api_key": TOKEN}
    config = {
        "model_list": [{"model_name": MODEL, "litellm_params": parameters}],
        "general_settings": {"master_key": key},
        "litellm_settings": {"num_retries": 0, "telemetry": False},
    }
    with (
        tempfile.TemporaryDirectory() as home,
        serve_litellm(Path(home), python, config, log_level="warning") as (origin, pid),
    ):
        yield Between(origin, key, pid)


@contextmanager
def between(side: str, base_url: str) -> Iterator[Between]:
    """Start one side in front of a gateway and yield it; it is ended afterwards."""
    command = [sys.executable, "-m", "tests.bench.harness.relays", side, base_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        try:
            origin, key = process.stdout.readline().split()
            yield Between(origin, key, process.pid)
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))

"""Portkey's gateway from npm: it keeps nothing, so each call names its upstream and carries the upstream's key."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from support.referees.lab.gateway import LabGateway, listening_socket, run_gateway
from support.referees.lab.upstream import Upstream

FOLDER_VARIABLE = "GATEWAY_CONSOLE_LAB_NODE"
"""Where `npm ci` has put the packages of `.ci/gateways`."""
_SERVER = "node_modules/@portkey-ai/gateway/build/start-server.js"
_PRELOAD = """\
// Portkey listens on all addresses. Here it listens on the socket that it inherits and on nothing else.
const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
    const last = given[given.length - 1];
    const then = typeof last === "function" ? [last] : [];
    return listen.call(this, { fd: Number(process.env.LAB_SOCKET) }, ...then);
};
"""


def installed() -> Path | None:
    """Return the program, or None where npm has not installed it."""
    folder = Path(os.environ.get(FOLDER_VARIABLE) or Path(__file__).parents[4] / ".ci/gateways")
    return folder / _SERVER if shutil.which("node") and (folder / _SERVER).is_file() else None


@contextlib.contextmanager
def run_portkey(home: Path, program: Path) -> Iterator[str]:
    """Run Portkey while the block runs; yield its base URL."""
    preload = home / "listen.cjs"
    preload.write_text(_PRELOAD, "utf-8")
    with listening_socket() as listening:
        command = ["node", "--require", preload, program, "--headless"]
        environment = {"LAB_SOCKET": str(listening.fileno()), "NODE_ENV": "production"}
        with run_gateway(command, listening, home, "/", environment) as base_url:
            yield base_url


def before(upstream: Upstream, provider: str, base_url: str) -> LabGateway:
    """Return Portkey as an operator sets it up for one provider, which the scripted upstream plays."""
    headers = {"x-portkey-provider": provider, "x-portkey-custom-host": f"{upstream.base_url}/v1"}
    return LabGateway(f"portkey, {provider}", base_url, upstream.key, headers=headers)

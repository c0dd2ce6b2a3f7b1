"""Portkey's gateway from npm: it keeps nothing, so each call names its upstream and carries the upstream's key."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from support.referees.lab.gateway import LabGateway, listening_socket, run_gateway
from support.referees.lab.upstream import Upstream
from support.referees.node import find_node

FOLDER_VARIABLE = "GATEWAY_CONSOLE_LAB_NPM"
"""Where `npm ci` has installed what `.ci/gateways` pins; by default there."""
HOW_TO_GET_IT = "with Node 18 or later: npm ci --ignore-scripts --prefix .ci/gateways"
_LOCK = Path(__file__).parents[4] / ".ci/gateways"
_SERVER = "node_modules/@portkey-ai/gateway/build/start-server.js"
_PRELOAD = """\
// Portkey listens on all addresses: here it listens on the socket that it inherits, and connects to loopback alone.
const net = require("node:net");
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...given) {
    const then = given.filter((each) => typeof each === "function");
    return listen.call(this, { fd: Number(process.env.LAB_SOCKET) }, ...then);
};
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
    const { host } = Array.isArray(given[0]) ? given[0][0] : given[0];
    if (!host.startsWith("127.")) throw new Error(`no way out to ${host}`);
    return connect.apply(this, given);
};
"""


def installed() -> tuple[Path, Path] | None:
    """Return Node and the program, or None where one of them is missing."""
    node = find_node()
    program = Path(os.environ.get(FOLDER_VARIABLE) or _LOCK) / _SERVER
    return (node, program) if node is not None and program.is_file() else None


@contextlib.contextmanager
def run_portkey(home: Path, node: Path, program: Path) -> Iterator[str]:
    """Run Portkey while the block runs; yield its base URL."""
    preload = home / "listen.cjs"
    preload.write_text(_PRELOAD, "utf-8")
    with listening_socket() as listening:
        command = [node, "--require", preload, program, "--headless"]
        environment = {"LAB_SOCKET": str(listening.fileno()), "NODE_ENV": "production"}
        with run_gateway(command, listening, home, "/", environment) as base_url:
            yield base_url


def before(upstream: Upstream, provider: str, base_url: str) -> LabGateway:
    """Return Portkey as an operator sets it up for one provider, which the scripted upstream plays."""
    headers = {"x-portkey-provider": provider, "x-portkey-custom-host": f"{upstream.base_url}/v1"}
    return LabGateway(f"portkey, {provider}", base_url, upstream.key, headers=headers)

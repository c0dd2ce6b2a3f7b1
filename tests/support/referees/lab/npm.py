"""Gateways from npm: found where `.ci/gateways` was installed, and run by Node on loopback alone."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.referees.lab.gateway import listening_socket, run_gateway
from support.referees.node import find_node

FOLDER_VARIABLE = "GATEWAY_CONSOLE_LAB_NPM"
"""Where `npm ci` has installed what `.ci/gateways` pins; by default there."""
HOW_TO_GET_IT = "with Node 20 or later: npm ci --ignore-scripts --prefix .ci/gateways"
_LOCK = Path(__file__).parents[4] / ".ci/gateways"
_PRELOAD = """\
// Such gateways listen on all addresses, or on a port of their config: here they listen on the socket they inherit,
// and connect to loopback alone.
const net = require("node:net");
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...given) {
    const then = given.filter((each) => typeof each === "function");
    return listen.call(this, { fd: Number(process.env.LAB_SOCKET) }, ...then);
};
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
    const { host = "127.0.0.1" } = Array.isArray(given[0]) ? given[0][0] : given[0];
    if (!host.startsWith("127.")) throw new Error(`no way out to ${host}`);
    return connect.apply(this, given);
};
"""


@dataclass(frozen=True, slots=True)
class NpmProgram:
    """A program that npm has installed, and the Node that runs it."""

    node: Path
    script: Path

    @contextlib.contextmanager
    def run(self, home: Path, *arguments: str, ready: str) -> Iterator[str]:
        """Run it in a home of its own while the block runs, from when it answers `ready`; yield its base URL."""
        preload = home / "loopback.cjs"
        preload.write_text(_PRELOAD, "utf-8")
        with listening_socket() as listening:
            command = [self.node, "--require", preload, self.script, *arguments]
            environment = {"LAB_SOCKET": str(listening.fileno()), "NODE_ENV": "production"}
            with run_gateway(command, listening, home, ready, environment) as base_url:
                yield base_url


def find_program(script: str) -> NpmProgram | None:
    """Return a program by its path within the installed packages; None where it, or Node, is missing."""
    node = find_node()
    found = Path(os.environ.get(FOLDER_VARIABLE) or _LOCK) / "node_modules" / script
    return NpmProgram(node, found) if node is not None and found.is_file() else None

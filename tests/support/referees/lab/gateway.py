"""A gateway of the lab, and running one: a program of others that listens on loopback, as a child of the tests.

Its listening socket is made here and handed down. So no port is guessed, no other address is bound, and it is ready
when it answers the first request, which waits at the socket until then.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.gateway.servers import HOST
from support.waiting import HANG_S


@dataclass(frozen=True, slots=True)
class LabGateway:
    """A gateway as an operator's profile names it."""

    name: str
    base_url: str
    token: str
    auth: str = "bearer"
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the gateway wants with each call, such as whom to forward it to."""


_NO_WAY_OUT = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,127.0.0.2",
}
"""A proxy that does not exist: what is not on loopback cannot be reached by a program that asks for one."""


@contextlib.contextmanager
def listening_socket() -> Iterator[socket.socket]:
    """Listen on a free loopback port."""
    with socket.create_server((HOST, 0), backlog=64) as listening:
        listening.set_inheritable(True)
        yield listening


@contextlib.contextmanager
def run_gateway(
    command: Sequence[str | Path], listening: socket.socket, home: Path, ready: str, environment: Mapping[str, str]
) -> Iterator[str]:
    """Run a gateway as `start_gateway` does; yield its base URL."""
    with start_gateway(command, listening, home, ready, environment) as (base_url, _):
        yield base_url


@contextlib.contextmanager
def start_gateway(
    command: Sequence[str | Path], listening: socket.socket, home: Path, ready: str, environment: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    """Run a gateway in a home of its own while the block runs, from when it answers; yield its base URL and its pid.

    Args:
        command: The program, which serves on the socket that it inherits.
        listening: That socket. Only the child holds it from now on, so that it is closed when the child dies.
        home: Its home and working directory; `log` in it is what it says.
        ready: A path that it answers as soon as it works.
        environment: All its environment beside PATH and HOME.

    Raises:
        RuntimeError: It ended, or hung, before it answered.

    """
    log = home / "log"
    port = listening.getsockname()[1]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), **_NO_WAY_OUT, **environment},
            pass_fds=(listening.fileno(),),
            start_new_session=True,
        )
    listening.close()
    try:
        _wait_for_answer(port, ready, log)
        yield f"http://{HOST}:{port}", process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with its workers; the group is there until its leader is waited for
        process.wait()


def _wait_for_answer(port: int, path: str, log: Path) -> None:
    asking = http.client.HTTPConnection(HOST, port, timeout=HANG_S)
    try:
        asking.request("GET", path)
        asking.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        said = log.read_text("utf-8", "replace")[-3000:]
        raise RuntimeError(f"the gateway does not answer ({type(error).__name__}); its log ends in:\n{said}") from error
    finally:
        asking.close()

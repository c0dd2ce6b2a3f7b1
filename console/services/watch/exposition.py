"""The metrics of a watch for Prometheus: served on loopback, or written to a file for a textfile collector."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.system.os_reason import os_reason
from console.services.system.private_file import replace_file, require_writable

HOST = "127.0.0.1"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BEGIN = b"# HELP gateway_console_"
"""How each text of metrics begins."""
_QUIET = logging.Logger("console.services.watch", logging.CRITICAL + 1)
"""aiohttp would log the contents of malformed requests, with a traceback."""
_SHUTDOWN_S = 1.0


@contextlib.asynccontextmanager
async def serve_metrics(
    port: int, text: Callable[[], str], *, option: str = "--prometheus", is_well: Callable[[], bool] | None = None
) -> AsyncIterator[str]:
    """Serve `GET /metrics` on this machine's loopback while the block runs, with `/health` if that is known.

    Yield the address of the metrics.

    Args:
        port: The port; 0 picks a free one.
        text: Returns the metrics as they are now.
        option: The option that asked for it.
        is_well: Returns whether all is well; None serves no `/health`.

    Raises:
        Problem: It cannot listen on the port.

    """

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.host.rpartition(":")[0] not in (HOST, "localhost"):  # a name of others that leads here
            return web.Response(status=403, text="This is served to this machine under 127.0.0.1 only.\n")
        if request.path == "/health" and is_well is not None:
            is_now = is_well()
            return web.Response(status=200 if is_now else 503, text="well\n" if is_now else "the store is cut off\n")
        if request.path != "/metrics":
            return web.Response(status=404, text="Metrics are at /metrics.\n")
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, text="Use GET.\n", headers={"allow": "GET, HEAD"})
        return web.Response(body=text().encode(), headers={"content-type": CONTENT_TYPE})

    loop = asyncio.get_running_loop()
    server = web.Server(answer, access_log=None, logger=_QUIET)
    try:
        listening = await loop.create_server(server, HOST, port)
    except OSError as error:
        raise Problem(
            f"{option}: cannot listen on port {port}: {os_reason(error)}. Use another port",
            ProblemKind.USAGE,
        ) from None
    try:
        yield f"http://{HOST}:{listening.sockets[0].getsockname()[1]}/metrics"
    finally:
        listening.close()
        server.pre_shutdown()
        await server.shutdown(_SHUTDOWN_S)


def require_metrics_file(path: Path) -> None:
    """Refuse a file that metrics must not replace: one that holds something else, such as a config.

    Raises:
        PrivateFileError: It cannot be written, or is not a regular file.
        Problem: It holds something else.

    """
    require_writable(path)
    try:
        with path.open("rb") as file:
            begin = file.read(len(_BEGIN))
    except FileNotFoundError:
        return
    except OSError as error:
        raise Problem(f"--prometheus: {safe(str(path))} cannot be read: {os_reason(error)}") from None
    if begin not in (b"", _BEGIN):
        words = "has something else than metrics of a watch, and was not touched; name another file"
        raise Problem(f"--prometheus: {safe(str(path))} {words}", ProblemKind.USAGE)


def write_metrics(path: Path, text: str) -> None:
    """Write metrics to a file that every user may read, as a collector runs as another one.

    Raises:
        PrivateFileError: It cannot be written.

    """
    replace_file(path, text.encode(), mode=0o644)

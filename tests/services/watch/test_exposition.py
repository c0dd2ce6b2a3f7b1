"""Metrics on loopback: read by a GET of /metrics there, and by no page of another name."""

import asyncio

import pytest
from support.gateway.servers import HOST

from console.services.watch.exposition import serve_metrics

METRICS = "# HELP x y\n# TYPE x gauge\nx 1\n"


async def answered(port: int, request: str) -> tuple[str, str]:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request.encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head.split(" ")[1], body


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("GET /metrics", "127.0.0.1", "200"),
        ("GET /metrics", "localhost", "200"),
        ("GET /metrics", "rebound.example", "403"),
        ("GET /", "127.0.0.1", "404"),
        ("POST /metrics", "127.0.0.1", "405"),
        ("NONSENSE", "127.0.0.1", "400"),
    ],
)
async def test_only_this_machine_gets_metrics_and_only_where_they_are(line: str, host: str, status: str) -> None:
    async with serve_metrics(0, lambda: METRICS) as address:
        port = int(address.rsplit(":", 1)[1].partition("/")[0])
        request = f"{line} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        found, body = await answered(port, request)
    assert found == status
    assert (body == METRICS) is (status == "200")

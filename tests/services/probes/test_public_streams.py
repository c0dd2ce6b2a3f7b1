"""Streams that people reported from real gateways, sent over loopback: each passes or fails as it deserves."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.gateway.servers import END, Peer, Request, Script, chunk, raw_server
from support.probes.smoking import ids, smoke_once, table

from console.domain.errors.category import Category
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily

_FILE = Path(__file__).parents[2] / "data" / "public_streams.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]
MODEL = "gpt-route-placeholder"
FOUND_BY = {
    "data is no JSON": {"COM-O-01"},
    "no finish_reason": {"CHT-STREAM-04"},
    "no terminal marker": {"CHT-STREAM-04", "MSG-STREAM-03", "RSP-STREAM-08"},
    "index gap": {"MSG-STREAM-02"},
    "event order": {"MSG-STREAM-01"},
    "usage null": {"MSG-STREAM-03"},
}
"""What names each fault; an error within the stream is named by its category."""
CATEGORY_OF = {
    "b10-error-then-done": Category.UPSTREAM_UNAVAILABLE,
    "b20-azure-filter-error-chunk": Category.CONTENT_POLICY,
    "b36-failed-after-text": Category.UPSTREAM_UNAVAILABLE,
    "b39-quota-error-inside-200": Category.ACCOUNT_QUOTA,
    "b44-responses-error-with-status-code": Category.ACCOUNT_QUOTA,
}
WARNED_BY = {"b06-omniroute-keepalive-chunk": "CHT-STREAM-02", "b18-nim-thinks-and-stays-silent": "CHT-B-03"}
"""What says loudly what a passed stream has that breaks some clients."""


def _pieces(text: str) -> list[bytes]:
    """Return a chunk's pieces: `split:N:TEXT` is sent N bytes at a time."""
    if not text.startswith("split:"):
        return [text.encode()]
    _, size, rest = text.split(":", 2)
    data = rest.encode()
    return [data[at : at + int(size)] for at in range(0, len(data), int(size))]


def sending(case: dict[str, Any]) -> Script:
    """Return a script that sends a case's head, chunks and end."""
    how = case["input"]
    lines = [f"HTTP/1.1 {how['status']} Told", "transfer-encoding: chunked", "x-request-id: req-1"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in how["headers"].items()), "", ""])

    async def script(peer: Peer, _: Request) -> None:
        await peer.send(head.encode())
        for text in how["chunks"]:
            for piece in _pieces(text.replace("@MODEL@", MODEL)):
                await peer.send(chunk(piece))
        if how["end"] == "clean":
            await peer.send(END)
            peer.writer.close()
        elif how["end"] == "reset":
            peer.reset()
        else:
            await peer.wait_until_left()

    return script


async def ended(case: dict[str, Any]) -> SmokeResult:
    family = EndpointFamily(case["input"]["family"])
    async with raw_server(sending(case)) as server:
        return await smoke_once(server.base_url, routes=table(family, model=MODEL))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_a_reported_stream_ends_as_it_deserves(case: dict[str, Any]) -> None:
    result = await ended(case)
    assert (result.status is SmokeStatus.PASSED) is (case["expected"] == "pass"), result.classification
    if case["fault"] in FOUND_BY:
        assert result.classification is not None
        assert result.classification.category is Category.CONTRACT_VIOLATION
        assert FOUND_BY[case["fault"]] & set(ids(result))
    elif case["fault"]:
        assert result.classification is not None
        assert result.classification.category is CATEGORY_OF[case["id"]]
    elif case["id"] in WARNED_BY:
        assert WARNED_BY[case["id"]] in ids(result)


def test_what_is_arguable_is_decided_with_a_reason() -> None:
    arguable = [case for case in CASES if case["note"].startswith("arguable")]
    assert arguable
    assert all(case["decided"] for case in arguable)

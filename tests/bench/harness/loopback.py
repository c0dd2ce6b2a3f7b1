"""A server for the benches, in a process of its own on 127.0.0.1: what it sends is built before the first call.

`python -m tests.bench.harness.loopback DELTAS [HOLD_MS]` prints its port. A streamed call gets a good stream with so
many deltas, one HTTP chunk an event, at full speed; another call gets a short answer as JSON. HOLD_MS is how long each
answer is held back. It reads no more of a request than it needs: it must cost less than any client.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from console.domain.routes.family import EndpointFamily

from ..judging import stream_of
from .measuring import REPOSITORY

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_TEXT = "The reply is fixed."
_ANSWERS: dict[EndpointFamily, dict[str, object]] = {
    EndpointFamily.RESPONSES: {
        "id": "resp_1", "object": "response", "created_at": 1790000000, "model": "m", "status": "completed",
        "error": None, "incomplete_details": None, "tools": [], "tool_choice": "auto", "parallel_tool_calls": True,
        "output": [{
            "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": _TEXT, "annotations": []}],
        }],
        "usage": {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13},
    },
    EndpointFamily.CHAT_COMPLETIONS: {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1790000000, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": _TEXT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
    },
    EndpointFamily.ANTHROPIC_MESSAGES: {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "stop_sequence": None, "content": [{"type": "text", "text": _TEXT}],
        "usage": {"input_tokens": 9, "output_tokens": 4},
    },
}  # fmt: skip


def chunked(stream: bytes) -> bytes:
    """Write a stream in HTTP chunks, one an event."""
    events = (event + b"\n\n" for event in stream.split(b"\n\n") if event)
    return b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


def answers(deltas: int) -> dict[tuple[bytes, bool], bytes]:
    """Return whole HTTP answers, by the end of the path and whether a stream is asked for."""
    found = {}
    for family in EndpointFamily:
        path = family.standard_path.removeprefix("/v1").encode()
        body = json.dumps(_ANSWERS[family]).encode()
        found[path, True] = _HEAD + chunked(stream_of(family, deltas))
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        found[path, False] = head + body
    return found


class Answering(asyncio.Protocol):
    """Answers the requests of one connection, one after the other."""

    def __init__(self, prepared: dict[tuple[bytes, bool], bytes], hold_s: float) -> None:
        self._prepared, self._hold_s = prepared, hold_s
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            _, _, length = head.partition(b"content-length:")
            size = end + 4 + int(length.split(b"\r\n", 1)[0] or 0)
            if len(self._read) < size:
                return
            body, self._read = self._read[end + 4 : size], self._read[size:]
            path = head.split(b" ", 2)[1].removeprefix(b"/v1")
            is_stream = b'"stream":true' in body.replace(b" ", b"")
            answer = self._prepared.get((path, is_stream), b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            if self._hold_s:
                asyncio.get_running_loop().call_later(self._hold_s, self._answer, answer)
            else:
                self._answer(answer)

    def _answer(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def serve(deltas: int, hold_s: float) -> None:
    """Serve until the process is ended."""
    prepared = answers(deltas)
    server = await asyncio.get_running_loop().create_server(
        lambda: Answering(prepared, hold_s), "127.0.0.1", 0, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def loopback(deltas: int, hold_ms: float = 0) -> Iterator[str]:
    """Start the server and yield its base URL; it is ended afterwards."""
    command = [sys.executable, "-m", "tests.bench.harness.loopback", str(deltas), str(hold_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.terminate()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0))

"""What judging costs on top of decoding: CPU ratios in one interleaved run. `python tests/bench/judging.py [ROUNDS]`.

Decoding is what the console does with a stream anyway: split the bytes into events, decode their JSON, read text,
usage and finish from them. Judging is the same with the family's judge looking at every event. Both run over the same
bytes, in the pieces in which a socket gives them, one after the other, in turn; CPU time and not wall time, because on
a shared machine wall time swings two- to fivefold.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

from console.domain.finding import Severity
from console.domain.routes.family import EndpointFamily
from console.wire.anthropic_messages import MessagesStream
from console.wire.chat_completions import ChatStream
from console.wire.judge.stream import Ending, StreamJudge
from console.wire.responses import ResponsesStream
from console.wire.sse import SseDecoder
from console.wire.stream import StreamReader

DELTAS = 20_000
LIMIT = 1.35
"""The most that decoding and judging together may cost, as a multiple of decoding."""
_PIECE = 16_384
_WORDS = [" the", " reply", "is", " fixed", ",", " and", "12", "\n", " évident", "."]


class Unjudged(StreamJudge):
    """Judges nothing: what reading costs by itself is measured with it."""

    def take(self, kind: str, name: str, value: dict[str, object]) -> None:
        """Take one decoded event, and leave it."""

    def take_piece(self, name: str, piece: object) -> bool:
        """Take a piece of content, and leave it."""
        return True

    def take_done_marker(self) -> None:
        """Take a `[DONE]`, and leave it."""

    def close(self, ending: Ending) -> None:
        """Take the stream's end, and leave it."""


_UNJUDGED = Unjudged()
READERS: dict[EndpointFamily, tuple[Callable[[], StreamReader], Callable[[], StreamReader]]] = {
    EndpointFamily.RESPONSES: (lambda: ResponsesStream(judge=_UNJUDGED), ResponsesStream),
    EndpointFamily.CHAT_COMPLETIONS: (lambda: ChatStream(judge=_UNJUDGED), ChatStream),
    EndpointFamily.ANTHROPIC_MESSAGES: (lambda: MessagesStream(judge=_UNJUDGED), MessagesStream),
}
"""How each family's stream is opened: without a judge, and with it."""


def frame(value: dict[str, object], name: str = "") -> str:
    """Write one event as the vendors do."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, separators=(',', ':'), ensure_ascii=False)}\n\n"


def typed(kind: str, **fields: object) -> dict[str, object]:
    """Make an event that names its type."""
    return {"type": kind, **fields}


def stream_of(family: EndpointFamily, count: int = DELTAS) -> bytes:
    """Write a good stream of text with so many deltas, each as full as its vendor sends it."""
    words = [_WORDS[number % len(_WORDS)] for number in range(count)]
    match family:
        case EndpointFamily.RESPONSES:
            events = [{**event, "sequence_number": number} for number, event in enumerate(_responses(words))]
            return "".join(frame(event, str(event["type"])) for event in events).encode()
        case EndpointFamily.CHAT_COMPLETIONS:
            pieces = [{"content": word} for word in words]
            return "".join([*map(frame, _chat(pieces, "stop")), "data: [DONE]\n\n"]).encode()
        case EndpointFamily.ANTHROPIC_MESSAGES:
            block, pieces = {"type": "text", "text": ""}, [{"type": "text_delta", "text": word} for word in words]
            return "".join(frame(event, str(event["type"])) for event in _messages(block, pieces, "end_turn")).encode()


def dearer_streams(count: int = DELTAS) -> dict[str, tuple[EndpointFamily, bytes]]:
    """Write streams that a judge has more to do with: dialects, and tool calls."""
    words = [_WORDS[number % len(_WORDS)] for number in range(count)]
    rotated = [{**event, "sequence_number": number} for number, event in enumerate(_responses(words))]
    for number, event in enumerate(rotated):
        if "item_id" in event:
            event["item_id"] = f"msg_{number}"
    arguments = ["["] + ["1,"] * (count - 2) + ["1]"]
    function = {"name": "count", "arguments": ""}
    calls = [{"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}]
    calls += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in arguments]
    server_tool = {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "count", "input": {}}
    inputs = [{"type": "input_json_delta", "partial_json": piece} for piece in arguments]
    return {
        "responses, without names and numbers": (
            EndpointFamily.RESPONSES,
            "".join(map(frame, _responses(words))).encode(),
        ),
        "responses, with ids that rotate": (
            EndpointFamily.RESPONSES,
            "".join(frame(event, str(event["type"])) for event in rotated).encode(),
        ),
        "chat, arguments of a tool": (
            EndpointFamily.CHAT_COMPLETIONS,
            "".join([*map(frame, _chat(calls, "tool_calls")), "data: [DONE]\n\n"]).encode(),
        ),
        "messages, input of a tool": (
            EndpointFamily.ANTHROPIC_MESSAGES,
            "".join(frame(event, str(event["type"])) for event in _messages(server_tool, inputs, "end_turn")).encode(),
        ),
    }


def _responses(words: list[str]) -> list[dict[str, object]]:
    text = "".join(words)
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    item: dict[str, object] = {"id": "msg_68a1f0c2d4e88193", "type": "message", "role": "assistant"}
    done = {**item, "status": "completed", "content": [part]}
    place = {"item_id": "msg_68a1f0c2d4e88193", "output_index": 0, "content_index": 0}
    usage = {"input_tokens": 9, "output_tokens": len(words), "total_tokens": 9 + len(words)}

    def response(status: str, **fields: object) -> dict[str, object]:
        return {
            "id": "resp_68a1f0c2", "object": "response", "created_at": 1790000000, "model": "gpt-route",
            "status": status, "error": None, "incomplete_details": None, "output": [], "tools": [],
            "tool_choice": "auto", "parallel_tool_calls": True, "usage": None, **fields,
        }  # fmt: skip

    return [
        typed("response.created", response=response("in_progress")),
        typed("response.output_item.added", output_index=0, item={**item, "status": "in_progress", "content": []}),
        typed("response.content_part.added", **place, part={**part, "text": ""}),
        *(
            typed("response.output_text.delta", **place, delta=word, logprobs=[], obfuscation="xQ7Rk2Lm")
            for word in words
        ),
        typed("response.output_text.done", **place, text=text, logprobs=[]),
        typed("response.content_part.done", **place, part=part),
        typed("response.output_item.done", output_index=0, item=done),
        typed("response.completed", response=response("completed", output=[done], usage=usage)),
    ]


def _chat(pieces: list[dict[str, object]], finish_reason: str) -> list[dict[str, object]]:
    def chunk(delta: dict[str, object] | None, finish: str | None = None, usage: object = None) -> dict[str, object]:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return {
            "id": "chatcmpl-Bx81hQ2vT0", "object": "chat.completion.chunk", "created": 1790000000,
            "model": "chat-route", "service_tier": "default", "system_fingerprint": "fp_560af6e559",
            "choices": choices, "usage": usage, "obfuscation": "xQ7Rk2Lm",
        }  # fmt: skip

    usage = {"prompt_tokens": 9, "completion_tokens": len(pieces), "total_tokens": 9 + len(pieces)}
    return [
        chunk({"role": "assistant", "content": "", "refusal": None}),
        *map(chunk, pieces),
        chunk({}, finish_reason),
        chunk(None, usage=usage),
    ]


def _messages(block: dict[str, object], pieces: list[dict[str, object]], stop_reason: str) -> list[dict[str, object]]:
    message = {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": "claude-route",
        "content": [], "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1},
    }  # fmt: skip
    return [
        typed("message_start", message=message),
        typed("content_block_start", index=0, content_block=block),
        *(typed("content_block_delta", index=0, delta=piece) for piece in pieces),
        typed("content_block_stop", index=0),
        typed("message_delta", delta={"stop_reason": stop_reason}, usage={"output_tokens": len(pieces)}),
        typed("message_stop"),
    ]


def read(data: bytes, reader: StreamReader) -> int:
    """Read a whole stream and return how many pieces of content it gave."""
    decoder = SseDecoder()
    count = 0
    for start in range(0, len(data), _PIECE):
        for event in decoder.feed(data[start : start + _PIECE]):
            count += len(reader.feed(event))
    failed = [finding for finding in reader.close().findings if finding.severity is Severity.FAIL]
    assert not failed, failed
    return count


def measure(family: EndpointFamily, data: bytes, rounds: int) -> tuple[float, list[float], list[float]]:
    """Return the median of the rounds' ratios, and both sides' CPU times in ms."""
    open_plain, open_judged = READERS[family]
    plain, judged = [], []
    for number in range(rounds + 1):
        for opening, times in ((open_plain, plain), (open_judged, judged))[:: 1 if number % 2 else -1]:
            reader = opening()
            start = time.process_time()
            read(data, reader)
            times.append((time.process_time() - start) * 1000)
    del plain[0], judged[0]  # the first round warms up
    return statistics.median(j / p for p, j in zip(plain, judged, strict=True)), plain, judged


def main() -> int:
    """Measure, print both sides of each stream with their range, and tell whether the limit is kept."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    is_kept = True
    streams = {f"{family}, text": (family, stream_of(family)) for family in EndpointFamily} | dearer_streams()
    for name, (family, data) in streams.items():
        ratio, *sides = measure(family, data, rounds)
        for what, times in zip(("decoding", "decoding and judging"), sides, strict=True):
            per_event = statistics.median(times) / DELTAS * 1000
            print(f"{name:38} {what:20} {per_event:6.2f} us an event ({min(times):.0f}..{max(times):.0f} ms a stream)")
        is_kept = is_kept and ratio <= LIMIT
        print(f"{name:38} ratio {ratio:5.2f}x, at most {LIMIT}x: {'kept' if ratio <= LIMIT else 'NOT kept'}")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())

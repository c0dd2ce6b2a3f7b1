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

from console.domain.family import EndpointFamily
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
    """Write a good stream with so many deltas, each as full as its vendor sends it."""
    words = [_WORDS[number % len(_WORDS)] for number in range(count)]
    match family:
        case EndpointFamily.RESPONSES:
            events = [{**event, "sequence_number": number} for number, event in enumerate(_responses(words))]
            return "".join(frame(event, str(event["type"])) for event in events).encode()
        case EndpointFamily.CHAT_COMPLETIONS:
            return ("".join(frame(chunk) for chunk in _chat(words)) + "data: [DONE]\n\n").encode()
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return "".join(frame(event, str(event["type"])) for event in _messages(words)).encode()


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


def _chat(words: list[str]) -> list[dict[str, object]]:
    def chunk(delta: dict[str, object] | None, finish: str | None = None, usage: object = None) -> dict[str, object]:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return {
            "id": "chatcmpl-Bx81hQ2vT0", "object": "chat.completion.chunk", "created": 1790000000,
            "model": "chat-route", "service_tier": "default", "system_fingerprint": "fp_560af6e559",
            "choices": choices, "usage": usage, "obfuscation": "xQ7Rk2Lm",
        }  # fmt: skip

    usage = {"prompt_tokens": 9, "completion_tokens": len(words), "total_tokens": 9 + len(words)}
    return [
        chunk({"role": "assistant", "content": "", "refusal": None}),
        *(chunk({"content": word}) for word in words),
        chunk({}, "stop"),
        chunk(None, usage=usage),
    ]


def _messages(words: list[str]) -> list[dict[str, object]]:
    message = {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": "claude-route",
        "content": [], "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1},
    }  # fmt: skip
    return [
        typed("message_start", message=message),
        typed("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(typed("content_block_delta", index=0, delta={"type": "text_delta", "text": word}) for word in words),
        typed("content_block_stop", index=0),
        typed("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": len(words)}),
        typed("message_stop"),
    ]


def read(data: bytes, reader: StreamReader) -> int:
    """Read a whole stream and return how many pieces of content it gave."""
    decoder = SseDecoder()
    count = 0
    for start in range(0, len(data), _PIECE):
        for event in decoder.feed(data[start : start + _PIECE]):
            count += len(reader.feed(event))
    findings = [finding.id for finding in reader.close().findings if finding.severity != "info"]
    assert not findings, findings
    return count


def ratios(rounds: int, count: int = DELTAS) -> dict[EndpointFamily, tuple[float, list[float], list[float]]]:
    """Measure each family and return the median of the rounds' ratios, and both sides' times in ms."""
    measured = {}
    for family, (open_plain, open_judged) in READERS.items():
        data = stream_of(family, count)
        plain, judged = [], []
        for number in range(rounds + 1):
            for opening, times in ((open_plain, plain), (open_judged, judged))[:: 1 if number % 2 else -1]:
                reader = opening()
                start = time.process_time()
                pieces = read(data, reader)
                times.append((time.process_time() - start) * 1000)
                assert pieces == count
        del plain[0], judged[0]  # the first round warms up
        measured[family] = (statistics.median(j / p for p, j in zip(plain, judged, strict=True)), plain, judged)
    return measured


def main() -> int:
    """Measure, print both sides of each family with their range, and tell whether the limit is kept."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    is_kept = True
    for family, (ratio, plain, judged) in ratios(rounds).items():
        for what, times in (("decoding", plain), ("decoding and judging", judged)):
            per_event = statistics.median(times) / DELTAS * 1000
            print(
                f"{family:20} {what:20} {per_event:6.2f} us an event ({min(times):.0f}..{max(times):.0f} ms a stream)"
            )
        is_kept = is_kept and ratio <= LIMIT
        print(f"{family:20} ratio {ratio:5.2f}x, at most {LIMIT}x: {'kept' if ratio <= LIMIT else 'NOT kept'}")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())

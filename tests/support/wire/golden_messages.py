"""Golden Messages streams: as the vendor sends them, and as gateways do."""

from support.wire.golden import DONE, Golden, named, unnamed, untyped

from console.domain.routes.family import EndpointFamily
from console.wire.sse import SseEvent
from console.wire.usage import Usage

MODEL = "claude-route-2026-05-01"


def message(**fields: object) -> dict[str, object]:
    """Make a message as a stream begins with it."""
    return {
        "id": "msg_02",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
        **fields,
    }


def message_start(**usage: object) -> SseEvent:
    """Make the first frame of a stream."""
    return named("message_start", message=message(usage=usage) if usage else message())


def message_delta(stop_reason: str | None = "end_turn", **usage: object) -> SseEvent:
    """Make the frame that brings a stream's stop reason."""
    delta = {"stop_reason": stop_reason, "stop_sequence": None}
    return named("message_delta", delta=delta, usage=usage or {"output_tokens": 6})


def block_delta(index: int, kind: str, **fields: object) -> SseEvent:
    """Make a delta frame of a content block."""
    return named("content_block_delta", index=index, delta={"type": kind, **fields})


def block(index: int, kind: str, *deltas: SseEvent, **fields: object) -> tuple[SseEvent, ...]:
    """Make a whole content block."""
    return (
        named("content_block_start", index=index, content_block={"type": kind, **fields}),
        *deltas,
        named("content_block_stop", index=index),
    )


MESSAGE_STOP = named("message_stop")
END = (message_delta(), MESSAGE_STOP)
_THINKING = block(
    0,
    "thinking",
    block_delta(0, "thinking_delta", thinking="The reply "),
    block_delta(0, "thinking_delta", thinking="is fixed."),
    block_delta(0, "signature_delta", signature="c2ln"),
    thinking="",
    signature="",
)


def text_block(index: int = 0) -> tuple[SseEvent, ...]:
    """Make the block that says OK."""
    pieces = (block_delta(index, "text_delta", text="O"), named("ping"), block_delta(index, "text_delta", text="K."))
    return block(index, "text", *pieces, text="")


def tool_block(index: int, *pieces: str, kind: str = "tool_use") -> tuple[SseEvent, ...]:
    """Make a block that uses a tool; its input comes in pieces."""
    deltas = (block_delta(index, "input_json_delta", partial_json=piece) for piece in pieces)
    return block(index, kind, *deltas, id="toolu_01", name="get_weather", input={})


_BODY = (message_start(), named("ping"), *_THINKING, *text_block(1))
FRAMES = (*_BODY, *END)
PLAIN = (message_start(), *text_block(), *END)
TOOL = (
    message_start(),
    *tool_block(0, "", '{"city":', '"Oslo"}'),
    message_delta("tool_use"),
    MESSAGE_STOP,
)
_SEEN = Usage(input_tokens=10, output_tokens=6)


def _golden(
    name: str,
    frames: tuple[SseEvent, ...] = FRAMES,
    *,
    terminal: int | None = None,
    finish: str = "end_turn",
    usage: Usage = _SEEN,
    text: str = "OK.",
    reasoning: str = "",
    findings: tuple[str, ...] = (),
) -> Golden:
    return Golden(
        name=f"messages: {name}",
        family=EndpointFamily.ANTHROPIC_MESSAGES,
        frames=frames,
        terminal=len(frames) - 1 if terminal is None else terminal,
        model=MODEL,
        answer_id="msg_02",
        finish=finish,
        usage=usage,
        text=text,
        reasoning=reasoning,
        findings=findings,
        is_over=True,
    )


_THOUGHT = "The reply is fixed."
_STRUCTURED = '{"score":0.9,"verdict":"ready"}'
MESSAGES = _golden("as the vendor sends it", reasoning=_THOUGHT)
MESSAGES_TOOL = _golden("tool use", TOOL, finish="tool_use", text="")
MESSAGES_GOLDEN = (
    MESSAGES,
    MESSAGES_TOOL,
    _golden("plain text", PLAIN),
    _golden(
        "text, then a tool without input",
        (message_start(), *text_block(), *tool_block(1), message_delta("tool_use"), MESSAGE_STOP),
        finish="tool_use",
    ),
    _golden(
        "the vendor's own tool",
        (
            message_start(),
            *tool_block(0, '{"query":"x"}', kind="server_tool_use"),
            *block(1, "web_search_tool_result", tool_use_id="toolu_01", content=[]),
            *text_block(2),
            *END,
        ),
    ),
    _golden(
        "structured",
        (
            message_start(),
            *block(0, "text", *(block_delta(0, "text_delta", text=piece) for piece in _STRUCTURED), text=""),
            *END,
        ),
        text=_STRUCTURED,
    ),
    _golden(
        "a ping and an unknown event without names",
        (PLAIN[0], *unnamed((named("ping"), named("acme_trace"))), *PLAIN[1:]),
        findings=("COM-O-06",),
    ),
    _golden("only event lines", untyped(FRAMES), reasoning=_THOUGHT, findings=("COM-O-03",)),
    _golden("padded JSON", tuple(SseEvent(f.name, f.data[:-1] + "       }   ") for f in FRAMES), reasoning=_THOUGHT),
    _golden("with [DONE] before the end", (*PLAIN[:-1], DONE, MESSAGE_STOP), findings=("MSG-STREAM-03",)),
    _golden("with [DONE] after the end", (*PLAIN, DONE), terminal=len(PLAIN) - 1, findings=("MSG-STREAM-03",)),
    _golden("a ping before the start", (named("ping"), *PLAIN), findings=("MSG-STREAM-01",)),
    _golden("empty end_turn", (message_start(), *END), text="", findings=("MSG-B-02",)),
    _golden(
        "thinking without a signature",
        (message_start(), *_THINKING[:3], *_THINKING[4:], *text_block(1), *END),
        reasoning=_THOUGHT,
        findings=("MSG-STREAM-02",),
    ),
    _golden(
        "cache figures at the start",
        (
            message_start(input_tokens=3, cache_creation_input_tokens=5, cache_read_input_tokens=100, output_tokens=1),
            *PLAIN[1:],
        ),
        usage=Usage(input_tokens=108, cached_tokens=100, output_tokens=6),
    ),
    _golden(
        "cache and thinking figures at the end",
        (
            *_BODY,
            message_delta(
                input_tokens=3,
                cache_creation_input_tokens=0,
                cache_read_input_tokens=100,
                output_tokens=6,
                output_tokens_details={"thinking_tokens": 4},
            ),
            MESSAGE_STOP,
        ),
        usage=Usage(input_tokens=103, cached_tokens=100, output_tokens=6, reasoning_tokens=4),
        reasoning=_THOUGHT,
    ),
    _golden("two message_delta", (*PLAIN[:-2], message_delta(None, output_tokens=4), *END)),
    _golden(
        "token limit within thinking",
        (message_start(), *_THINKING, message_delta("max_tokens"), MESSAGE_STOP),
        finish="max_tokens",
        text="",
        reasoning=_THOUGHT,
        findings=("MSG-B-02",),
    ),
    _golden(
        "token limit within the text",
        (message_start(), *text_block(), message_delta("max_tokens"), MESSAGE_STOP),
        finish="max_tokens",
        findings=("COM-U-02",),
    ),
    _golden(
        "no usage",
        (
            named("message_start", message=message(usage={})),
            *text_block(),
            named("message_delta", delta={"stop_reason": "end_turn"}, usage={}),
            MESSAGE_STOP,
        ),
        usage=Usage(),
        findings=("MSG-STREAM-03", "MSG-B-01"),
    ),
    _golden(
        "pings whose data is empty: OmniRoute",
        (PLAIN[0], SseEvent("ping", "{}"), *PLAIN[1:]),
        findings=("COM-O-03",),
    ),
    _golden(
        "figures only at the end: a gateway that counts last",
        (
            message_start(input_tokens=0, output_tokens=0),
            *PLAIN[1:-2],
            message_delta(input_tokens=10, output_tokens=6),
            MESSAGE_STOP,
        ),
    ),
    _golden(
        "zero usage: CCR",
        (message_start(input_tokens=0, output_tokens=0), *PLAIN[1:-2], message_delta(output_tokens=0), MESSAGE_STOP),
        usage=Usage(),
        findings=("MSG-B-01",),
    ),
    _golden(
        "unknown events, blocks and deltas are let through",
        (
            message_start(),
            named("acme_trace", text="not content"),
            *block(0, "acme_block", block_delta(0, "acme_delta", acme="not content")),
            *text_block(1),
            *END,
        ),
        findings=("COM-O-06",),
    ),
)

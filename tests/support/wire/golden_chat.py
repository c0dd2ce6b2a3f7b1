"""Golden Chat Completions streams: as the vendor sends them, and as gateways do."""

from support.wire.golden import DONE, Golden, bare

from console.domain.routes.family import EndpointFamily
from console.wire.sse import SseEvent
from console.wire.usage import Usage

MODEL = "chat-route-2026-05-01"


def choice(delta: dict[str, object], finish: str | None = None, index: int = 0) -> dict[str, object]:
    """Make a choice of a chunk."""
    return {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}


def chunk(delta: dict[str, object] | None = None, finish: str | None = None, **fields: object) -> SseEvent:
    """Make a chat chunk with one choice, or with none."""
    return bare(
        **{
            "id": "chatcmpl-01",
            "object": "chat.completion.chunk",
            "created": 1790000000,
            "model": MODEL,
            "choices": [] if delta is None else [choice(delta, finish)],
            "usage": None,
            **fields,
        }
    )


def call_delta(arguments: str, *, name: str = "", call_id: str = "", index: int | None = 0) -> dict[str, object]:
    """Make a delta with a piece of one tool call."""
    call: dict[str, object] = {"function": {"arguments": arguments, **({"name": name} if name else {})}}
    call |= {"id": call_id, "type": "function"} if call_id else {}
    return {"tool_calls": [call if index is None else {"index": index, **call}]}


CHAT_USAGE: dict[str, object] = {
    "prompt_tokens": 11,
    "completion_tokens": 3,
    "total_tokens": 14,
    "prompt_tokens_details": {"cached_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 1},
}
FIRST = chunk({"role": "assistant", "content": "", "refusal": None})
USAGE = chunk(None, usage=CHAT_USAGE)
END = (USAGE, DONE)
_BODY = (FIRST, chunk({"content": "O"}), chunk({"content": "K."}), chunk({}, "stop"))
FRAMES = (*_BODY, *END)
_SEEN = Usage(input_tokens=11, cached_tokens=2, output_tokens=3, reasoning_tokens=1)


def _golden(
    name: str,
    frames: tuple[SseEvent, ...] = FRAMES,
    *,
    terminal: int = 3,
    finish: str = "stop",
    usage: Usage = _SEEN,
    text: str = "OK.",
    reasoning: str = "",
    findings: tuple[str, ...] = (),
    is_over: bool = True,
) -> Golden:
    return Golden(
        name=f"chat: {name}",
        family=EndpointFamily.CHAT_COMPLETIONS,
        frames=frames,
        terminal=terminal,
        model=MODEL,
        answer_id="chatcmpl-01",
        finish=finish,
        usage=usage,
        text=text,
        reasoning=reasoning,
        findings=findings,
        is_over=is_over,
    )


FILLER = chunk({}, id="keepalive", model="gateway", created=0)
AZURE_FIRST = bare(choices=[], created=0, id="", model="", object="", prompt_filter_results=[{"prompt_index": 0}])
_CALL_FIRST = chunk({"role": "assistant", "content": None, **call_delta("", name="get_weather", call_id="call_01")})
TOOL = (
    _CALL_FIRST,
    chunk(call_delta('{"city":')),
    chunk(call_delta('"Oslo"}')),
    chunk({}, "tool_calls"),
    *END,
)
_TWO_TOOLS = (
    *TOOL[:3],
    chunk(call_delta("{}", name="get_time", call_id="call_02", index=1)),
    chunk({}, "tool_calls"),
    *END,
)
_XAI = {**CHAT_USAGE, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 290}}
_XAI["total_tokens"] = 302
_STRUCTURED = '{"score":0.9,"verdict":"ready"}'
CHAT = _golden("as the vendor sends it")
CHAT_TOOL = _golden("tool call", TOOL, finish="tool_calls", text="")
CHAT_GOLDEN = (
    CHAT,
    CHAT_TOOL,
    _golden("two tool calls", _TWO_TOOLS, terminal=4, finish="tool_calls", text=""),
    _golden(
        "structured",
        (FIRST, *(chunk({"content": piece}) for piece in _STRUCTURED), chunk({}, "stop"), *END),
        terminal=len(_STRUCTURED) + 1,
        text=_STRUCTURED,
    ),
    _golden(
        "a forced tool ends in stop",
        (*TOOL[:3], chunk({}, "stop"), *END),
        text="",
        findings=("CHT-B-02",),
    ),
    _golden(
        "an empty chunk with filter results first: Azure",
        (AZURE_FIRST, *FRAMES),
        terminal=4,
        findings=("CHT-STREAM-01",),
    ),
    _golden("first delta's content is null: llama.cpp", (chunk({"role": "assistant", "content": None}), *FRAMES[1:])),
    _golden(
        "fillers before and within the answer: OmniRoute, vLLM's router",
        (FILLER, FILLER, FIRST, FILLER, *FRAMES[1:3], FILLER, *FRAMES[3:]),
        terminal=7,
        findings=("CHT-STREAM-02",),
    ),
    _golden(
        "two choices",
        (
            chunk(
                None, choices=[choice({"role": "assistant", "content": "OK."}), choice({"role": "assistant"}, index=1)]
            ),
            chunk(None, choices=[choice({"content": "Yes."}, index=1)]),
            chunk(None, choices=[choice({}, "stop"), choice({}, "stop", index=1)]),
            *END,
        ),
        terminal=2,
    ),
    _golden(
        "cumulative usage on every chunk: GLM",
        (
            chunk({"role": "assistant", "content": ""}, usage={"prompt_tokens": 11, "completion_tokens": 0}),
            chunk({"content": "OK."}, usage={"prompt_tokens": 11, "completion_tokens": 3}),
            chunk({}, "stop", usage=CHAT_USAGE),
            DONE,
        ),
        terminal=2,
        findings=("CHT-STREAM-05", "CHT-STREAM-05"),
    ),
    _golden(
        "zero usage: CCR",
        (*_BODY, chunk(None, usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}), DONE),
        usage=Usage(),
        findings=("CHT-U-01",),
    ),
    _golden("no [DONE]", FRAMES[:-1], findings=("CHT-STREAM-06",), is_over=False),
    _golden(
        "neither usage nor [DONE]",
        _BODY,
        usage=Usage(),
        findings=("CHT-STREAM-05", "CHT-STREAM-06"),
        is_over=False,
    ),
    _golden("no role", (chunk({"content": ""}), *FRAMES[1:]), findings=("CHT-STREAM-03",)),
    _golden(
        "the time differs: llama.cpp",
        (*FRAMES[:2], chunk({"content": "K."}, created=1790000001), chunk({}, "stop", created=1790000002), *END),
        findings=("CHT-STREAM-02",),
    ),
    _golden(
        "reasoning_content",
        (chunk({"role": "assistant", "content": None, "reasoning_content": "Let me"}), *FRAMES[1:]),
        reasoning="Let me",
    ),
    _golden(
        "reasoning",
        (chunk({"role": "assistant", "content": "", "reasoning": "Let me"}), *FRAMES[1:]),
        reasoning="Let me",
    ),
    _golden(
        "parts as content, usage on the finish chunk: Mistral",
        (
            chunk({"role": "assistant", "content": [{"type": "text", "text": "O"}, {"type": "text", "text": "K"}]}),
            chunk({"content": "."}, "stop", usage=CHAT_USAGE),
            DONE,
        ),
        terminal=1,
        findings=("CHT-B-03", "CHT-STREAM-05"),
    ),
    _golden(
        "a whole tool call without index: Mistral",
        (
            chunk({"role": "assistant", "content": ""}),
            chunk(
                call_delta('{"city":"Oslo"}', name="get_weather", call_id="call_01", index=None),
                "tool_calls",
                usage=CHAT_USAGE,
            ),
            DONE,
        ),
        terminal=1,
        finish="tool_calls",
        text="",
        findings=("CHT-STREAM-07", "CHT-STREAM-05"),
    ),
    _golden(
        "reasoning counted beside the completion: xAI",
        (*_BODY, chunk(None, usage=_XAI), DONE),
        usage=Usage(input_tokens=11, cached_tokens=2, output_tokens=1, reasoning_tokens=290),
        findings=("CHT-U-01",),
    ),
    _golden(
        "refusal",
        (chunk({"role": "assistant", "content": None}), chunk({"refusal": "I cannot."}), *FRAMES[3:]),
        terminal=2,
        text="I cannot.",
    ),
    _golden(
        "token limit before any text",
        (chunk({"role": "assistant", "content": ""}), chunk({}, "length"), *END),
        terminal=1,
        finish="length",
        text="",
        findings=("CHT-B-03",),
    ),
    _golden(
        "token limit within the text",
        (*_BODY[:3], chunk({}, "length"), *END),
        finish="length",
        findings=("COM-U-02",),
    ),
)

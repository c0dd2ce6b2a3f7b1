"""All golden streams, and the streams that end in an error as their family tells it."""

from dataclasses import dataclass

from support.wire.frames_responses import response, started
from support.wire.golden import Golden, bare, named
from support.wire.golden_chat import CHAT, CHAT_GOLDEN, CHAT_TOOL, FIRST, chunk
from support.wire.golden_messages import MESSAGES, MESSAGES_GOLDEN, MESSAGES_TOOL, message_start
from support.wire.golden_responses import RESPONSES, RESPONSES_GOLDEN, RESPONSES_TOOL

from console.domain.routes.family import EndpointFamily
from console.wire.sse import SseEvent

VENDOR_GOLDEN = (RESPONSES, CHAT, MESSAGES)
TOOL_GOLDEN = (RESPONSES_TOOL, CHAT_TOOL, MESSAGES_TOOL)
ALL_GOLDEN: tuple[Golden, ...] = (*RESPONSES_GOLDEN, *CHAT_GOLDEN, *MESSAGES_GOLDEN)


@dataclass(frozen=True, slots=True)
class Broken:
    """A stream that a gateway broke off with an error, and the ids of the findings on it."""

    name: str
    family: EndpointFamily
    frames: tuple[SseEvent, ...]
    findings: tuple[str, ...] = ()


_QUOTA = {"type": "insufficient_quota", "code": "insufficient_quota", "message": "no credit", "param": None}
_FAILED = response("failed", error={"code": "insufficient_quota", "message": "no credit"})
_R, _M, _C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
BROKEN = (
    Broken(
        "responses: nested, then response.failed",
        _R,
        started(named("error", error=_QUOTA), named("response.failed", response=_FAILED)),
        ("RSP-STREAM-13",),
    ),
    Broken(
        "responses: flat",
        _R,
        started(named("error", code="insufficient_quota", message="no credit", param=None)),
        ("RSP-STREAM-13",),
    ),
    Broken(
        "responses: response.failed alone",
        _R,
        started(named("response.failed", response=_FAILED)),
        ("RSP-STREAM-13",),
    ),
    Broken(
        "responses: a number is skipped before the error",
        _R,
        (*started(), named("error", error=_QUOTA, sequence_number=9)),
        ("RSP-STREAM-13",),
    ),
    Broken("responses: as a body has it", _R, (*started(), bare(error=_QUOTA)), ("COM-E-01", "RSP-STREAM-13")),
    Broken("chat: nested", _C, (FIRST, chunk({"content": "O"}), bare(error=_QUOTA)), ("CHT-STREAM-08",)),
    Broken("chat: as plain text", _C, (FIRST, bare(error="no credit")), ("CHT-STREAM-08", "COM-E-01")),
    Broken(
        "messages: nested",
        _M,
        (message_start(), named("error", error={"type": "api_error", "message": "no"})),
        ("MSG-STREAM-05",),
    ),
    Broken(
        "messages: as OpenAI has it",
        _M,
        (message_start(), bare(error=_QUOTA)),
        ("MSG-STREAM-05", "COM-E-01"),
    ),
    Broken(
        "messages: in plain text",
        _M,
        (message_start(), SseEvent("error", "insufficient_quota: no credit")),
        ("COM-O-01",),
    ),
)

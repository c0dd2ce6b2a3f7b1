"""Mutants of Chat Completions streams. Events are meant by their position: 0 the role, 1 and 2 text, 3 the finish."""

from support.wire.golden import DONE, bare
from support.wire.golden_chat import AZURE_FIRST, CHAT_USAGE, FRAMES, TOOL, call_delta, choice, chunk
from support.wire.golden_messages import MESSAGE_STOP
from support.wire.mutant import END, GONE, Change, Mutant, cut, double, drop, edit, everywhere, insert, mutated

from console.domain.routes.family import EndpointFamily
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseEvent

_DELTA = ("choices", 0, "delta")
_CALL = (*_DELTA, "tool_calls", 0)
_FINISH = ("choices", 0, "finish_reason")
_JSON = Expectation(accepts=lambda text: text.startswith("{"))


def _mutant(
    name: str, noticed_by: str, *changes: Change, base: tuple[SseEvent, ...] = FRAMES, expected: Expectation = NOTHING
) -> Mutant:
    frames = mutated(base, *changes, renumber=False)
    assertion, _, case = noticed_by.partition(" ")
    return Mutant(f"chat: {name}", EndpointFamily.CHAT_COMPLETIONS, base, frames, (assertion, case), expected)


def _usage(**figures: object) -> Change:
    return edit(4, "usage", to={**CHAT_USAGE, **figures})


_SECOND_CALL = chunk(call_delta("{}", name="get_time", call_id="call_02", index=1))

CHAT_MUTANTS = (
    _mutant("an event is a whole answer", "CHT-STREAM-01 object", edit(1, "object", to="chat.completion")),
    _mutant("choices are an object", "CHT-STREAM-01 choices", edit(1, "choices", to={})),
    _mutant("a choice is text", "CHT-STREAM-01 choices", edit(1, "choices", to=["O"])),
    _mutant("a delta is text", "CHT-STREAM-01 choices", edit(1, *_DELTA, to="O")),
    _mutant("no object", "CHT-STREAM-01 no_object", everywhere("object", lambda _: GONE)),
    _mutant("filter results first", "CHT-STREAM-01 leading", insert(AZURE_FIRST, before=0)),
    _mutant(
        "the id changes",
        "CHT-STREAM-02 other_id",
        edit(2, "id", to="chatcmpl-02"),
        edit(3, "id", to="chatcmpl-02"),
        edit(4, "id", to="chatcmpl-02"),
    ),
    _mutant("one event of another answer", "CHT-STREAM-02 other_id", edit(2, "id", to="chatcmpl-02")),
    _mutant("the model changes", "CHT-STREAM-02 other_model", edit(2, "model", to="other")),
    _mutant("the id is always another", "CHT-STREAM-02 rotating", everywhere("id", lambda at: f"id-{at}")),
    _mutant(
        "a filler before the answer",
        "CHT-STREAM-02 filler",
        insert(chunk({}, id="keepalive", model="gateway", created=0), before=0),
        insert(chunk({"role": "assistant", "content": ""}, id="keepalive", model="gateway", created=0), before=0),
    ),
    _mutant("a filler within the answer", "CHT-STREAM-02 filler", insert(chunk({}, id="keepalive"), before=2)),
    _mutant("the role alone has another id", "CHT-STREAM-02 filler", edit(0, "id", to="chatcmpl-00")),
    _mutant("the finish has another id", "CHT-STREAM-02 other_id", edit(3, "id", to="chatcmpl-02")),
    _mutant("the time changes", "CHT-STREAM-02 created", edit(2, "created", to=1790000009)),
    _mutant("no id", "CHT-STREAM-02 missing", everywhere("id", lambda _: GONE)),
    _mutant("no model", "CHT-STREAM-02 missing", everywhere("model", lambda _: GONE)),
    _mutant("the role is user", "CHT-STREAM-03 other_role", edit(0, *_DELTA, "role", to="user")),
    _mutant("the role is a list", "CHT-STREAM-03 other_role", edit(0, *_DELTA, "role", to=["assistant"])),
    _mutant("no role", "CHT-STREAM-03 missing", edit(0, *_DELTA, "role", to=GONE)),
    _mutant("no finish_reason", "CHT-STREAM-04 cut", drop(3)),
    _mutant("cut within the text", "CHT-STREAM-04 cut", cut(2)),
    _mutant("cut at [DONE]", "CHT-STREAM-04 cut", cut(3), insert(DONE, before=END)),
    _mutant("finished twice", "CHT-STREAM-04 after_end", double(3)),
    _mutant("text after the finish", "CHT-STREAM-04 after_end", insert(chunk({"content": "!"}), before=4)),
    _mutant("text beside the finish", "CHT-STREAM-04 after_end", edit(3, *_DELTA, "content", to="!"), double(3)),
    _mutant("a tool call after the finish", "CHT-STREAM-04 after_end", insert(_SECOND_CALL, before=4)),
    _mutant(
        "reasoning after the finish", "CHT-STREAM-04 after_end", insert(chunk({"reasoning_content": "Hm"}), before=4)
    ),
    _mutant(
        "a second choice without an end",
        "CHT-STREAM-04 choice_cut",
        insert(chunk(None, choices=[choice({"role": "assistant", "content": "x"}, index=1)]), before=3),
    ),
    _mutant(
        "a choice after the usage",
        "CHT-STREAM-05 not_last",
        insert(chunk(None, choices=[choice({"role": "assistant", "content": "x"}, index=1)]), before=5),
    ),
    _mutant(
        "two usages",
        "CHT-STREAM-05 contradiction",
        insert(chunk(None, usage={**CHAT_USAGE, "prompt_tokens": 9, "total_tokens": 12}), before=5),
    ),
    _mutant("the usage twice", "CHT-STREAM-05 repeated", double(4)),
    _mutant("no usage", "CHT-STREAM-05 missing", drop(4)),
    _mutant("the usage is text", "CHT-STREAM-05 missing", edit(4, "usage", to="14")),
    _mutant("usage beside the finish", "CHT-STREAM-05 beside_content", edit(3, "usage", to=CHAT_USAGE), drop(4)),
    _mutant("text after [DONE]", "CHT-STREAM-06 not_last", insert(chunk({"content": "!"}), before=END)),
    _mutant("[DONE] twice", "CHT-STREAM-06 not_last", insert(DONE, before=END)),
    _mutant("no [DONE]", "CHT-STREAM-06 missing", drop(5)),
    _mutant(
        "a tool call without a name", "CHT-STREAM-07 no_name", edit(0, *_CALL, "function", "name", to=GONE), base=TOOL
    ),
    _mutant("a tool call without an id", "CHT-STREAM-07 no_name", edit(0, *_CALL, "id", to=GONE), base=TOOL),
    _mutant(
        "a tool call's first piece is lost", "CHT-STREAM-07 no_name", edit(0, *_DELTA, "tool_calls", to=GONE), base=TOOL
    ),
    _mutant(
        "tool calls are an object", "CHT-STREAM-07 shape", edit(1, *_DELTA, "tool_calls", to={"index": 0}), base=TOOL
    ),
    _mutant("a tool call without a function", "CHT-STREAM-07 shape", edit(1, *_CALL, "function", to=GONE), base=TOOL),
    _mutant(
        "a tool call's name changes",
        "CHT-STREAM-07 other_name",
        edit(1, *_CALL, "function", "name", to="other"),
        base=TOOL,
    ),
    _mutant("a piece of arguments is lost", "CHT-STREAM-07 not_json", drop(2), base=TOOL),
    _mutant("a piece of arguments twice", "CHT-STREAM-07 not_json", double(2), base=TOOL),
    _mutant("no index", "CHT-STREAM-07 unindexed", edit(1, *_CALL, "index", to=GONE), base=TOOL),
    _mutant(
        "an error instead of the end",
        "CHT-STREAM-08 error",
        cut(3),
        insert(bare(error={"message": "no", "code": 500}), before=END),
    ),
    _mutant("an error beside choices", "CHT-STREAM-08 error", edit(2, "error", to={"message": "no"})),
    _mutant("an error as text", "COM-E-01 dialect", cut(3), insert(bare(error="no"), before=END)),
    _mutant(
        "an error as Anthropic has it",
        "COM-E-01 dialect",
        cut(3),
        insert(bare(type="error", error={"type": "api_error", "message": "no"}), before=END),
    ),
    _mutant("tools said and none called", "CHT-B-02 no_tool_call", edit(3, *_FINISH, to="tool_calls")),
    _mutant("a tool called and not said", "CHT-B-02 unsaid_tool_call", edit(3, *_FINISH, to="stop"), base=TOOL),
    _mutant("it ended in an error", "CHT-B-02 error_finish", edit(3, *_FINISH, to="error")),
    _mutant("a finish_reason of its own", "CHT-B-02 unknown", edit(3, *_FINISH, to="eos")),
    _mutant(
        "no text", "CHT-B-03 empty", drop(1), drop(1), edit(2, "usage", to={"prompt_tokens": 1, "completion_tokens": 1})
    ),
    _mutant("content is a number", "CHT-B-03 content_type", edit(1, *_DELTA, "content", to=7)),
    _mutant(
        "content is a list of parts", "CHT-B-03 parts", edit(1, *_DELTA, "content", to=[{"type": "text", "text": "O"}])
    ),
    _mutant(
        "only reasoning",
        "CHT-B-03 only_reasoning",
        edit(1, *_DELTA, to={"reasoning_content": "Hm"}),
        edit(2, *_DELTA, to={}),
    ),
    _mutant("nothing up to the limit", "CHT-B-03 budget", drop(1), drop(1), edit(1, *_FINISH, to="length")),
    _mutant("text up to the limit", "COM-U-02 at_limit", edit(3, *_FINISH, to="length")),
    _mutant("zero tokens beside text", "CHT-U-01 zero", _usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)),
    _mutant("zero output beside text", "CHT-U-01 zero", _usage(completion_tokens=0, total_tokens=11)),
    _mutant(
        "an error that only its event's name tells",
        "CHT-STREAM-08 error",
        cut(3),
        insert(SseEvent("error", '{"message":"no","code":500}'), before=END),
    ),
    _mutant("a total that is too high", "CHT-U-01 total", _usage(total_tokens=99)),
    _mutant("reasoning beside the completion", "CHT-U-01 beside", _usage(total_tokens=15)),
    _mutant("an event is not JSON", "COM-O-01 not_json", insert(SseEvent("", "\n"), before=1)),
    _mutant("a messages event", "COM-B-02 other_family", insert(MESSAGE_STOP, before=1)),
    _mutant("the JSON ends at the limit", "CHT-B-04 cut_json", edit(3, *_FINISH, to="length"), expected=_JSON),
    _mutant(
        "no JSON, though a schema was given",
        "CHT-B-04 not_json",
        expected=_JSON,
    ),
    _mutant(
        "JSON that does not fit",
        "CHT-B-04 does_not_fit",
        edit(1, *_DELTA, "content", to="[1"),
        edit(2, *_DELTA, "content", to="]"),
        expected=_JSON,
    ),
)

"""Mutants of Messages streams."""

from support.wire.golden import DONE, bare, named
from support.wire.golden_messages import FRAMES, PLAIN, TOOL, block_delta, message_delta, text_block
from support.wire.golden_responses import PLAIN as RESPONSES_FRAMES
from support.wire.mutant import END, GONE, Change, Mutant, cut, double, drop, edit, insert, mutated, rename

from console.domain.routes.family import EndpointFamily
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseEvent

_START, _STOP, _DELTA = "message_start", "message_stop", "message_delta"
_BLOCK, _BLOCK_DELTA, _BLOCK_STOP = "content_block_start", "content_block_delta", "content_block_stop"
_JSON = Expectation(accepts=lambda text: text.startswith("{"))


def _mutant(
    name: str, noticed_by: str, *changes: Change, base: tuple[SseEvent, ...] = PLAIN, expected: Expectation = NOTHING
) -> Mutant:
    frames = mutated(base, *changes, renumber=False)
    assertion, _, case = noticed_by.partition(" ")
    return Mutant(f"messages: {name}", EndpointFamily.ANTHROPIC_MESSAGES, base, frames, (assertion, case), expected)


MESSAGES_MUTANTS = (
    _mutant("no message_start", "MSG-STREAM-01 first", drop(_START)),
    _mutant("a block before the start", "MSG-STREAM-01 first", insert(text_block()[0], before=0)),
    _mutant("message_start twice", "MSG-STREAM-01 twice", double(_START)),
    _mutant("a second answer within a block", "MSG-STREAM-01 twice", insert(PLAIN[0], before=_BLOCK_STOP)),
    _mutant(
        "the start has content", "MSG-STREAM-01 not_empty", edit(_START, "message", "content", to=[{"type": "text"}])
    ),
    _mutant(
        "the start has a stop_reason", "MSG-STREAM-01 not_empty", edit(_START, "message", "stop_reason", to="end_turn")
    ),
    _mutant("a ping first", "MSG-STREAM-01 early_ping", insert(named("ping"), before=0)),
    _mutant("blocks begin at 1", "MSG-STREAM-02 index", edit(_BLOCK, "index", to=1)),
    _mutant("two blocks with one index", "MSG-STREAM-02 index", edit(_BLOCK, "index", to=0, nth=1), base=FRAMES),
    _mutant("an index as text", "MSG-STREAM-02 index", edit(_BLOCK, "index", to="0")),
    _mutant("blocks overlap", "MSG-STREAM-02 overlap", drop(_BLOCK_STOP), base=FRAMES),
    _mutant("a block is not begun", "MSG-STREAM-02 not_open", drop(_BLOCK)),
    _mutant("a delta of another block", "MSG-STREAM-02 not_open", edit(_BLOCK_DELTA, "index", to=4)),
    _mutant(
        "a delta after its block",
        "MSG-STREAM-02 not_open",
        insert(block_delta(0, "text_delta", text="!"), before=_DELTA),
    ),
    _mutant("a block ends twice", "MSG-STREAM-02 not_open", double(_BLOCK_STOP)),
    _mutant("another block ends", "MSG-STREAM-02 not_open", edit(_BLOCK_STOP, "index", to=3)),
    _mutant("a block does not end", "MSG-STREAM-02 not_stopped", drop(_BLOCK_STOP)),
    _mutant(
        "thinking in a text block",
        "MSG-STREAM-02 delta_type",
        edit(_BLOCK_DELTA, "delta", to={"type": "thinking_delta", "thinking": "Hm"}),
    ),
    _mutant(
        "text in a tool block",
        "MSG-STREAM-02 delta_type",
        edit(_BLOCK_DELTA, "delta", to={"type": "text_delta", "text": "Hm"}),
        base=TOOL,
    ),
    _mutant(
        "input in a text block",
        "MSG-STREAM-02 delta_type",
        edit(_BLOCK_DELTA, "delta", to={"type": "input_json_delta", "partial_json": "{"}),
    ),
    _mutant("a delta without a type", "MSG-STREAM-02 delta_type", edit(_BLOCK_DELTA, "delta", "type", to=GONE)),
    _mutant("a delta is text", "MSG-STREAM-02 delta_type", edit(_BLOCK_DELTA, "delta", to="O")),
    _mutant("a block without a type", "MSG-STREAM-02 no_block", edit(_BLOCK, "content_block", "type", to=GONE)),
    _mutant("no block in its beginning", "MSG-STREAM-02 no_block", edit(_BLOCK, "content_block", to=None)),
    _mutant("a piece of input is lost", "MSG-STREAM-02 not_json", drop(_BLOCK_DELTA, nth=2), base=TOOL),
    _mutant("a piece of input twice", "MSG-STREAM-02 not_json", double(_BLOCK_DELTA, nth=1), base=TOOL),
    _mutant("no signature", "MSG-STREAM-02 unsigned", drop(_BLOCK_DELTA, nth=2), base=FRAMES),
    _mutant("no message_stop", "MSG-STREAM-03 cut", drop(_STOP)),
    _mutant("no message_delta", "MSG-STREAM-03 cut", drop(_DELTA)),
    _mutant("no stop_reason", "MSG-STREAM-03 cut", edit(_DELTA, "delta", "stop_reason", to=None)),
    _mutant("cut within a block", "MSG-STREAM-03 cut", cut(_BLOCK_STOP)),
    _mutant("cut at [DONE]", "MSG-STREAM-03 cut", cut(_STOP), insert(DONE, before=END)),
    _mutant("message_stop twice", "MSG-STREAM-03 after_end", double(_STOP)),
    _mutant("a block after the end", "MSG-STREAM-03 after_end", insert(text_block(1)[0], before=END)),
    _mutant("a message_delta after the end", "MSG-STREAM-03 after_end", insert(message_delta(), before=END)),
    _mutant(
        "a block after the stop_reason", "MSG-STREAM-03 block_after_stop_reason", insert(text_block(1)[0], before=_STOP)
    ),
    _mutant(
        "a delta after the stop_reason",
        "MSG-STREAM-03 block_after_stop_reason",
        insert(block_delta(0, "text_delta", text="!"), before=_STOP),
    ),
    _mutant("output_tokens fall", "MSG-STREAM-03 usage_falls", edit(_START, "message", "usage", "output_tokens", to=9)),
    _mutant("no figures at the end", "MSG-STREAM-03 no_usage", edit(_DELTA, "usage", to={})),
    _mutant("no usage at the end", "MSG-STREAM-03 null_usage", edit(_DELTA, "usage", to=GONE)),
    _mutant("the usage at the end is null", "MSG-STREAM-03 null_usage", edit(_DELTA, "usage", to=None)),
    _mutant("the usage at the start is null", "MSG-STREAM-01 null_usage", edit(_START, "message", "usage", to=None)),
    _mutant(
        "zero tokens beside text",
        "MSG-B-01 zero_usage",
        edit(_START, "message", "usage", to={"input_tokens": 0, "output_tokens": 0}),
        edit(_DELTA, "usage", to={"output_tokens": 0}),
    ),
    _mutant("it ended in an error", "MSG-B-01 error_stop", edit(_DELTA, "delta", "stop_reason", to="error")),
    _mutant("zero output beside text", "MSG-B-01 zero_usage", edit(_DELTA, "usage", to={"output_tokens": 0})),
    _mutant(
        "an error instead of the end",
        "MSG-STREAM-05 error",
        cut(_DELTA),
        insert(named("error", error={"type": "api_error", "message": "no"}), before=END),
    ),
    _mutant("an error in plain text", "COM-O-01 not_json", cut(_DELTA), insert(SseEvent("error", "no"), before=END)),
    _mutant("[DONE]", "MSG-STREAM-03 done_marker", insert(DONE, before=END)),
    *(
        _mutant(f"the message has no {field}", "MSG-B-01 field", edit(_START, "message", field, to=GONE))
        for field in ("id", "type", "role", "model", "content")
    ),
    _mutant("the message is not an object", "MSG-B-01 field", edit(_START, "message", to=[])),
    _mutant("a stop_reason of its own", "MSG-B-01 unknown_stop", edit(_DELTA, "delta", "stop_reason", to="eos")),
    _mutant(
        "no usage at all", "MSG-B-01 no_usage", edit(_START, "message", "usage", to=GONE), edit(_DELTA, "usage", to={})
    ),
    _mutant("no input_tokens", "MSG-B-01 usage_part", edit(_START, "message", "usage", "input_tokens", to=GONE)),
    _mutant("a tool said and none used", "MSG-B-02 no_tool_use", edit(_DELTA, "delta", "stop_reason", to="tool_use")),
    _mutant(
        "a tool used and not said",
        "MSG-B-02 unsaid_tool_use",
        edit(_DELTA, "delta", "stop_reason", to="end_turn"),
        base=TOOL,
    ),
    _mutant(
        "input that is a list",
        "MSG-B-02 input",
        edit(_BLOCK_DELTA, "delta", "partial_json", to="[", nth=1),
        edit(_BLOCK_DELTA, "delta", "partial_json", to="]", nth=2),
        base=TOOL,
    ),
    _mutant(
        "nothing up to a stop_sequence",
        "MSG-B-02 empty",
        drop(_BLOCK_DELTA),
        drop(_BLOCK_DELTA),
        edit(_DELTA, "delta", "stop_reason", to="stop_sequence"),
    ),
    _mutant("nothing", "MSG-B-02 empty_turn", drop(_BLOCK_DELTA), drop(_BLOCK_DELTA)),
    _mutant(
        "nothing up to the limit",
        "MSG-B-02 budget",
        drop(_BLOCK_DELTA),
        drop(_BLOCK_DELTA),
        edit(_DELTA, "delta", "stop_reason", to="max_tokens"),
    ),
    _mutant("no JSON, though a schema was given", "MSG-B-02 not_json", expected=_JSON),
    _mutant(
        "the JSON ends at the limit",
        "MSG-B-02 cut_json",
        edit(_DELTA, "delta", "stop_reason", to="max_tokens"),
        expected=_JSON,
    ),
    _mutant(
        "JSON that does not fit",
        "MSG-B-02 does_not_fit",
        edit(_BLOCK_DELTA, "delta", "text", to="["),
        edit(_BLOCK_DELTA, "delta", "text", to="]", nth=1),
        expected=_JSON,
    ),
    _mutant("text up to the limit", "COM-U-02 at_limit", edit(_DELTA, "delta", "stop_reason", to="max_tokens")),
    _mutant("an event has another name", "COM-O-03 other_name", rename(_BLOCK_DELTA, "ping")),
    _mutant("an event has no name", "COM-O-03 unnamed", rename(_BLOCK_DELTA, "")),
    _mutant("an event has no type", "COM-O-03 untyped", edit(_BLOCK_DELTA, "type", to=GONE)),
    _mutant("an event is not JSON", "COM-O-01 not_json", insert(SseEvent("ping", "pong"), before=_DELTA)),
    _mutant("an event of a type of its own", "COM-O-06 unknown_event", insert(named("acme_trace"), before=_DELTA)),
    _mutant(
        "a delta of a type of its own", "COM-O-06 unknown_event", edit(_BLOCK_DELTA, "delta", "type", to="acme_delta")
    ),
    _mutant("a responses event", "COM-B-02 other_family", insert(RESPONSES_FRAMES[0], before=_DELTA)),
    _mutant("a chat chunk", "COM-B-02 other_family", insert(bare(choices=[]), before=_DELTA)),
    _mutant(
        "an error as OpenAI has it", "COM-E-01 dialect", cut(_STOP), insert(bare(error={"message": "no"}), before=END)
    ),
    _mutant("a flat error", "COM-E-01 dialect", cut(_STOP), insert(named("error", message="no"), before=END)),
)

"""Mutants of Responses streams."""

from support.wire.frames_responses import RESPONSES_USAGE, message_item, response, started, text_frames
from support.wire.golden import DONE, bare, named
from support.wire.golden_chat import FRAMES as CHAT_FRAMES
from support.wire.golden_responses import FRAMES, PLAIN, TOOL
from support.wire.mutant import (
    END,
    GONE,
    Change,
    Mutant,
    cut,
    double,
    drop,
    edit,
    everywhere,
    insert,
    move,
    mutated,
    rename,
)

from console.domain.routes.family import EndpointFamily
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseEvent

_CREATED = "response.created"
_ADDED, _DONE = "response.output_item.added", "response.output_item.done"
_PART, _PART_DONE = "response.content_part.added", "response.content_part.done"
_DELTA, _TEXT_DONE = "response.output_text.delta", "response.output_text.done"
_ARGS, _ARGS_DONE = "response.function_call_arguments.delta", "response.function_call_arguments.done"
_END = "response.completed"
_USAGE = ("response", "usage")


def _mutant(
    name: str,
    noticed_by: str,
    *changes: Change,
    base: tuple[SseEvent, ...] = PLAIN,
    renumber: bool = True,
    expected: Expectation = NOTHING,
) -> Mutant:
    frames = mutated(base, *changes, renumber=renumber)
    assertion, _, case = noticed_by.partition(" ")
    return Mutant(f"responses: {name}", EndpointFamily.RESPONSES, base, frames, (assertion, case), expected)


def _usage(**figures: object) -> Change:
    return edit(_END, *_USAGE, to={**RESPONSES_USAGE, **figures})


_LATE_DELTA = named(_DELTA, item_id="msg_01", output_index=0, content_index=0, delta="!")
_FAILED = named("response.failed", response=response("failed", error={"code": "server_error", "message": "no"}))
_ERROR = named("error", code="server_error", message="no", param=None)
_SEARCHING = named("response.web_search_call.searching", output_index=7, item_id="ws_09")
_INCOMPLETE = named(
    "response.incomplete",
    response=response("incomplete", incomplete_details={"reason": "max_output_tokens"}, usage=RESPONSES_USAGE),
)
_TWO_PARTS = started(*text_frames(("O", "K."))[:-1], *text_frames(("O", "K."))[1:])

RESPONSES_MUTANTS = (
    # --- Order -------------------------------------------------------------------------------------------------------
    _mutant("no created", "RSP-STREAM-01 first", drop(_CREATED)),
    _mutant("created comes second", "RSP-STREAM-01 first", move("response.in_progress", _CREATED)),
    _mutant("created twice", "RSP-STREAM-01 twice", double(_CREATED)),
    _mutant("created says completed", "RSP-STREAM-01 status", edit(_CREATED, "response", "status", to="completed")),
    _mutant("created has output", "RSP-STREAM-01 output", edit(_CREATED, "response", "output", to=[message_item("x")])),
    _mutant("an event has another name", "RSP-STREAM-02 other_name", rename(_DELTA, "response.output_text.done")),
    _mutant("an event has no name", "RSP-STREAM-02 unnamed", rename(_DELTA, "")),
    _mutant("an event has no type", "RSP-STREAM-02 untyped", edit(_DELTA, "type", to=GONE)),
    _mutant("a number twice", "RSP-STREAM-03 not_rising", edit(4, "sequence_number", to=3), renumber=False),
    _mutant("a number falls to 0", "RSP-STREAM-03 not_rising", edit(6, "sequence_number", to=0), renumber=False),
    _mutant("an event is sent twice", "RSP-STREAM-03 not_rising", double(_DELTA), renumber=False),
    _mutant("an event is lost", "RSP-STREAM-03 gap", drop("response.in_progress"), renumber=False),
    _mutant(
        "numbers begin at 1", "RSP-STREAM-03 gap", everywhere("sequence_number", lambda at: at + 1), renumber=False
    ),
    _mutant("one event has no number", "RSP-STREAM-03 gap", edit(5, "sequence_number", to=GONE), renumber=False),
    _mutant("no numbers", "RSP-STREAM-03 unnumbered", everywhere("sequence_number", lambda _: GONE), renumber=False),
    _mutant("numbers as text", "RSP-STREAM-03 unnumbered", everywhere("sequence_number", str), renumber=False),
    # --- Items and parts ---------------------------------------------------------------------------------------------
    _mutant("items begin at 1", "RSP-STREAM-04 output_index", everywhere("output_index", lambda _: 1)),
    _mutant(
        "two items with one index", "RSP-STREAM-04 output_index", edit(_ADDED, "output_index", to=0, nth=1), base=FRAMES
    ),
    _mutant("parts begin at 1", "RSP-STREAM-04 content_index", edit(_PART, "content_index", to=1)),
    _mutant("the item is not opened", "RSP-STREAM-04 item_not_open", drop(_ADDED)),
    _mutant("a delta of an item that is not there", "RSP-STREAM-04 item_not_open", edit(_DELTA, "output_index", to=5)),
    _mutant("a delta after its item was closed", "RSP-STREAM-04 item_not_open", insert(_LATE_DELTA, before=_END)),
    _mutant("a hosted tool's event without its item", "RSP-STREAM-04 item_not_open", insert(_SEARCHING, before=_END)),
    _mutant("the part is not opened", "RSP-STREAM-04 part_not_open", drop(_PART)),
    _mutant("a delta of a part that is not there", "RSP-STREAM-04 part_not_open", edit(_DELTA, "content_index", to=3)),
    _mutant("a delta after its part was closed", "RSP-STREAM-04 part_not_open", insert(_LATE_DELTA, before=_DONE)),
    _mutant("a delta with another item's id", "RSP-STREAM-04 other_item", edit(_DELTA, "item_id", to="msg_09", nth=1)),
    _mutant("no output_index", "RSP-STREAM-04 unindexed", everywhere("output_index", lambda _: GONE)),
    _mutant("a part without an index", "RSP-STREAM-04 unindexed", edit(_PART, "content_index", to=GONE)),
    # --- Text --------------------------------------------------------------------------------------------------------
    _mutant("a delta is lost", "RSP-STREAM-05 differs", drop(_DELTA, nth=1)),
    _mutant(
        "the last response has another text",
        "RSP-STREAM-05 last_differs",
        edit(_END, "response", "output", 0, "content", 0, "text", to="KO."),
    ),
    _mutant("zero tokens beside text", "RSP-U-01 zero", _usage(input_tokens=0, output_tokens=0, total_tokens=0)),
    _mutant("zero output beside text", "RSP-U-01 zero", _usage(output_tokens=0)),
    _mutant("an error instead of the end", "RSP-STREAM-13 error", cut(_END), insert(_ERROR, before=END)),
    _mutant("it failed instead of completing", "RSP-STREAM-13 error", cut(_END), insert(_FAILED, before=END)),
    _mutant("a delta came twice", "RSP-STREAM-05 differs", double(_DELTA)),
    _mutant(
        "deltas in another order",
        "RSP-STREAM-05 differs",
        edit(_DELTA, "delta", to="K."),
        edit(_DELTA, "delta", to="O", nth=1),
    ),
    _mutant("the done text is empty", "RSP-STREAM-05 differs", edit(_TEXT_DONE, "text", to="")),
    _mutant("the done text is another", "RSP-STREAM-05 differs", edit(_TEXT_DONE, "text", to="OK!")),
    _mutant("the done text is null", "RSP-STREAM-05 differs", edit(_TEXT_DONE, "text", to=None)),
    _mutant("the part's text is another", "RSP-STREAM-05 differs", edit(_PART_DONE, "part", "text", to="KO.")),
    _mutant("the item's text is another", "RSP-STREAM-05 differs", edit(_DONE, "item", "content", 0, "text", to="KO.")),
    _mutant("the item lost its part", "RSP-STREAM-05 differs", edit(_DONE, "item", "content", to=[])),
    _mutant("a delta is a number", "RSP-STREAM-05 delta_type", edit(_DELTA, "delta", to=7)),
    _mutant("no deltas", "RSP-STREAM-05 no_deltas", drop(_DELTA), drop(_DELTA)),
    _mutant("a message without its parts", "RSP-STREAM-05 no_deltas", *[drop(3)] * 5),
    _mutant("no done text", "RSP-STREAM-05 no_text_done", drop(_TEXT_DONE)),
    _mutant(
        "a summary's text is another",
        "RSP-STREAM-05 differs",
        edit("response.reasoning_summary_text.done", "text", to="No."),
        base=FRAMES,
    ),
    _mutant("a summary's delta is a list", "RSP-STREAM-05 delta_type", edit(4, "delta", to=[]), base=FRAMES),
    # --- Arguments ---------------------------------------------------------------------------------------------------
    _mutant("a piece of arguments is lost", "RSP-STREAM-06 differs", drop(_ARGS), base=TOOL),
    _mutant("a piece of arguments is not text", "RSP-STREAM-06 differs", edit(_ARGS, "delta", to={}), base=TOOL),
    _mutant(
        "the done arguments are others", "RSP-STREAM-06 differs", edit(_ARGS_DONE, "arguments", to="{}"), base=TOOL
    ),
    _mutant(
        "the item's arguments are others", "RSP-STREAM-06 differs", edit(_DONE, "item", "arguments", to="{}"), base=TOOL
    ),
    _mutant("the item has no arguments", "RSP-STREAM-06 differs", edit(_DONE, "item", "arguments", to=GONE), base=TOOL),
    _mutant(
        "arguments are cut",
        "RSP-STREAM-06 not_json",
        edit(_ARGS, "delta", to='"Oslo"', nth=1),
        edit(_ARGS_DONE, "arguments", to='{"city":"Oslo"'),
        base=TOOL,
    ),
    _mutant("no pieces of arguments", "RSP-STREAM-06 no_deltas", drop(_ARGS), drop(_ARGS), base=TOOL),
    _mutant("no done arguments", "RSP-STREAM-06 no_arguments_done", drop(_ARGS_DONE), base=TOOL),
    # --- Opened and closed -------------------------------------------------------------------------------------------
    _mutant("an item is not closed", "RSP-STREAM-07 item_not_done", drop(_DONE)),
    _mutant("a part is not closed", "RSP-STREAM-07 part_not_done", drop(_PART_DONE)),
    _mutant("a part opens within a part", "RSP-STREAM-07 part_not_done", double(_PART)),
    _mutant("an item is closed twice", "RSP-STREAM-07 not_added", double(_DONE)),
    _mutant("an item closes under another id", "RSP-STREAM-07 other_id", edit(_DONE, "item", "id", to="msg_09")),
    _mutant("the answer is cut within an item", "RSP-STREAM-07 cut", cut(_DONE), insert(_INCOMPLETE, before=END)),
    _mutant("every event names another item", "RSP-STREAM-07 rotating", everywhere("item_id", lambda at: f"id_{at}")),
    # --- The end -----------------------------------------------------------------------------------------------------
    _mutant("the end is cut off", "RSP-STREAM-08 cut", cut(_END)),
    _mutant("cut within the text", "RSP-STREAM-08 cut", cut(_TEXT_DONE)),
    _mutant("only [DONE] at the end", "RSP-STREAM-08 cut", cut(_END), insert(DONE, before=END)),
    _mutant("two ends", "RSP-STREAM-08 after_end", double(_END)),
    _mutant("a delta after the end", "RSP-STREAM-08 after_end", insert(_LATE_DELTA, before=END)),
    _mutant("failed after the end", "RSP-STREAM-08 after_end", insert(_FAILED, before=END)),
    _mutant("the end says in_progress", "RSP-STREAM-09 status", edit(_END, "response", "status", to="in_progress")),
    _mutant(
        "failed says completed",
        "RSP-STREAM-09 status",
        cut(_END),
        insert(_FAILED, before=END),
        edit("response.failed", "response", "status", to="completed"),
    ),
    _mutant(
        "the response's id changes at the end", "RSP-STREAM-09 other_id", edit(_END, "response", "id", to="resp_09")
    ),
    _mutant(
        "the response's id is always another",
        "RSP-STREAM-09 rotating",
        edit(_END, "response", "id", to="resp_09"),
        edit("response.in_progress", "response", "id", to="resp_08"),
    ),
    _mutant(
        "the output has another item",
        "RSP-STREAM-10 other_items",
        edit(_END, "response", "output", 0, "id", to="msg_09"),
    ),
    _mutant("the output is empty", "RSP-STREAM-10 other_items", edit(_END, "response", "output", to=[])),
    _mutant("[DONE]", "RSP-STREAM-11 present", insert(DONE, before=END)),
    _mutant("it goes on after an error", "RSP-STREAM-12 after_error", insert(_ERROR, before=_DELTA)),
    # --- The response in the last event ------------------------------------------------------------------------------
    *(
        _mutant(f"the response has no {field}", "RSP-B-01 field", edit(_END, "response", field, to=GONE))
        for field in ("id", "object", "created_at", "model", "output")
    ),
    _mutant("a status of its own", "RSP-B-01 status", edit(_END, "response", "status", to="done")),
    _mutant("no tools", "RSP-B-02 missing", edit(_END, "response", "tools", to=GONE)),
    _mutant("no truncation", "RSP-B-03 missing", edit(_END, "response", "truncation", to=GONE)),
    _mutant("completed with an error", "RSP-B-04 contradiction", edit(_END, "response", "error", to={"code": "x"})),
    _mutant(
        "failed without an error",
        "RSP-B-04 no_reason",
        cut(_END),
        insert(_FAILED, before=END),
        edit("response.failed", "response", "error", to=None),
    ),
    _mutant("an item is text", "RSP-B-05 item", edit(_END, "response", "output", to=["OK."])),
    _mutant("an item is opened without a type", "RSP-B-05 item", edit(_ADDED, "item", "type", to=GONE)),
    _mutant("an item has no id", "RSP-B-05 no_id", edit(_END, "response", "output", 0, "id", to=GONE)),
    _mutant("a message of the user", "RSP-B-05 message", edit(_END, "response", "output", 0, "role", to="user")),
    _mutant(
        "a part of a type of its own", "RSP-B-05 unknown_part", edit(_DONE, "item", "content", 0, "type", to="text")
    ),
    _mutant("no usage", "RSP-U-01 missing", edit(_END, *_USAGE, to=None)),
    _mutant("a total that is too high", "RSP-U-01 total", _usage(total_tokens=22)),
    _mutant("more cached than read", "RSP-U-01 details", _usage(input_tokens_details={"cached_tokens": 13})),
    _mutant("more reasoning than output", "RSP-U-01 beside", _usage(output_tokens_details={"reasoning_tokens": 10})),
    _mutant("usage at the start", "RSP-U-01 early", edit(_CREATED, "response", "usage", to=RESPONSES_USAGE)),
    _mutant("no total", "RSP-U-01 no_total", _usage(total_tokens=None)),
    # --- Common ------------------------------------------------------------------------------------------------------
    _mutant("an event is not JSON", "COM-O-01 not_json", insert(SseEvent("", "hello"), before=_DELTA)),
    _mutant("an event is a list", "COM-O-01 not_json", insert(SseEvent("", "[1]"), before=_DELTA), renumber=False),
    _mutant("an event of a type of its own", "COM-O-06 unknown_event", insert(named("acme.trace"), before=_DELTA)),
    _mutant("a chat chunk", "COM-B-02 other_family", insert(CHAT_FRAMES[1], before=_DELTA)),
    _mutant("a message_start", "COM-B-02 other_family", insert(named("message_start"), before=_DELTA)),
    _mutant("an error in a body's shape", "COM-E-01 dialect", insert(bare(error={"message": "no"}), before=_END)),
)

"""Mutants of whole bodies."""

from support.wire.frames_responses import RESPONSES_USAGE
from support.wire.golden_bodies import (
    CHAT_CALL,
    CHAT_SCORE,
    CHAT_TEXT,
    MESSAGE,
    MESSAGE_SCORE,
    MESSAGE_TOOL,
    RESPONSE,
    RESPONSE_SCORE,
    TOOL_USE,
    GoldenBody,
)
from support.wire.golden_chat import CHAT_USAGE
from support.wire.mutant import GONE, BodyMutant, edited

_MESSAGE = ("choices", 0, "message")
_FINISH = ("choices", 0, "finish_reason")


def _mutant(base: GoldenBody, name: str, noticed_by: str, *path: str | int, to: object) -> BodyMutant:
    assertion, _, case = noticed_by.partition(" ")
    body = edited(base.body, path, to)
    return BodyMutant(f"{base.name}: {name}", base.family, base.body, body, (assertion, case), base.expected)


BODY_MUTANTS = (
    *(_mutant(RESPONSE, f"no {field}", "RSP-B-01 field", field, to=GONE) for field in ("id", "created_at", "model")),
    _mutant(RESPONSE, "created_at as text", "RSP-B-01 field", "created_at", to="now"),
    _mutant(RESPONSE, "still in progress", "RSP-B-01 unfinished", "status", to="in_progress"),
    _mutant(RESPONSE, "cancelled", "RSP-B-01 unfinished", "status", to="cancelled"),
    _mutant(RESPONSE, "another object", "COM-B-02 other_family", "object", to="chat.completion"),
    _mutant(RESPONSE, "output is text", "COM-B-02 other_family", "output", to="OK."),
    _mutant(RESPONSE, "an error within a success", "COM-S-01 error_in_success", "error", to={"message": "no"}),
    _mutant(RESPONSE, "no tool_choice", "RSP-B-02 missing", "tool_choice", to=GONE),
    _mutant(RESPONSE, "zero output", "RSP-U-01 zero", "usage", "output_tokens", to=0),
    _mutant(CHAT_TEXT, "zero output", "CHT-U-01 zero", "usage", "completion_tokens", to=0),
    _mutant(MESSAGE, "zero output", "MSG-B-01 zero_usage", "usage", "output_tokens", to=0),
    _mutant(RESPONSE, "no metadata", "RSP-B-03 missing", "metadata", to=GONE),
    _mutant(RESPONSE, "complete and incomplete", "RSP-B-04 contradiction", "incomplete_details", to={"reason": "x"}),
    _mutant(RESPONSE, "an item without a type", "RSP-B-05 item", "output", 0, "type", to=GONE),
    _mutant(RESPONSE, "an item without an id", "RSP-B-05 no_id", "output", 0, "id", to=""),
    _mutant(RESPONSE, "a message of the user", "RSP-B-05 message", "output", 0, "role", to="user"),
    _mutant(RESPONSE, "content is text", "RSP-B-05 message", "output", 0, "content", to="OK."),
    _mutant(RESPONSE, "a part without a type", "RSP-B-05 message", "output", 0, "content", 0, "type", to=GONE),
    _mutant(RESPONSE, "a part of its own", "RSP-B-05 unknown_part", "output", 0, "content", 0, "type", to="text"),
    _mutant(RESPONSE, "no usage", "RSP-U-01 missing", "usage", to=None),
    _mutant(RESPONSE, "no output_tokens", "RSP-U-01 missing", "usage", "output_tokens", to="9"),
    _mutant(RESPONSE, "a wrong total", "RSP-U-01 total", "usage", "total_tokens", to=20),
    _mutant(
        RESPONSE, "more cached than read", "RSP-U-01 details", "usage", "input_tokens_details", to={"cached_tokens": 99}
    ),
    _mutant(RESPONSE_SCORE, "a fence around it", "RSP-B-07 not_json", "output", 0, "content", 0, "text", to="```json"),
    _mutant(
        GoldenBody(
            "responses: a score at its limit",
            RESPONSE_SCORE.family,
            edited(
                edited(RESPONSE_SCORE.body, ("status",), "incomplete"),
                ("incomplete_details",),
                {"reason": "max_output_tokens"},
            ),
            expected=RESPONSE_SCORE.expected,
        ),
        "its JSON is cut",
        "RSP-B-07 cut_json",
        "output",
        0,
        "content",
        0,
        "text",
        to='{"s',
    ),
    _mutant(RESPONSE_SCORE, "another key", "RSP-B-07 does_not_fit", "output", 0, "content", 0, "text", to='{"s":1}'),
    *(_mutant(CHAT_TEXT, f"no {field}", "CHT-B-01 field", field, to=GONE) for field in ("id", "created", "model")),
    _mutant(CHAT_TEXT, "no choices", "COM-B-02 other_family", "choices", to=[]),
    _mutant(CHAT_TEXT, "a chunk", "COM-B-02 other_family", "object", to="chat.completion.chunk"),
    _mutant(CHAT_TEXT, "an error within a success", "COM-S-01 error_in_success", "error", to={"message": "no"}),
    _mutant(CHAT_TEXT, "no finish_reason", "CHT-B-02 unfinished", *_FINISH, to=None),
    _mutant(CHAT_TEXT, "a finish_reason of its own", "CHT-B-02 unknown", *_FINISH, to="eos"),
    _mutant(CHAT_TEXT, "tools said and none called", "CHT-B-02 no_tool_call", *_FINISH, to="tool_calls"),
    _mutant(CHAT_CALL, "a tool called and not said", "CHT-B-02 unsaid_tool_call", *_FINISH, to="stop"),
    _mutant(CHAT_TEXT, "content is a number", "CHT-B-03 content_type", *_MESSAGE, "content", to=7),
    _mutant(CHAT_TEXT, "content is a list", "CHT-B-03 parts", *_MESSAGE, "content", to=[{"type": "text", "text": "O"}]),
    _mutant(
        CHAT_TEXT, "only reasoning", "CHT-B-03 only_reasoning", *_MESSAGE, to={"role": "assistant", "reasoning": "Hm"}
    ),
    _mutant(CHAT_TEXT, "a wrong total", "CHT-U-01 total", "usage", "total_tokens", to=1),
    _mutant(CHAT_TEXT, "reasoning beside", "CHT-U-01 beside", "usage", "total_tokens", to=15),
    _mutant(CHAT_TEXT, "no usage", "CHT-U-01 missing", "usage", to=GONE),
    _mutant(CHAT_SCORE, "a fence around it", "CHT-B-04 not_json", *_MESSAGE, "content", to="```json"),
    _mutant(CHAT_SCORE, "another key", "CHT-B-04 does_not_fit", *_MESSAGE, "content", to='{"s":1}'),
    *(_mutant(MESSAGE, f"no {field}", "MSG-B-01 field", field, to=GONE) for field in ("id", "model")),
    _mutant(MESSAGE, "another type", "COM-B-02 other_family", "type", to="completion"),
    _mutant(MESSAGE, "content is text", "COM-B-02 other_family", "content", to="OK."),
    _mutant(MESSAGE, "an error within a success", "COM-S-01 error_in_success", "error", to={"message": "no"}),
    _mutant(MESSAGE, "no stop_reason", "MSG-B-01 unfinished", "stop_reason", to=None),
    _mutant(MESSAGE, "a stop_reason of its own", "MSG-B-01 unknown_stop", "stop_reason", to="eos"),
    _mutant(MESSAGE, "a block without a type", "MSG-B-01 block", "content", 0, "type", to=GONE),
    _mutant(MESSAGE, "no usage", "MSG-B-01 no_usage", "usage", to={}),
    _mutant(MESSAGE, "no output_tokens", "MSG-B-01 usage_part", "usage", "output_tokens", to=GONE),
    _mutant(MESSAGE, "a tool said and none used", "MSG-B-02 no_tool_use", "stop_reason", to="tool_use"),
    _mutant(MESSAGE, "a tool used and not said", "MSG-B-02 unsaid_tool_use", "content", to=[TOOL_USE]),
    _mutant(MESSAGE_TOOL, "input is text", "MSG-B-02 input", "content", 0, "input", to='{"city":"Oslo"}'),
    _mutant(MESSAGE, "empty", "MSG-B-02 empty_turn", "content", to=[]),
    _mutant(MESSAGE_SCORE, "a fence around it", "MSG-B-02 not_json", "content", 0, "text", to="```json"),
    _mutant(MESSAGE_SCORE, "another key", "MSG-B-02 does_not_fit", "content", 0, "text", to='{"s":1}'),
    _mutant(RESPONSE, "no output", "RSP-B-06 only_reasoning", "output", to=[]),
    _mutant(
        GoldenBody(
            "responses: uncounted text",
            RESPONSE.family,
            edited(RESPONSE.body, ("usage",), {**RESPONSES_USAGE, "output_tokens_details": {}}),
        ),
        "no output",
        "RSP-B-06 empty",
        "output",
        to=[],
    ),
    _mutant(
        GoldenBody(
            "chat: uncounted text",
            CHAT_TEXT.family,
            edited(CHAT_TEXT.body, ("usage",), {**CHAT_USAGE, "completion_tokens_details": {}}),
        ),
        "no content",
        "CHT-B-03 empty",
        *_MESSAGE,
        "content",
        to=None,
    ),
    _mutant(
        GoldenBody(
            "responses: incomplete",
            RESPONSE.family,
            edited(
                edited(RESPONSE.body, ("status",), "incomplete"),
                ("incomplete_details",),
                {"reason": "max_output_tokens"},
            ),
        ),
        "nothing up to the limit",
        "RSP-B-06 budget",
        "output",
        to=[],
    ),
)

"""What an error's body repeats of the call: instructions, messages, tools, the request. It never decides.

A `response.failed` repeats the operator's own instructions beside its error, a validation error repeats the refused
input, and a gateway's envelope names the request. A prompt about billing is not a refusal about billing. So these
fields are removed before a body is read, at every depth of escaping, and also from a body that ends in the middle.
"""

import re
from functools import cache

_REPEATED = frozenset({
    "instructions", "messages", "tools", "tool_choice", "prompt", "system", "input", "input_value", "tool_calls",
    "functions", "requestbody", "request_body", "request_data", "raw_request", "original_request",
})  # fmt: skip
"""What repeats the call, even within an error."""
_REPEATED_BESIDE = frozenset({
    "model", "output", "request", "headers", "params", "reasoning", "text", "usage", "user", "choices", "billing",
    "extra_fields",
})  # fmt: skip
"""What repeats the call beside an error; within one, `text` or `params` may be the error itself."""
_ERRORS = frozenset({
    "error", "errors", "detail", "details", "msg", "message", "error_msg", "error_message", "errormessage", "err",
    "innererror", "inner_error", "cause", "base_resp", "last_error", "incomplete_details",
})  # fmt: skip
"""Where the error itself is."""
_OF_A_RESPONSE = _ERRORS | {"status", "status_code", "statuscode", "statustext", "code", "type", "data", "body"}
"""What counts of an object `response`, which repeats the whole call."""
_REPEATS = (
    r"""(?<!\\)(\\{0,31})"(?:instructions|messages|tools|tool_choice|prompt|system|input|output|request|model"""
    r"""|usage|requestBody|request_body|tool_calls|extra_fields|request_data|text|choices|response)\1"\s{0,40}:"""
)
_DEPTHS = 4
"""The most depths of escaping that are looked at."""


def without_echo(text: str) -> str:
    """Return a body without what it repeats of the call. Linear in the text's length.

    A text without an error beside the repeated fields stays as it is: it has nothing else to say.
    """
    depths: list[str] = []
    for match in _repeats().finditer(text):
        if match.group(1) not in depths:
            depths.append(match.group(1))
            if len(depths) == _DEPTHS:
                break
    for escape in depths:
        text = _pruned(text, escape)
    return text


@cache
def _repeats() -> re.Pattern[str]:
    return re.compile(_REPEATS)


@cache
def _marks(escape: str) -> re.Pattern[str]:
    return re.compile(rf'(?<!\\){re.escape(escape)}"|[{{}}\[\],:]')


def _pruned(text: str, escape: str) -> str:
    """Return a text without the repeated fields at one depth of escaping."""
    containers: list[tuple[bool, bool, bool]] = []  # an object; within an error; an object `response`
    key, key_start, key_place, left_out = "", -1, -1, (-1, 0)
    in_string = is_key_next = has_error = False
    kept: list[str] = []
    start = 0
    for match in _marks(escape).finditer(text, max(0, text.find("{"))):
        mark = match.group()[-1]
        if mark == '"':
            if in_string and is_key_next:
                key, key_place = text[key_start : match.start()].lower(), key_start - len(match.group())
            in_string, key_start = bool(containers) and not in_string, match.end()
        elif in_string:
            continue
        elif mark in "{[":
            is_within = bool(containers) and containers[-1][1]
            containers.append((mark == "{", is_within or key in _ERRORS, mark == "{" and key == "response"))
            is_key_next, key = mark == "{", ""
        elif not containers:
            continue
        elif mark == ":":
            if is_key_next and left_out[0] < 0:
                has_error = has_error or (key in _ERRORS and _has_value(text, match.end()))
                if _is_repeated(key, containers[-1]):
                    left_out = (key_place, len(containers))
            is_key_next = False
        else:
            if left_out[0] >= 0 and left_out[1] == len(containers):
                kept.append(text[start : left_out[0]])
                start, left_out = match.start(), (-1, 0)
            if mark != ",":
                containers.pop()
            is_key_next, key = mark == "," and containers[-1][0], ""
    if left_out[0] >= 0:
        kept.append(text[start : left_out[0]])
        start = len(text)
    return "".join([*kept, text[start:]]) if has_error else text


def _is_repeated(key: str, container: tuple[bool, bool, bool]) -> bool:
    _, is_within_error, is_response = container
    if is_response:
        return key not in _OF_A_RESPONSE
    return key in _REPEATED or (not is_within_error and key in _REPEATED_BESIDE)


def _has_value(text: str, position: int) -> bool:
    return not text[position : position + 12].lstrip().startswith(("null", '""', "None"))

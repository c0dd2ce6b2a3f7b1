"""JSON with comments, as some tools write their settings: // to the end of the line, and /* to */."""

import re

_PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\r\n]*|/\*', re.DOTALL)


def without_json_comments(text: str) -> str:
    """Return a text with its comments replaced by a space; strings stay as they are. A comment without an end stays."""
    kept, at = [], 0
    while match := _PIECE.search(text, at):
        end = match.end()
        if match[0] == "/*":
            close = text.find("*/", end)
            if close < 0:
                break
            end = close + 2
        is_string = match[0].startswith('"')
        kept += [text[at : match.start()], match[0] if is_string else " "]
        at = end
    return "".join((*kept, text[at:]))

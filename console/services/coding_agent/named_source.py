"""The instruction source that an agent says it followed: one line among all that it wrote, hostile text included."""

import re

_LIMIT = 1_000
_SOURCE = re.compile(
    r"^[^\w\n]*instruction[ _]source[^\w:=\n]*[:=][^\w.~\n]*(?:\n[^\w.~\n]*)?([\w.~][^\s`'\"*]*)",
    re.IGNORECASE | re.MULTILINE,
)
"""No two neighbours match the same character, so that the effort grows with the text and not with its square."""


def named_source(output: str) -> str:
    """Return the source that the last line of its kind names, cut to a path's length; empty if none names one."""
    named = ""
    for match in _SOURCE.finditer(output):
        named = match[1]
    return named[:_LIMIT].rstrip(".,;)")

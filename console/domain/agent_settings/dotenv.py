"""`.env` files: a variable a line."""

import re

from console.domain.agent_settings.source import KeyPath, Tree

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(.*)")
_QUOTED = re.compile(r"""(["'])(.*?)(?<!\\)\1""")


def read_dotenv(text: str) -> Tree:
    """Return the variables of a `.env` file; a line that is none is skipped, as its readers do."""
    values: dict[str, object] = {}
    lines: dict[KeyPath, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line.rstrip("\r"))
        if match is None:
            continue
        quoted = _QUOTED.match(match[2])
        values[match[1]] = quoted[2] if quoted is not None else match[2].partition(" #")[0].strip()
        lines[match[1],] = number
    return Tree(values, lines.get)

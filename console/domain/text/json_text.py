"""JSON as a person sees it: characters that a terminal obeys or hides are escaped, and every value stays the same."""

import json

from console.domain.text.safe import safe


def shown_json(document: str) -> str:
    """Escape characters of a JSON text that a terminal would obey or hide. They occur only in strings."""
    return "\n".join(line if safe(line) == line else "".join(map(_as_number, line)) for line in document.split("\n"))


def _as_number(character: str) -> str:
    if safe(character) == character:
        return character
    return json.dumps(character)[1:-1].replace("\x7f", "\\u007f")

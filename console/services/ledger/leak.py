"""The last look before something is kept for good: nothing in it may be a secret."""

import json
from collections.abc import Callable, Iterator

from console.domain.guard import looks_like_secret

_UNCERTAIN = "a long random key"
"""What the guard calls a run of letters and digits: in a line, that is a gateway's request id."""


def find_leak(documents: list[bytes], is_hit: Callable[[str], bool] | None) -> str | None:
    """Return in words what secret some JSON documents seem to hold, or None; the words never hold it.

    Args:
        documents: JSON, as it would be kept. Its texts are looked at as they are and as JSON spells them.
        is_hit: Tells whether a text holds a value that is known to be secret.

    """
    for document in documents:
        text = document.decode()
        looked_at = "\n".join([text, *_texts(json.loads(text))])
        if is_hit is not None and is_hit(looked_at):
            return "a token in use"
        words = looks_like_secret(looked_at, is_address=True)
        if words is not None and words != _UNCERTAIN:
            return words
    return None


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for inner in value:
                yield from _texts(inner)
        case dict():
            for inner in value.values():
                yield from _texts(inner)

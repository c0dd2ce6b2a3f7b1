"""Keys that are written into settings: found by the names of their places, never shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from console.domain.agent_settings.source import KeyPath, Source
from console.domain.text.machine_made import is_placeholder
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets, looks_like_secret

_NAMED = re.compile(
    r"(?:.*[_.-])?(?:api[_-]?key|auth[_-]?token|bearer[_-]?token|access[_-]?token|refresh[_-]?token|id[_-]?token|token"
    r"|secret|secret[_-]?key|password|key)(?:[_-][0-9]{1,2})?|.*(?:ApiKey|Token|Secret|Password)|apikey|Authorization",
    re.IGNORECASE,
)
"""Names of places for a key."""
_NOT_ONE = re.compile(r"env[_-]?key|.*env[_-]?var.*|apiKeyHelper|.*tokens?_?(?:limit|count)|keyId", re.IGNORECASE)
"""Names that sound alike and hold a name or a number."""
_REFERENCE = re.compile(r"\{(?:env|file):[^}]*\}|\$\{\{[^}]*\}\}|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|os\.environ/.*|<.*>")
"""Values that name a key and are none."""
_PAIRS = ("api-key", "set-env")
"""aider's lists of NAME=VALUE."""
_LEAST = 8
"""A shorter value opens nothing, or is a word that a local server asks for."""


@dataclass(frozen=True, slots=True)
class LiteralKey:
    """A key in a source."""

    source: Source
    line: int | None
    name: str
    """The place's name, made safe; masked if it looks like a secret itself."""


def literal_keys(source: Source) -> Iterator[LiteralKey]:
    """Yield the keys that are written into a source, whether or not the agent uses it."""
    for path, text in source.tree.leaves():
        name, value = _named(path, text)
        if _is_key(name, value):
            shown = "•••" if looks_like_secret(name) else safe(name, limit=60)
            yield LiteralKey(source, source.tree.line_of(path), shown)


def _named(path: KeyPath, text: str) -> tuple[str, str]:
    """Return the name and the value at a path; those of a pair if it is one."""
    words = [each for each in path if isinstance(each, str)]
    name = words[-1] if words else ""
    if name in _PAIRS:
        before, mark, after = text.partition("=")
        return (f"{before}_key" if name == "api-key" else before, after) if mark else (name, text)
    return name, text


def _is_key(name: str, value: str) -> bool:
    bare = value.removeprefix("Bearer ").strip()
    if not bare or _REFERENCE.fullmatch(bare) or is_placeholder(bare):
        return False
    if _NAMED.fullmatch(name) and not _NOT_ONE.fullmatch(name):
        return len(bare) >= _LEAST
    return bool(find_secrets(f"{name}={value}"))

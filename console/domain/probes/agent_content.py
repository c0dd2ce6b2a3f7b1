"""What is kept of an agent's request: keys, types, betas and lengths, and no text, path, name or id of anyone.

Closed lists and forms decide. An identifier that they do not know, such as the name of a tool that someone added,
becomes `name_1`, so that the call can still be sent.
"""

import json
import re
from collections.abc import Collection, Iterator
from functools import cache

from console.domain.probes.agent import agents

_TRANSPORT = frozenset(
    {"accept-encoding", "connection", "content-length", "content-type", "host", "user-agent", "transfer-encoding"}
    | {"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "expect"}
)
"""The headers that belong to the connection, hold a key, or are the console's own in a call that it makes."""
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![A-Za-z0-9])[0-9a-f]{16,64}(?![A-Za-z0-9])"
    r"|(?<=_)(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,64}(?![A-Za-z0-9])"
)
_WORD = re.compile(r"[A-Za-z0-9<$][A-Za-z0-9_.:@+*/#<>$-]{0,127}")
_OPEN_HEADER = re.compile(r"[A-Za-z0-9<$*][A-Za-z0-9_.:@+*/#<>=;, $-]{0,255}")
_TEXT_KEYS = frozenset({"text", "content", "description", "instructions", "title"})
"""The keys whose values are prose, however short."""
_NAME_KEYS = frozenset({"name", "enum", "const", "required"})
"""The keys whose values are identifiers that the author of a tool chose."""
_PROTOCOL_KEYS = frozenset(
    {"type", "role", "effort", "summary", "context", "verbosity", "display", "syntax", "tool_choice", "ttl", "keep"}
    | {"service_tier", "truncation", "reasoning_effort", "include", "format", "execution", "mode", "detail"}
)
"""The keys whose values are words of a vendor's protocol."""
_PROTOCOL_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_FIELD = re.compile(r"(?!(?:.*\d){4})[A-Za-z_$][A-Za-z0-9_.$-]{0,47}")
"""The form of a vendor's field: a key with more digits is an id of something."""
_WITH_ID = re.compile(r"(?:[a-z]{1,12}_)?<id>(?::\d{1,4})?")
_HEADER_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_HEADER_VALUE = re.compile(
    r"true|false|v?\d{1,6}(?:\.\d{1,6}){0,3}|(?:application|text)/(?:json|event-stream)|\*/\*|20\d\d-\d\d-\d\d"
)
_BETAS = "anthropic-beta"
_BETA = re.compile(r"[a-z][a-z0-9-]{1,62}-20\d\d-?\d\d-?\d\d")
"""The form of a beta: words, and the day since which it exists."""
_QUERY_VALUE = re.compile(r"true|false|\d{1,6}|20\d\d-\d\d-\d\d(?:-preview)?")
_SEGMENT = re.compile(
    r"v\d{1,2}(?:alpha|beta)?|api|models|messages|responses|chat|completions|count_tokens|hello|input_tokens|compact"
    r"|embeddings|openai|anthropic|backend-api|codex|sessions|events|usage|health|<model>:[a-zA-Z]{1,32}"
)
_SHORTEST_PRIVATE = 3
"""A shorter word is in too many others."""
_ANY_TEXT = "^.*$"
"""A pattern of a JSON schema that stands for one that is not known."""


def is_beta(text: str) -> bool:
    """Return whether a text has the form of a beta."""
    return _BETA.fullmatch(text) is not None


class Content:
    """Takes the content out of one agent's requests."""

    def __init__(
        self, prompt: str, models: tuple[str, ...] = (), private: Collection[str] = (), *, is_open: bool = False
    ) -> None:
        """Know what was put in, and what must not come out.

        Args:
            prompt: The task that the agent was given.
            models: The names of models that it was told.
            private: Words of this machine, such as its name and its user's: no name with one of them is kept.
            is_open: Whether every word is kept that has the form of a name: for a recording that a person looks
                through before it is published.

        """
        self._prompt = prompt
        self._models = models
        self._private = tuple(each.lower() for each in private if len(each) >= _SHORTEST_PRIVATE)
        self._is_open = is_open
        self._renamed: dict[str, str] = {}

    def of_body(self, value: object, key: str = "", *, is_properties: bool = False) -> object:
        """Return a JSON value without its content.

        Args:
            value: The value.
            key: Its key, or that of the list in which it is.
            is_properties: Whether it is the `properties` of a JSON schema, whose keys are identifiers.

        """
        match value:
            case dict() if is_properties:
                return {self._name(name): self.of_body(each) for name, each in value.items()}
            case dict():
                return {
                    self._field(name): self.of_body(each, name, is_properties=name == "properties")
                    for name, each in value.items()
                }
            case list():
                return [self.of_body(each, key) for each in value]
            case str():
                return self._text(value, key)
        return value

    def of_header(self, name: str, value: str) -> str | None:
        """Return what is kept of a header's value; None if the header is not kept."""
        if name in _TRANSPORT or _HEADER_NAME.fullmatch(name) is None or self._is_private(name):
            return None
        named = _ID.sub("<id>", value)
        if self._is_open:
            return named if _OPEN_HEADER.fullmatch(named) else f"<{len(value)} characters>"
        if name == _BETAS:
            betas = re.split(r"\s*,\s*", value)
            return ",".join(each for each in betas if is_beta(each) and not self._is_private(each))
        is_kept = named in _known_headers() or _HEADER_VALUE.fullmatch(named) or _WITH_ID.fullmatch(named)
        return named if is_kept else f"<{len(value)} characters>"

    def of_path(self, path: str) -> str:
        """Return a path without its query; a step that is not known becomes its length."""
        steps = path.partition("?")[0].removeprefix("/").split("/")
        return "/" + "/".join(map(self._step, steps))

    def of_query(self, path: str) -> str:
        """Return a path's query; a value that is not known is omitted."""
        kept = []
        for each in filter(None, path.partition("?")[2].split("&")):
            name, _, value = each.partition("=")
            if _FIELD.fullmatch(name) and not self._is_private(name):
                kept.append(f"{name}={value}" if _QUERY_VALUE.fullmatch(value) else name)
        return "&".join(kept)

    def _step(self, step: str) -> str:
        for model in self._models:
            step = step.replace(model, "<model>")
        return step if not step or _SEGMENT.fullmatch(step) else f"<{len(step)}>"

    def _field(self, name: str) -> str:
        is_field = _FIELD.fullmatch(name) is not None and not self._is_private(name)
        return name if self._is_open or is_field else self._name(name)

    def _name(self, name: str) -> str:
        if self._is_open or name in _known_words():
            return name
        return self._renamed.setdefault(name, f"name_{len(self._renamed) + 1}")

    def _text(self, text: str, key: str) -> str:
        if text.strip('"\n ') == self._prompt:
            return "<prompt>"
        if key == "model" or text in self._models:
            return "<model>"
        if key == "definition":
            return f"<grammar of {len(text)} characters>"
        if key in _NAME_KEYS:
            return self._name(text)
        if key == "pattern":
            return text if self._is_open or text in _known_words() else _ANY_TEXT
        named = _ID.sub("<id>", text)
        return named if not text or self._is_kept(named, key) else f"<{len(text)} characters>"

    def _is_kept(self, text: str, key: str) -> bool:
        if key in _TEXT_KEYS:
            return False
        if self._is_open:
            return key == "$schema" or _WORD.fullmatch(text) is not None
        is_protocol = key in _PROTOCOL_KEYS and _PROTOCOL_WORD.fullmatch(text) and not self._is_private(text)
        return bool(is_protocol) or text in _known_words() or _WITH_ID.fullmatch(text) is not None

    def _is_private(self, name: str) -> bool:
        return name not in _known_words() and any(each in name.lower() for each in self._private)


@cache
def _known_words() -> frozenset[str]:
    """Return the keys and values of this release's recordings, through which a person has looked."""
    shapes = [shape for agent in agents().values() for shape in agent.shapes]
    words = {word for shape in shapes for word in _words_in(json.loads(shape.body))}
    return frozenset(words.union(*(shape.headers for shape in shapes)))


@cache
def _known_headers() -> frozenset[str]:
    return frozenset(value for agent in agents().values() for shape in agent.shapes for value in shape.headers.values())


def _words_in(value: object) -> Iterator[str]:
    match value:
        case dict():
            yield from value
            for each in value.values():
                yield from _words_in(each)
        case list():
            for each in value:
                yield from _words_in(each)
        case str():
            yield value

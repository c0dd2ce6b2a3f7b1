"""Answers without their content: structure, counts and closed words stay, everything else is replaced.

What stays is listed in `facts/wire_words.toml`. The same text is replaced by the same placeholder, so that an id that
changes still changes; generated text keeps its length, so that pieces still add up to the whole.
"""

import re
from collections.abc import Callable
from functools import cache

from console.domain.errors.body import squash
from console.domain.errors.rule import error_rules
from console.domain.exchange.shape import MODEL, REASON, TEXT, ExchangeShape, ShapedEvent, ShapeEnd
from console.domain.facts.load import load_facts
from console.wire.json_value import decode, encode, text_at, value_at
from console.wire.sse import SseEvent

_EVENT_LIMIT = 400
"""The most events, or runs of pieces, that are kept of a stream."""
_SIZE_LIMIT = 131_072
"""The most characters of them together."""
_WIDTH, _DEPTH, _LENGTH = 64, 12, 4_096
_PREFIXES = ("chatcmpl-", "resp_", "resp-", "msg_", "gen-", "rs_", "fc_", "call_", "toolu_")
"""The prefixes of ids that say which family made them."""
_CODES = frozenset({"code", "type", "status", "error", "error_code", "err_code", "reason"})
"""The keys of code words of a refusal."""
_NUMBER = re.compile(r"[0-9]{1,5}")
_UNREADABLE = "unreadable"
"""The kind of an event whose data is not a JSON object."""

Close = Callable[[str | None], str | None]
"""Returns a model's name from outside if it may be kept; else None."""


class EventKeeper:
    """Keeps the events of a stream as they come, bounded, until their shape is asked for.

    Pieces of content that follow one another are only counted: whoever reads the stream adds to `pieces` and
    `characters` itself while an event belongs to `run`, because this happens for nearly every event.
    """

    __slots__ = ("_kept", "_size", "characters", "is_whole", "pieces", "run")

    def __init__(self) -> None:
        self._kept: list[tuple[SseEvent, int, int]] = []
        """Each event, with how many pieces it begins and their characters; 0 for an event that is not a piece."""
        self._size = 0
        self.run: str | None = None
        """The name of the events of the run of pieces that is open; None if none is."""
        self.pieces = 0
        """The pieces of that run so far; the next field has their characters."""
        self.characters = 0
        self.is_whole = True

    def take(self, event: SseEvent, *, is_piece: bool, characters: int) -> None:
        """Keep an event, and begin a run with it if it is a piece of content as its vendor sends it."""
        self._end_run()
        self._size += len(event.data)
        if not self.is_whole or len(self._kept) == _EVENT_LIMIT or self._size > _SIZE_LIMIT:
            self.is_whole = False
            return
        self._kept.append((event, 0, 0))
        if is_piece:
            self.run, self.pieces, self.characters = event.name, 1, characters

    def _end_run(self) -> None:
        if self.run is not None:
            self._kept[-1] = (self._kept[-1][0], self.pieces, self.characters)
            self.run = None

    def shaped(self, model: str, close: Close) -> tuple[ShapedEvent, ...]:
        """Return the events without their content."""
        self._end_run()
        shaper = _Shaper(model, close)
        return tuple(shaper.event(event, count, characters) for event, count, characters in self._kept)


def shape_body(body: bytes, model: str, close: Close, *, is_page: bool) -> str:
    """Return a body without its content: a page, JSON or another text; `REASON` stands where it says why."""
    if is_page:
        return f"<!doctype html><html><title>x</title><body>{REASON}</body></html>"
    if not body.strip():
        return ""
    value = decode(body)
    if isinstance(value, dict | list):
        return encode(_Shaper(model, close).value(value, "")).decode()
    if body.lstrip()[:1] in (b"{", b"["):
        return '{"error":{"message":"' + REASON  # JSON that was cut
    return encode(REASON).decode() if isinstance(value, str) else REASON


class _Shaper:
    """Replaces the content of one exchange."""

    def __init__(self, model: str, close: Close) -> None:
        self._model = model
        self._close = close
        self._names: dict[str, str] = {}
        self._is_run = False

    def event(self, event: SseEvent, count: int, characters: int) -> ShapedEvent:
        """Return an event, or the run that it begins, without content."""
        name = _event_type(event.name)
        if event.data == "[DONE]":
            return ShapedEvent("[DONE]", name, event.data)
        value = decode(event.data)
        if not isinstance(value, dict):
            return ShapedEvent(_UNREADABLE, name, "x" if value is None else "1")
        self._is_run = count > 1
        shaped = self.value(value, "")
        self._is_run = False
        kind = kind_of(name, shaped)
        data = encode(shaped).decode()
        return ShapedEvent(kind, name, data, max(1, count), characters if count > 1 else 0)

    def value(self, value: object, key: str, depth: int = 0) -> object:
        """Return a value under a key without its content."""
        if depth > _DEPTH:
            return None
        match value:
            case dict():
                return self._object(value, depth)
            case list():
                return [self.value(each, key, depth + 1) for each in value[:_WIDTH]]
            case str():
                return self._text(value, key, depth)
            case bool() | None:
                return value
            case int() | float():
                limit = 2**53 if key in _facts("counts") else 100_000 if key in _CODES else 0
                return value if abs(value) < limit else 1
        return None

    def _object(self, value: dict[object, object], depth: int) -> dict[str, object]:
        shaped: dict[str, object] = {}
        for number, (key, inner) in enumerate(list(value.items())[:_WIDTH], 1):
            kept = str(key) if key in _facts("keys") else f"other_{number}"
            shaped[kept] = self.value(inner, kept, depth + 1)
        return shaped

    def _text(self, text: str, key: str, depth: int) -> str:
        if not text:
            return ""
        if key == "model":
            return MODEL if text == self._model else self._close(text) or "other-model"
        if text in _words() and key not in _facts("texts"):
            return text
        if key == "type" and depth == 1:
            return _event_type(text)
        if key in _CODES and (squash(text) in _error_words() or _NUMBER.fullmatch(text)):
            return text
        if key in _facts("reasons"):
            return REASON
        if key in _facts("texts"):
            return TEXT if self._is_run else _masked(text[:_LENGTH], is_json=key in ("arguments", "partial_json"))
        return self._named(text)

    def _named(self, text: str) -> str:
        """Return the placeholder of a name, the same one for the same name."""
        if text not in self._names:
            prefix = next((each for each in _PREFIXES if text.startswith(each)), "")
            self._names[text] = f"{prefix}name{len(self._names) + 1}"
        return self._names[text]


def _event_type(text: str) -> str:
    """Return the type of an event, or of an object, if it is known; another one stays in its family."""
    if text in _words() or not text or squash(text) in _error_words():
        return text
    return "response.other" if text.startswith("response.") else "other"


def kind_of(name: str, value: object) -> str:
    """Return what an event without content is, in closed words: its type, and what it carries."""
    kind = text_at(value, "type") or name or text_at(value, "object") or ("error" if _has(value, "error") else "other")
    if kind == "content_block_delta":
        return f"{kind} {text_at(value, 'delta', 'type') or ''}".rstrip()
    if kind != "chat.completion.chunk":
        return kind
    choice = value_at(value, "choices", 0)
    carried = [
        each for each in ("content", "reasoning_content", "reasoning", "tool_calls") if _has(choice, "delta", each)
    ]
    finish = text_at(choice, "finish_reason")
    carried += [finish] if finish else []
    carried += ["usage"] if _has(value, "usage") else []
    carried += ["error"] if _has(value, "error") else []
    return " ".join([kind, *carried])


def _has(value: object, *path: str) -> bool:
    return bool(value_at(value, *path))


def _masked(text: str, *, is_json: bool) -> str:
    """Return a text of the same length; of JSON, its marks stay and its digits stay digits."""
    if not is_json:
        return "x" * len(text)
    return "".join(each if each in '{}[]:,"\\ \n' else "1" if each.isdigit() else "x" for each in text)


@cache
def _facts(key: str) -> frozenset[str]:
    return frozenset(load_facts("wire_words")[key])


def _words() -> frozenset[str]:
    return _facts("words")


@cache
def _error_words() -> frozenset[str]:
    """Return the code words that some rule of errors reads."""
    rules = error_rules()
    every = (*rules.strong, *rules.hints, *rules.usual.values(), *rules.generic.values())
    return frozenset(word for rule in every for word in rule.words)


def played(shape: ExchangeShape, model: str) -> list[bytes]:
    """Return the pieces of an answer of this shape, for a call of a model."""
    if not shape.events:
        return [named_in(shape.body, model).encode()] if shape.body else []
    frames = [frame for event in shape.events for frame in _frames(event, model)]
    return [*frames, b"data: {"] if shape.end is ShapeEnd.INSIDE else frames


def _frames(event: ShapedEvent, model: str) -> list[bytes]:
    head = f"event: {event.name}\n" if event.name else ""
    pieces = []
    for number in range(event.count):
        data = event.data if event.count == 1 else _piece(event, number)
        pieces.append(f"{head}data: {named_in(data, model)}\n\n".encode())
    return pieces


def named_in(text: str, model: str) -> str:
    """Return a text of JSON with the model's name in its place."""
    return text.replace(MODEL, encode(model).decode()[1:-1])


def _piece(event: ShapedEvent, number: int) -> str:
    """Return the data of one piece of a run: its share of the text, and its number in the sequence."""
    each, rest = divmod(event.characters, event.count)
    length = each + (rest if number == event.count - 1 else 0)
    value = decode(event.data)
    if isinstance(value, dict) and isinstance(order := value.get("sequence_number"), int):
        value["sequence_number"] = order + number
    data = event.data if not isinstance(value, dict) else encode(value).decode()
    return data.replace(TEXT, "x" * length)

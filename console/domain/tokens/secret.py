"""Secret: a gateway token that is safe by type."""

import base64
import json
import re
import unicodedata
from collections.abc import Iterator
from itertools import repeat
from typing import NoReturn, Self
from urllib.parse import quote

_MASK = "•••"
_SHORTEST_OVERLAP = 4
"""Fewer characters of a derived form reveal nothing, and would cut off the end of ordinary text."""
_SHORTEST_CUT = 16
"""The longest well-known beginnings of keys have 13 characters."""
_SHORTEST_DERIVED = 8
"""A shorter value has no derived forms: parts of them would occur in ordinary text."""
_URL_SAFE = ("", "/", "!'()*", "!'()*;,/?:@&=+$#")
"""The safe characters of URL writers: none, Python's default, and JavaScript's for a component and for a URL."""
_JSON_UNICODE = ("", "<>&", "<>&='", "<>&'\"+`")
"""The optional numeric escapes of JSON writers: Python, Go, Gson, and PHP or .NET in safe mode."""


class Secret:
    """A token that no repr, format, comparison, copy or pickle reveals.

    `reveal` is the only access to the value and has three callers: the transport, which writes the authorization
    header, `put` of a store, and a team's database, whose URL holds a password. The other methods answer questions
    about outside text without revealing the value.
    """

    __slots__ = ("__forms", "__heads", "__longest", "__plain", "__shortest", "__value")

    def __init__(self, value: str) -> None:
        self.__value = value
        self.__plain: tuple[str, ...] | None = None
        self.__forms: tuple[str, ...] = ()
        self.__heads: dict[str, tuple[str, ...]] = {}
        """The forms by their first character."""
        self.__shortest = self.__longest = 0
        """The lengths of the shortest and the longest form."""

    @classmethod
    def parse(cls, value: str) -> Self:
        """Return the token with a value from a store.

        Raises:
            ValueError: The value cannot be a token: empty, over 8,192 characters, or with a character that
                does not fit in an HTTP header. The message never contains the value; an HTTP library would print it.

        """
        bare = value.removesuffix("\n").removesuffix("\r")
        if not bare:
            raise ValueError("the token is empty")
        if len(bare) > 8192:
            raise ValueError("the token is longer than 8,192 characters")
        if not all("!" <= character <= "~" for character in bare):
            raise ValueError("the token has a space, a line break or a character outside ASCII")
        return cls(bare)

    def reveal(self) -> str:
        """Return the value itself, only for the authorization header, a store and a team's database."""
        return self.__value

    @property
    def is_unmistakable(self) -> bool:
        """Whether the value is too long to occur in ordinary text by chance."""
        return len(self.__value) >= _SHORTEST_DERIVED

    @property
    def shortest(self) -> int:
        """The characters of the shortest form: a shorter text cannot hold the value."""
        self._all_forms()
        return self.__shortest

    def is_in(self, text: str) -> bool:
        """Return whether outside text contains the value, or a form that reveals it: see `_forms_of`."""
        _require_text(text)
        return any(map(text.__contains__, self._all_forms()))

    def resembles(self, name: str) -> bool:
        """Return whether a short name is the value with an obvious change.

        It detects a changed case, removed or added punctuation, the reversed value, and either half of it.
        """
        plain = "".join(character for _, character in _letters(name))
        return any(map(plain.__contains__, self._pieces()))

    def redact_changed(self, text: str) -> str:
        """Return outside text in which the value is masked even with an obvious change; `resembles` says which.

        What stands between its letters is masked with them. The rest of the text stays as it is.
        """
        _require_text(text)
        letters = list(_letters(text))
        plain = "".join(character for _, character in letters)
        hits = sorted(
            (letters[start][0], letters[end - 1][0] + 1)
            for piece in self._pieces()
            for start, end in _occurrences(piece, plain)
        )
        shown, end = "", 0
        for first, last in hits:
            if first >= end:
                shown += text[end:first] + _MASK
            end = max(end, last)
        return shown + text[end:]

    def _pieces(self) -> tuple[str, ...]:
        """Return the letters and digits of the value, the same reversed, and both halves, if they are telling."""
        if self.__plain is None:
            self.__plain = tuple(_pieces_of(self.__value))
        return self.__plain

    def redact_word(self, text: str) -> str:
        """Return a text with the value masked where no letter, digit, `_` or `-` is next to it."""
        _require_text(text)
        return re.sub(rf"(?<![\w-]){re.escape(self.__value)}(?![\w-])", _MASK, text)

    def redact(self, text: str) -> str:
        """Return outside text with every occurrence of the value and its derived forms masked."""
        if not self.is_in(text):
            return text
        for index in range(len(self._all_forms())):  # by index, so that no local variable here holds a form
            text = text.replace(self.__forms[index], _MASK)
        return text

    def held_back(self, text: str) -> int:
        """Return how many characters at the end of a cut text could be the beginning of the value or a form.

        Fewer than four characters of a derived form do not count: they reveal nothing.
        """
        _require_text(text)
        value, *derived = (self._overlap(index, text) for index in range(len(self._all_forms())))
        return max(value, *(size for size in derived if size >= _SHORTEST_OVERLAP), 0)

    def cut_off(self, text: str) -> int:
        """Return how many characters at the end of a whole text are the value or a form that its writer cut off.

        Fewer than half of it, or at most 15 characters, occur by chance: many keys begin alike, and words end so.
        """
        _require_text(text)
        sizes = (self._overlap(index, text) for index in range(len(self._all_forms())))
        least = min(_SHORTEST_CUT, len(self.__value) // 2 + 1)
        return max((size for size in sizes if size >= max(least, _SHORTEST_OVERLAP)), default=0)

    def may_go_on(self, text: str) -> int:
        """Return the same for an unfinished text, where every character counts: it may arrive letter by letter."""
        _require_text(text)
        if text.endswith("\n"):  # no form has a line break
            return 0
        if not self.__forms:
            self._all_forms()
        if self.__heads.keys().isdisjoint(text[-self.__longest :]):
            return 0
        begin = max(0, len(text) - self.__longest, text.rfind("\n") + 1)
        for place in range(begin, len(text)):
            if text[place] in self.__heads and self._is_beginning(text[place:]):
                if text[place:] in self.__forms:  # it is complete; what may go on is shorter, or another form
                    return max(self._overlap(index, text) for index in range(len(self.__forms)))
                return len(text) - place
        return 0

    def _is_beginning(self, end: str) -> bool:
        """Return whether a form begins with a text, which is not empty, or is the text."""
        return any(map(str.startswith, self.__heads[end[0]], repeat(end)))

    def _overlap(self, index: int, text: str) -> int:
        """Return how many characters at the end of a text are the beginning of one form."""
        longest = min(len(text), len(self.__forms[index]) - 1)
        return next((size for size in range(longest, 0, -1) if self.__forms[index].startswith(text[-size:])), 0)

    def _all_forms(self) -> tuple[str, ...]:
        if not self.__forms:
            self.__forms = tuple(dict.fromkeys(_forms_of(self.__value)))
            self.__heads = _by_head(self.__forms)
            self.__shortest, self.__longest = min(map(len, self.__forms)), max(map(len, self.__forms))
        return self.__forms

    def fingerprint(self, key: bytes) -> str:
        """Return 12 hex digits that identify equal tokens under one random key, and mean nothing without the key.

        A plain hash would be unsafe: gateways store tokens under their SHA-256, so it identifies the token there.
        """
        import hmac  # late: it loads OpenSSL, which most verbs do not need

        return hmac.new(key, self.__value.encode(), "sha256").hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest

        return compare_digest(self.__value.encode(), other.__value.encode())

    __hash__ = None  # type: ignore[assignment]  # tokens must not be dict keys

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


def _by_head(forms: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    heads = dict.fromkeys((form[:1] for form in forms), ())
    return {head: tuple(form for form in forms if form.startswith(head)) for head in heads}


def _letters(text: str) -> Iterator[tuple[int, str]]:
    """Yield the letters and digits of ASCII in a text, in lower case, each with its place.

    Wide, mathematical and circled characters count as the letter that they look like (NFKC).
    """
    for place, character in enumerate(text):
        for each in character if character.isascii() else unicodedata.normalize("NFKC", character):
            if each.isascii() and each.isalnum():
                yield place, each.lower()


def _occurrences(piece: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a piece begins and ends in a text, from left to right, without overlaps."""
    start = text.find(piece)
    while start >= 0:
        yield start, start + len(piece)
        start = text.find(piece, start + len(piece))


def _require_text(text: str) -> None:
    """Refuse anything but text before a local variable holds a form, which a traceback may show."""
    if not isinstance(text, str):
        raise TypeError("a secret is looked for in text only")


def _forms_of(value: str) -> Iterator[str]:
    """Yield the value and the forms that reveal it: URL- and JSON-quoted, base64 at each alignment, and hexadecimal.

    A server may echo an encoded header value, alone or inside a longer text such as `Basic` of `user:token`.
    """
    yield value
    if len(value) < _SHORTEST_DERIVED:
        return
    yield from _url_forms(value)
    yield from _json_forms(value)
    data = value.encode()
    for offset in range(3):
        # Only the characters without bits of a neighbour are the same at every position.
        first, end = (offset * 8 + 5) // 6, (offset + len(data)) * 8 // 6
        core = base64.b64encode(bytes(offset) + data).decode()[first:end]
        yield core
        yield core.replace("+", "-").replace("/", "_")
    yield data.hex()
    yield data.hex().upper()


def _pieces_of(value: str) -> Iterator[str]:
    """Yield the letters and digits of a value, the same reversed, and both halves, if they are telling."""
    own = "".join(character for _, character in _letters(value))
    half = len(own) // 2
    pieces = (own, own[::-1], own[:half], own[half:]) if half >= _SHORTEST_DERIVED else (own, own[::-1])
    yield from (piece for piece in pieces if len(piece) >= _SHORTEST_DERIVED)


def _url_forms(value: str) -> Iterator[str]:
    for left in _URL_SAFE:
        quoted = quote(value, safe=left)
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    yield "".join(f"%{byte:02X}" for byte in value.encode())  # as what hides a text from a filter writes it
    yield "".join(f"%{byte:02x}" for byte in value.encode())


def _json_forms(value: str) -> Iterator[str]:
    plain = json.dumps(value)[1:-1]
    for characters in _JSON_UNICODE:
        for digits in ("04x", "04X"):
            # Replace the escaped quotation mark as a whole: a \u escape has no backslash before it.
            text = plain.replace('\\"', '"') if '"' in characters else plain
            for character in characters:
                text = text.replace(character, f"\\u{ord(character):{digits}}")
            yield text
            yield text.replace("/", "\\/")
    for digits in ("04x", "04X"):
        yield "".join(f"\\u{ord(character):{digits}}" for character in value)


class RedactedStream:
    """Masks a token in text that arrives in pieces, even if the token is split between pieces."""

    __slots__ = ("_pending", "_secret", "_shortest", "has_masked")

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._shortest = secret.shortest
        self._pending = ""
        self.has_masked = False
        """Whether a token has appeared so far."""

    def feed(self, piece: str) -> str:
        """Add the next piece and return the text that can be shown; a possible beginning of a token is held back."""
        came = self._pending + piece if self._pending else piece
        text = came
        if len(came) >= self._shortest:
            text = self._secret.redact(came)
            self.has_masked = self.has_masked or text != came
        held = self._secret.may_go_on(text)
        if not held:
            self._pending = ""
            return text
        self._pending = text[len(text) - held :]
        return text[: len(text) - held]

    def close(self) -> str:
        """Return the text that was still held back."""
        pending, self._pending = self._pending, ""
        return pending

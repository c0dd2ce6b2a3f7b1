"""The body of a refused call, read from any envelope: its code words, its prose and its statuses.

Gateways wrap errors in one another: JSON in a string in JSON, `litellm.X: YException - {…}`, `[openai/x] [400]: {…}`,
server-sent events, HTML pages, a Python dict's repr, a body cut in the middle. So a body is scanned, not parsed: one
linear pass finds the fields at every depth of escaping, and a cut body yields everything before the cut.
"""

import re
from dataclasses import dataclass, field, replace

from console.domain.errors.echo import without_echo

READ_LIMIT = 12_288
"""The maximum characters read. Real error bodies are below 4,000; the longest seen was a web page of 9,000."""
_ECHO_LIMIT = READ_LIMIT * 4
"""The maximum length in which what repeats the call is looked for, so that it does not use up the limit."""
GRAM, SHORT_GRAM = 4, 2
"""The lengths of the runs of characters by which phrases are found; Chinese words are of two characters."""
_WORD_LIMIT = 100
_FIELD_LIMIT = 400

_WORD_KEYS = (
    "code|type|status|reason|param|kind|name|error|error_code|errorCode|error_type|errorType|error_name|errCode|"
    "status_code|statusCode|http_status|__type|Code|Type|quotaId|:exception-type|exception_type|limit_source|ret_code|err_code"
    "|exception|title|event|upstream_status|upstream_code|upstreamStatus|resultCode|result_code|errno|category"
)
_FIELD = re.compile(
    rf"""(?<!\\)(\\{{0,31}})(["'])({_WORD_KEYS})\1\2\s{{0,40}}:\s{{0,40}}"""
    rf"""(?:\1\2([^"'\\]{{1,{_WORD_LIMIT}}})\1\2|(-?\d{{1,9}})(?![\d.]))"""
)
_IDENTIFIER = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9]{0,40}(?:[_-][A-Za-z0-9]{1,40}){1,12}"
    r"|[A-Z][A-Za-z0-9]{3,60}(?:\.[A-Z][A-Za-z0-9]{2,60})?)"
)
_WORD_START = re.compile(r"[_.\-]+|(?<=[a-z])(?=[A-Z])")
_STATUS_KEYS = frozenset(
    {"code", "status", "param", "error_code", "errorCode", "status_code", "statusCode", "http_status", "Code"}
    | {"upstream_status", "upstreamStatus"}
)
_AMOUNT = (
    r"(?!\d|[.,]\d| ?(?:tokens?|requests?|calls?|characters?|chars|words|items?|messages|images?|bytes|[kmg]?b\b|ms\b"
    r"|s\b|sec|min|hours?|days?|times|credits?|points|usd|dollars?|%|per |元|次|个|個|秒|分|字|条|回|件|개|초))"
)
"""What follows a number that is an amount and not a status."""
_STATUS_IN_PROSE = re.compile(
    r"(?:(?<![a-z0-9_])(?:status(?:[ _]?code)?|https?|error(?: code)?|code|oauth|returned)|返回|状态码|狀態碼)"
    rf"[ :=#]{{1,3}}(?:http )?([45]\d\d){_AMOUNT}"
    r"|(?:\A|\]|provider|upstream|error|exception|failed|status|response|code|server|api) ?[\[(]([45]\d\d)[\])]"
    rf"|\A\W{{0,8}}([45]\d\d){_AMOUNT}|\| ([45]\d\d): "
    rf"|(?:'|data: )([45]\d\d)[ :]{_AMOUNT}"
)
"""An HTTP status in prose: only where it is one, behind a word for it or at a message's beginning."""
_ERROR_OBJECT = re.compile(r"'(?:error|errors|error_msg|errmsg)': {0,4}[\[{']{1,2} {0,2}[^ '}\]]")
_ESCAPE = re.compile(r"\\+u([0-9A-Fa-f]{4})|\\+([nrt])|\\+")
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_UNREAD = re.compile(r"<(?i:(script|style|svg)\b|!--)")
_UNREAD_END = {
    name: re.compile(end, re.IGNORECASE)
    for name, end in (
        ("script", "</script[^>]{0,20}>"),
        ("style", "</style[^>]{0,20}>"),
        ("svg", "</svg[^>]{0,20}>"),
        (None, "-->"),
    )
}
_NOTHING_WORDS = frozenset({"", "none", "null", "nil", "<nil>", "undefined", "error"})
_QUOTES = str.maketrans(
    {"`": "'", "’": "'", "‘": "'", "“": "'", "”": "'", '"': "'", "，": ",", "：": ":", "（": "(", "）": ")"}
)


@dataclass(frozen=True, slots=True)
class ErrorWord:
    """A code word: the value of `code`, `type`, `status` or a similar field, squashed for comparison."""

    key: str
    """Its field; `text` if it was in prose."""
    squashed: str
    depth: int
    """Its depth of escaping: an error nested in an error's text is deeper, and more specific."""
    spelled: str = field(default="", compare=False)
    """The word as plain text: `AUTH_KeyExpired` is "auth key expired"."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The parsed body of a refused call."""

    words: tuple[ErrorWord, ...]
    """The code words of fields, the innermost first."""
    mentioned: frozenset[str]
    """Every squashed code word in the body, in a field or in prose."""
    message: str
    """Its message for people, unscrubbed: the innermost message, or the whole text."""
    prose: str
    """The whole text in lower case, on one line, unescaped, with plain quotes."""
    grams: frozenset[str]
    """Every run of `GRAM` characters in `prose`, and of `SHORT_GRAM` if it is not ASCII; phrases are looked up here."""
    inner_status: int | None
    """The innermost HTTP status in the body itself."""
    is_html: bool
    is_cut: bool
    """Whether the body ends inside its JSON, lacks the promised JSON, or was longer than the limit."""

    @property
    def spelled(self) -> "ErrorBody":
        """The body with its code words, spelled out, in the place of its prose."""
        prose = " . ".join(word.spelled for word in self.words)
        return replace(self, prose=prose, grams=_grams(prose), mentioned=frozenset())

    @property
    def names_error(self) -> bool:
        """Whether it has an error object with a text, or a code word."""
        return bool(self.words) or _ERROR_OBJECT.search(self.prose) is not None

    @property
    def is_empty(self) -> bool:
        """Whether the body is empty."""
        return not self.prose


def read_error_body(body: bytes | str, content_type: str = "") -> ErrorBody:
    """Read a body. Total: any bytes give a result, and a longer body costs no more than `READ_LIMIT` characters."""
    text = body[:_ECHO_LIMIT].decode("utf-8", "replace") if isinstance(body, bytes) else body[:_ECHO_LIMIT]
    is_long = len(text) < len(body) if isinstance(body, str) else len(body) > _ECHO_LIMIT
    text = without_echo(text)
    is_long = is_long or len(text) > READ_LIMIT
    text = text[:READ_LIMIT].strip("\ufeff \t\r\n")
    is_html = _is_page(text, content_type)
    if is_html:
        text = _readable(text)
    fields = _fields(text)
    prose = _SPACE.sub(" ", _unescape(text).translate(_QUOTES)).strip().lower()
    return ErrorBody(
        words=tuple(word for word in fields if not word.squashed.isdigit() or len(word.squashed) != 3),
        mentioned=frozenset(word.squashed for word in fields)
        | frozenset(squash(match.group()) for match in _IDENTIFIER.finditer(text)),
        prose=prose,
        grams=_grams(prose),
        inner_status=_inner_status(fields, prose),
        is_html=is_html,
        message=_SPACE.sub(" ", text).strip() if is_html else _message_in(text),
        is_cut=is_long or _is_cut(text) or (not text and "json" in content_type.lower()),
    )


def squash(word: str) -> str:
    """Return a code word without case and punctuation: `InsufficientQuota` and `insufficient_quota` are one word."""
    return "".join(character for character in word.lower() if character.isalnum())


def _grams(prose: str) -> frozenset[str]:
    grams = {prose[start : start + GRAM] for start in range(len(prose) - GRAM + 1)}
    if not prose.isascii():
        grams |= {prose[start : start + SHORT_GRAM] for start in range(len(prose) - SHORT_GRAM + 1)}
    return frozenset(grams)


def _fields(text: str) -> list[ErrorWord]:
    found = []
    for match in _FIELD.finditer(text):
        escape, _, key, value, number = match.groups()
        squashed = squash(value or number or "")
        if squashed not in _NOTHING_WORDS:
            found.append(ErrorWord(key, squashed, len(escape), _WORD_START.sub(" ", value or "").strip().lower()))
        if len(found) == _FIELD_LIMIT:
            break
    return sorted(found, key=lambda word: -word.depth)


def _inner_status(fields: list[ErrorWord], prose: str) -> int | None:
    for word in fields:
        if (
            word.key in _STATUS_KEYS
            and len(word.squashed) == 3
            and word.squashed[0] in "45"
            and word.squashed.isdecimal()
        ):
            return int(word.squashed)
    last = None
    for match in _STATUS_IN_PROSE.finditer(prose[:4096]):
        last = int(next(group for group in match.groups() if group))
    return last


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    code, space = match.groups()
    if code is not None:
        character = chr(int(code, 16))
        return character if character.isprintable() else " "
    return " " if space is not None else ""


def _is_cut(text: str) -> bool:
    stripped = text.rstrip()
    if not stripped.startswith(("{", "[", "data:", "event:")):
        return stripped.count("{") > stripped.count("}")
    return (
        stripped.count("{") > stripped.count("}")
        or stripped.count("[") > stripped.count("]")
        or (stripped[-1] not in '}]"' and "}" not in stripped[-40:])
    )


def _readable(page: str) -> str:
    """Return a web page's text without scripts and styles.

    This differs from `services/pages/page_text.py` for public pages: an error page's title counts, and an unclosed tag
    is kept because it may be the end of a cut message.
    """
    kept: list[str] = []
    position = 0
    while (start := _UNREAD.search(page, position)) is not None:
        kept.append(page[position : start.start()])
        end = _UNREAD_END[start.group(1) and start.group(1).lower()].search(page, start.end())
        if end is None:
            return _TAG.sub(" ", "".join(kept))
        position = end.end()
    kept.append(page[position:])
    return _TAG.sub(" ", "".join(kept))


_MESSAGE = re.compile(
    r"""(?<!\\)(\\{0,31})(["'])(?:message|msg|detail|error|error_description|raw|status_msg|reason|error_msg|errmsg"""
    r"""|error_message|errorMessage|Message|faultstring)\1\2\s{0,40}:\s{0,40}\1\2"""
)


def _message_in(text: str) -> str:
    said = text
    depth = -1
    for match in _MESSAGE.finditer(text):
        escape, quote = match.groups()
        end = re.compile(rf"(?<!\\){re.escape(escape)}{quote}").search(text, match.end())
        value = text[match.end() : len(text) if end is None else end.start()]
        if len(escape) > depth and value.strip():
            said, depth = value, len(escape)
    return _SPACE.sub(" ", _unescape(said)).strip()


def _is_page(text: str, content_type: str) -> bool:
    return "html" in content_type.lower() or text[:200].lower().startswith(("<!doctype", "<html", "<head", "<?xml"))

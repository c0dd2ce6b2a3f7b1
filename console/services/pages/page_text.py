"""A page's visible text; an unchanged page gives the same text.

We parse markup ourselves because the input is hostile: this takes time in proportion to the page's length, and never
raises. Python's html.parser promises neither.
"""

import hashlib
import html
import re

from console.domain.text.machine_made import is_mixed

_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "object", "title", "textarea", "select")
"""Elements whose content is not part of the page's text, or changes with every visit."""
_INLINE = frozenset(
    ("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label",
     "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr")
)  # fmt: skip
"""Elements that do not separate words."""
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _UNSEEN}
_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9:-]{0,40}+)")
_TAG_END = re.compile(r"""(?>[^>=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|=)*+>""")
_LONG_NUMBER = re.compile(r"&#(?:\d{8,}+|[xX][0-9A-Fa-f]{8,}+);?")

_NONCE = re.compile(
    r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b"  # a UUID
    r"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"  # a time of day
    r"|\b\d{1,4} (?:second|minute|hour|day|week|month|year)s? ago\b"
    r"|\b[0-9A-Fa-f]{16,}+\b"  # a build's or a request's id
)
_RUN = re.compile(r"[A-Za-z0-9_=-]{24,}+")

_ENCODINGS = dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252") | {
    "utf-16": "utf-16"
}
"""What is not read as UTF-8; Latin-1 as browsers read it. Other names are ignored: some of Python's codecs are not text
encodings, or take time that grows with the square of the length."""


def decode(body: bytes, charset: str) -> str:
    """Return a body as text. Bytes that do not fit the encoding become replacement characters; this never raises."""
    text = body.decode(_ENCODINGS.get(charset.strip().lower(), "utf-8"), errors="replace")
    return text.removeprefix("\ufeff")


def visible_text(page: str, *, is_markup: bool) -> str:
    """Return a page's text without markup, each run of white space as one space."""
    return " ".join((_without_markup(page) if is_markup else page).split())


def content_sha256(text: str) -> str:
    """Return the hash of a page's visible text, ignoring ids and times that change with every visit."""
    lasting = _RUN.sub(lambda run: "" if is_mixed(run[0]) else run[0], _NONCE.sub("", text))
    return hashlib.sha256(" ".join(lasting.split()).encode("utf-8", errors="replace")).hexdigest()


def _without_markup(page: str) -> str:
    pieces: list[str] = []
    position = 0
    while (start := page.find("<", position)) >= 0:
        pieces.append(page[position:start])
        if page.startswith("<!--", start):
            end = page.find("-->", start + 4)
            position = len(page) if end < 0 else end + 3
            continue
        name = _NAME.match(page, start + 1)
        if name is None and page[start + 1 : start + 2] not in ("!", "?", "/"):
            pieces.append("<")
            position = start + 1
            continue
        tag_end = _TAG_END.match(page, start + 1)
        position = len(page) if tag_end is None else tag_end.end()
        tag = "" if name is None else name[1].lower()
        if tag not in _INLINE:
            pieces.append(" ")
        is_empty = tag == "svg" and page.endswith("/>", start, position)
        if tag in _ENDS and page[start + 1] != "/" and not is_empty:
            end_tag = _ENDS[tag].search(page, position)
            position = len(page) if end_tag is None else end_tag.start()
    pieces.append(page[position:])
    return html.unescape(_LONG_NUMBER.sub("\N{REPLACEMENT CHARACTER}", "".join(pieces)))

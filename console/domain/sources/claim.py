"""Claims: statements of a draft that cite a page, as its writer lists them or as links in a document."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote as percent_encoded

from console.domain.text.secret_scan import looks_like_secret

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")

# The parts of Markdown that are not sources: code, comments and pictures.
_NO_TEXT = re.compile(
    r"^[ \t>]*+(?:(?P<fence>`{3,}+)[^`\n]*+|(?P<waves>~{3,}+)[^\n]*+)\n"
    r"(?>(?![ \t>]*+(?:(?P=fence)|(?P=waves)))[^\n]*+\n)*+[^\n]*+"
    r"|(?<!`)(?P<ticks>`++)(?>[^`\n]++|(?!(?P=ticks)(?!`))`++)*+(?P=ticks)(?!`)"
    r"|<!--(?>[^-]++|-(?!->))*+"
    r"|!\[[^][\n]*+\]\([^()\n]*+\)",
    re.MULTILINE,
)
_LINK = re.compile(
    r"(?<![A-Za-z0-9+.-])https?://[^\s<>\"`|\\^{}，。、；：！？（）「」『』【】《》]++"  # anywhere
    r"|(?:(?<=\]\()|(?<=\]\(<)|(?<=\]: )|(?<=<))[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s<>\"`|\\^{}]++",  # as a link
    re.IGNORECASE,
)
_HEAD = re.compile(r"https?://[^/?#]*+", re.IGNORECASE)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]++")
_PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of a draft that cites a page. This is draft text: a record contains only the id."""

    id: str
    url: str = field(repr=False)
    """As the writer gave it, unchecked."""
    quote: str = field(default="", repr=False)
    """Words that have to be on the page; empty if none are given, as for a link."""


def named_claims(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return claims with unique ids that are safe for a record.

    An id that is not a short plain name, looks like a secret or is already taken becomes `claim-N`, with N the claim's
    position. Exact duplicates of a claim are dropped.
    """
    distinct = tuple(dict.fromkeys(claims))
    taken = {each.id for each in distinct}
    used: set[str] = set()
    named = []
    for place, claim in enumerate(distinct, start=1):
        name = claim.id
        if name in used or not _ID.fullmatch(name) or looks_like_secret(name):
            name = _free_name(f"claim-{place}", taken | used)
        used.add(name)
        named.append(replace(claim, id=name))
    return tuple(named)


def with_links(claims: Sequence[Claim], document: str) -> tuple[Claim, ...]:
    """Return the claims, plus a claim without a quote for each URL that only the document links to.

    Links are those of Markdown or plain text: inline, by reference, in angle brackets or bare. Code, comments and
    pictures are not sources.

    Args:
        claims: The claims that the writer listed, with their final ids.
        document: The draft, in Markdown or plain text.

    """
    known = {address_of(each.url) for each in claims}
    taken = {each.id for each in claims}
    found: list[Claim] = []
    for url in _links(document):
        if (address := address_of(url)) not in known:
            known.add(address)
            found.append(Claim(_free_name(f"link-{len(found) + 1}", taken), url))
    return (*claims, *found)


def address_of(url: str) -> str:
    """Return the normalised URL to request: without its fragment, the path in ASCII."""
    head = _HEAD.match(url)
    if head is None:
        return url
    rest = url[head.end() :].partition("#")[0]
    path = rest if rest.startswith("/") else f"/{rest}"
    return head[0].lower() + _NOT_ASCII.sub(lambda run: percent_encoded(run[0], errors="replace"), path)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "x"
    return name


def _links(document: str) -> Iterable[str]:
    for match in _LINK.finditer(_NO_TEXT.sub(" ", document)):
        url = _trimmed(match[0])
        if url.partition("://")[2]:
            yield url


def _trimmed(run: str) -> str:
    """Return a link without the brackets and punctuation of the surrounding sentence."""
    open_ones: list[str] = []
    for place, sign in enumerate(run):
        if sign in "([":
            open_ones.append(sign)
        elif sign in _PAIRS and (not open_ones or open_ones.pop() != _PAIRS[sign]):
            run = run[:place]
            break
    return run.replace("&amp;", "&").rstrip("?!.,:;*_~'")

"""Sources: the results of reading the pages that a draft's claims cite, and what may be stored of them.

`supported` applies only to quoted words that are on the page. A page that merely answers is `live`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.parse import quote as percent_encoded

from console.domain.finding import Finding, Severity
from console.domain.sources.claim import Claim
from console.domain.text.quote import fold, stands_in
from console.domain.text.secret_scan import looks_like_secret

_URL_LIMIT = 2048
_MASK = "•••"
_SCHEMES = frozenset(
    ("about", "blob", "data", "file", "ftp", "ftps", "git", "http", "https", "javascript", "mailto", "ssh")
)
"""The schemes kept from a URL that is not a web URL: any other word before a colon may be a name or a secret."""
_HOST = re.compile(r"[a-z0-9._:-]{1,253}")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_PARAMETER = re.compile(r";([^;=/]*+)=[^;/]*+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class SourceVerdict(StrEnum):
    """The result of reading a source."""

    SUPPORTED = "supported"
    """All words quoted from the page are on it."""
    UNSUPPORTED = "unsupported"
    """Some words quoted from the page are not on it."""
    UNREACHABLE = "unreachable"
    """The page was not read: this says nothing about the claim, and a person decides."""
    MOVED = "moved"
    """The page was served by another site than the claim names: a person decides whether it is the same source."""
    LIVE = "live"
    """The page was read, but no words are quoted from it."""


class Unread(StrEnum):
    """Why a page was not read."""

    REFUSED = "refused"
    """Its address must not be contacted; nothing was sent."""
    NO_PAGE = "no_page"
    """It was requested but not received completely."""
    OVER_LIMIT = "over_limit"
    """The draft names more sources than the limit; nothing was sent."""


@dataclass(frozen=True, slots=True)
class SourceChecked:
    """A page was checked for all claims that name it. Only the page's hash is kept."""

    url: str
    """Safe for a record: no user, no fragment, only the names of the query, nothing that looks like a secret."""
    verdict: SourceVerdict
    checked_at_ms: int
    """Unix time in milliseconds."""
    claims: tuple[str, ...]
    """The ids of all claims that name the page."""
    supports: tuple[str, ...] = ()
    """The ids of the claims whose quoted words are on the page."""
    lacks: tuple[str, ...] = ()
    """The ids of the claims whose quoted words are not on it."""
    final_origin: str = ""
    """The origin of the page after redirects; empty if it was not read."""
    status: int | None = None
    """The HTTP status, if there was one."""
    content_sha256: str | None = None
    """The hash of the page's visible text, without the ids and times that change with every visit."""
    media_type: str = ""
    size: int = 0
    """The size of the page in bytes, as received."""
    unread: Unread | None = None
    reason: str = ""
    """Why it was not read, in one sentence of our own. For display; not part of a record."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read, with the data that its sources' verdict needs."""

    url: str
    """Its URL after redirects: text from outside."""
    status: int
    media_type: str
    """Text from outside."""
    text: str
    """Its visible text: text from outside, never stored."""
    content_sha256: str
    size: int


def judge(claims: Sequence[Claim], page: Page, checked_at_ms: int) -> SourceChecked:
    """Return the verdict on a page that was read, for the claims that name it.

    Args:
        claims: The claims, all with the same URL.
        page: The page.
        checked_at_ms: When it was read, in Unix milliseconds.

    """
    text = fold(page.text)
    quotes = {claim.id: words for claim in claims if (words := fold(claim.quote))}
    supports = tuple(name for name, words in quotes.items() if stands_in(words, text))
    lacks = tuple(name for name in quotes if name not in supports)
    if lacks:
        verdict = SourceVerdict.UNSUPPORTED
    elif not _is_same_site(claims[0].url, page.url):
        verdict = SourceVerdict.MOVED
    else:
        verdict = SourceVerdict.SUPPORTED if supports else SourceVerdict.LIVE
    return SourceChecked(
        url=record_url(claims[0].url),
        verdict=verdict,
        checked_at_ms=checked_at_ms,
        claims=tuple(each.id for each in claims),
        supports=supports,
        lacks=lacks,
        final_origin=origin_of(page.url),
        status=page.status,
        content_sha256=page.content_sha256,
        media_type=page.media_type if _MEDIA_TYPE.fullmatch(page.media_type) else "",
        size=page.size,
    )


def not_read(
    claims: Sequence[Claim], checked_at_ms: int, unread: Unread, reason: str, status: int | None = None
) -> SourceChecked:
    """Return the result for a page that was not read.

    Args:
        claims: The claims, all with the same URL.
        checked_at_ms: When it failed, in Unix milliseconds.
        unread: The kind of reason.
        reason: The reason, as one sentence of our own.
        status: The HTTP status, if there was one.

    """
    return SourceChecked(
        url=record_url(claims[0].url),
        verdict=SourceVerdict.UNREACHABLE,
        checked_at_ms=checked_at_ms,
        claims=tuple(each.id for each in claims),
        status=status,
        unread=unread,
        reason=reason,
    )


def check_sources(results: Iterable[SourceChecked], *, is_required: bool = False) -> tuple[Finding, ...]:
    """Return the findings against a draft's sources. `fail` is against the draft; `warn` is for the operator to decide.

    Args:
        results: The results for the draft's sources.
        is_required: Whether this kind of draft has to name sources, as an article does.

    """
    results = tuple(results)
    found = [_finding(each) for each in results if each.unread is not Unread.OVER_LIMIT]
    if over := sum(len(each.claims) for each in results if each.unread is Unread.OVER_LIMIT):
        message = "The draft names more sources than the limit; the last ones were not checked."
        found.append(Finding("SRC-06", Severity.WARN, message, evidence=f"claims not checked: {over}"))
    if is_required and not results:
        message = "The draft names no source, but this kind of draft needs one."
        found.append(Finding("SRC-07", Severity.FAIL, message))
    return tuple(each for each in found if each is not None)


def _finding(result: SourceChecked) -> Finding | None:
    day = datetime.fromtimestamp(result.checked_at_ms / 1000, UTC).date().isoformat()

    def finding(finding_id: str, severity: Severity, message: str, evidence: str = "") -> Finding:
        return Finding(finding_id, severity, message, result.url, day, evidence)

    match result.verdict:
        case SourceVerdict.SUPPORTED:
            return None
        case SourceVerdict.UNSUPPORTED:
            message = "The quoted words are not on the page, or are too few or too many to support anything."
            quoted = len(result.supports) + len(result.lacks)
            return finding("SRC-01", Severity.FAIL, message, f"{len(result.lacks)} of {quoted} quotes")
        case SourceVerdict.UNREACHABLE if result.unread is Unread.REFUSED:
            message = "The source's address must not be contacted, so it was not checked; cite a public page."
            return finding("SRC-03", Severity.WARN, message, result.reason)
        case SourceVerdict.UNREACHABLE:
            message = "The source could not be read, which says nothing about the claim: check it yourself."
            return finding("SRC-02", Severity.WARN, message, result.reason)
        case SourceVerdict.MOVED:
            message = "The page came from another site than the one cited: check whether it is the source."
            return finding("SRC-04", Severity.WARN, message)
        case SourceVerdict.LIVE:
            message = "The page answers, but no words are quoted from it: its content was not checked."
            return finding("SRC-05", Severity.INFO, message)


def record_url(url: str) -> str:
    """Return a URL that is safe for a record: printable, and without anything that may be private or a secret.

    It has no user and no fragment, and only the names of query and path parameters; a part that looks like a secret is
    masked. Only the scheme remains of other URLs, and nothing of a text without one.
    """
    scheme, colon, _ = url.partition(":")
    if not colon or scheme.lower() not in _SCHEMES:
        return ""
    parts, origin = _split(url), origin_of(url)
    if parts is None or not origin:
        return f"{scheme.lower()}:"
    path = "/".join(_public_part(step) for step in _PARAMETER.sub(r";\1", parts.path).split("/"))
    names = [_public_part(each.partition("=")[0]) for each in parts.query.split("&") if each.partition("=")[0]]
    safe_url = origin + path + ("?" + "&".join(names) if names else "")
    return safe_url if len(safe_url) <= _URL_LIMIT else f"{origin}/{_MASK}"


def origin_of(url: str) -> str:
    """Return the scheme, host and non-default port of a web URL; otherwise an empty string."""
    parts = _split(url)
    if parts is None or parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(parts.hostname or ""):
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    has_port = parts.port is not None and parts.port != _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}:{parts.port}" if has_port else f"{parts.scheme}://{host}"


def _is_same_site(asked: str, found: str) -> bool:
    """Return whether two URLs are on one site: path, `www.` and https for http do not matter."""
    return _site(asked) == _site(found)


def _site(url: str) -> str:
    return origin_of(url).partition("://")[2].removeprefix("www.")


def _public_part(part: str) -> str:
    if looks_like_secret(unquote(part), is_address=True) or looks_like_secret(part, is_address=True):
        return _MASK
    return percent_encoded(part, safe="%:@!$&'()*+,;=-._~", errors="replace")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts

"""Addresses that agents call, taken apart by the one reader of addresses."""

from urllib.parse import urlsplit

from console.domain.agent_settings.reading import Reading
from console.domain.agent_settings.state import Called
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret
from console.services.gateway.address import canonical_origin, is_loopback

_SHOWN = 300


def called_by(reading: Reading) -> Called | None:
    """Return where an agent calls; None if it calls nothing that is known."""
    base = reading.default_url if reading.base_url is None else reading.base_url.text
    return address(base, reading.ending) if base else None


def address(base: str, ending: str = "") -> Called:
    """Take an address apart. What is not an address has no origin, and its text is not repeated."""
    bare = base.strip()
    try:
        parts = urlsplit(bare)
        host = (parts.hostname or "").lower()
        has_user = "@" in parts.netloc
    except ValueError:
        return Called("")
    path = parts.path.rstrip("/") + ending
    own = bare.replace(f"{parts.netloc.rpartition('@')[0]}@", "", 1) if has_user else bare
    origin = canonical_origin(own) or ""
    site = origin.removesuffix(":443" if origin.startswith("https:") else ":80")
    return Called(
        url=safe(f"{site}{path}", limit=_SHOWN) if origin and not looks_like_secret(path, is_address=True) else "",
        origin=origin,
        site=safe(site, limit=_SHOWN),
        path=path,
        is_loopback=is_loopback(host),
        is_plain=parts.scheme == "http",
        has_user=has_user,
    )

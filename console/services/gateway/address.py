"""Base URLs and origins: what a gateway's base URL may be."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit


def check_base_url(url: str) -> str | None:
    """Say what is wrong with a base URL, or return None. The message never contains the URL."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "has a space, a control character or a non-ASCII one; write an international name in its xn-- form"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL; write https://host or https://host:port"
    host = parts.hostname
    if parts.scheme not in ("https", "http") or not host:
        return 'must begin with https:// and name a host; "sim:" means the embedded gateway'
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password; a token goes into token_ref, by reference"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "contains a query or fragment; write only https://host[:port][/prefix]"
    if not (_is_address(host) if "[" in parts.netloc else _is_host(host)):
        return "names a host that is neither a host name nor an IP address"
    if port == 0:
        return "names port 0"
    if parts.scheme == "http" and not is_loopback(host):
        return "must begin with https://; plain http is for this machine's loopback address only"
    return _check_prefix(parts)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's loopback."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_host(host: str) -> bool:
    if ":" in host or re.fullmatch(r"[0-9.]+", host):
        return _is_address(host)
    labels = host.split(".")
    if any(label.startswith("xn--") for label in labels) and not _is_international(host):
        return False
    return len(host) <= 253 and all(re.fullmatch(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", label) for label in labels)


def _is_international(host: str) -> bool:
    """Return whether the xn-- labels of a host stand for characters that host names may have (RFC 5891)."""
    import idna

    try:
        idna.decode(host)
    except idna.IDNAError:
        return False
    return True


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_prefix(parts: SplitResult) -> str | None:
    steps = [step for step in parts.path.split("/") if step]
    if steps.count("v1") > 1:
        return "has /v1 twice"
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~\-]{1,100})*/?", parts.path) or ".." in steps or "." in steps:
        return "has a path with a character or segment that a gateway's prefix cannot have"
    for ending in ("responses", "messages", "completions"):
        if steps and steps[-1] == ending:
            return f"ends in /{ending}; the endpoint's path goes into endpoint_path"
    return None


def is_doubled(base_url: str, path: str) -> bool:
    """Return whether a base URL and an endpoint path would put `/v1` into the URL twice."""
    return urlsplit(base_url).path.rstrip("/").endswith("/v1") and path.startswith("/v1/")


def origin(base_url: str) -> str:
    """Return scheme, host and port of a checked base URL, as the screen shows them."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def canonical_origin(url: str) -> str | None:
    """Return scheme://host:port of a URL in the one form in which origins are compared; None if it has no origin.

    The scheme and host are in lower case, and the port is always given, also the scheme's default. A URL with a user
    name, a password or a percent sign in its host has no origin: the next parser may read another host from it.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or "%" in host:
        return None
    if ":" in host:
        if not _is_address(host):
            return None
        host = f"[{ipaddress.ip_address(host)}]"
    return f"{parts.scheme}://{host}:{_PORTS[parts.scheme] if port is None else port}"


_PORTS = {"https": 443, "http": 80}

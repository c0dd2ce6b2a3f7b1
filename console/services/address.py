"""Addresses: what a gateway's base URL may be."""

import re
from urllib.parse import SplitResult, urlsplit


def check_base_url(url: str) -> str | None:
    """Say what is wrong with a base URL, or return None. The words never hold the URL itself."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no URL; write https://host or https://host:port"
    host = parts.hostname
    if parts.scheme not in ("https", "http") or not host:
        return 'must begin with https:// and name a host; "sim:" means the embedded gateway'
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password; a token goes into token_ref, by reference"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "holds a query or fragment; write only https://host[:port][/prefix]"
    if not re.fullmatch(r"[A-Za-z0-9.\-]{1,253}|\[?[0-9a-fA-F:.]{2,45}\]?", host) or host.endswith("."):
        return "names a host with a character that host names do not have"
    if port == 0:
        return "names port 0"
    if parts.scheme == "http" and not is_loopback(host):
        return "must begin with https://; plain http is for this machine's loopback address only"
    return _check_prefix(parts)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's loopback."""
    return host in ("localhost", "::1") or re.fullmatch(r"127(?:\.\d{1,3}){3}", host) is not None


def _check_prefix(parts: SplitResult) -> str | None:
    steps = [step for step in parts.path.split("/") if step]
    if steps.count("v1") > 1:
        return "has /v1 twice"
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~\-]{1,100})*/?", parts.path) or ".." in steps or "." in steps:
        return "has a path with a character or step that a gateway's prefix does not have"
    for ending in ("responses", "messages", "completions"):
        if steps and steps[-1] == ending:
            return f"ends in /{ending}; the endpoint's path goes into endpoint_path"
    return None


def is_doubled(base_url: str, path: str) -> bool:
    """Tell whether a base URL and an endpoint path would put `/v1` into the address twice."""
    return urlsplit(base_url).path.rstrip("/").endswith("/v1") and path.startswith("/v1/")


def origin(base_url: str) -> str:
    """Return scheme, host and port of a checked base URL, as the screen shows them."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"

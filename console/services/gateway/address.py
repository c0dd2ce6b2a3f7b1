"""Base URLs and origins: what a gateway's base URL may be, and how it joins with an endpoint's path."""

import ipaddress
import re
from itertools import pairwise
from urllib.parse import SplitResult, urlsplit

from console.domain.routes.endpoint_path import VERSION_PART, first_version, last_version, steps
from console.domain.routes.family import EndpointFamily, family_of_path, path_ending
from console.domain.routes.gateway_address import BaseAddress, documented_lines, is_documented
from console.domain.text.character import character_fault
from console.services.gateway.placeholder import placeholder_fault

_FORM = "https://host[:port][/prefix]"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/*")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - an address to refuse, not to listen on


def check_base_url(url: str) -> str | None:
    """Say what is wrong with a base URL, or return None.

    The message contains only the host and plain words of the path, and only where it writes out a correct split.
    """
    if not url:
        return 'is empty: it must begin with https:// and name a host; "sim:" means the embedded gateway'
    if (fault := placeholder_fault(url)) is not None:
        return fault
    odd = next((place for place, each in enumerate(url) if not "!" <= each <= "~" or each == "\\"), None)
    if odd is not None:
        is_international = not url[odd].isascii() and url[odd].isalpha()
        advice = ". An international host name is written in its xn-- form" if is_international else ""
        return f"{character_fault(url, odd)}{advice}"
    if (fault := _scheme_fault(url)) is not None:
        return fault
    if re.match(r"https?://[0-9A-Fa-f]*:[0-9A-Fa-f]*:", url, re.IGNORECASE):
        return "has an IPv6 address without brackets; write https://[::1]:8443"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return f"is not a URL; write {_FORM}"
    try:
        port = parts.port
    except ValueError:
        return "has a port that is not a number from 1 to 65535"
    if not host:
        return 'must begin with https:// and name a host; "sim:" means the embedded gateway'
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password; a token goes into token_ref, by reference"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return _query_fault(parts)
    if not (_is_address(host) if "[" in parts.netloc else _is_host(host)):
        return "names a host that is neither a host name nor an IP address"
    if port == 0:
        return "names port 0"
    if host in _EVERYWHERE:
        return "names the address on which a server listens, not one to call; on this machine, write 127.0.0.1 instead"
    if parts.scheme == "http" and not is_loopback(host):
        return (
            "must begin with https://; plain http is for this machine's loopback address only, where no one can read"
            " the token. Put TLS before the gateway, or reach it through a tunnel to 127.0.0.1: ssh -L"
        )
    return _check_prefix(parts)


def _scheme_fault(url: str) -> str | None:
    found = _SCHEME.match(url)
    scheme = "" if found is None else found[1].lower()
    if scheme in ("https", "http") and url[len(scheme) :].startswith("://"):
        again = _SCHEME.match(url[len(scheme) + 3 :])
        return "has two schemes; write https:// once" if again and again[1].lower() in ("https", "http") else None
    if scheme in ("https", "http"):
        return "must begin with https://, with a colon and two slashes"
    return (
        "must begin with https:// (http:// for this machine's loopback address only) and name a host;"
        ' "sim:" means the embedded gateway'
    )


def _query_fault(parts: SplitResult) -> str:
    if parts.fragment or not parts.query:
        return f"contains a query or fragment; write only {_FORM}"
    family = family_of_path(parts.path)
    where = 'endpoint_path, such as "/openai/responses?api-version=VERSION"'
    if family is not None:
        return f"contains a query or fragment, after the endpoint's path; both go into {where}. {_split(parts, family)}"
    return f"contains a query or fragment, to which no path can be added; write the query at the end of {where}"


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
    prefix = [step for step in parts.path.split("/") if step]
    if re.search("//", parts.path):
        return "has two slashes in a row in its path; write one"
    if ".." in prefix or "." in prefix:
        return "has a path with a character or segment that a gateway's prefix cannot have: the step . or .."
    odd = re.search(r"[^A-Za-z0-9._~/-]", parts.path)
    if odd is not None:
        return f"has a path with a character or segment that a gateway's prefix cannot have: {odd[0]}"
    if any(len(step) > 100 for step in prefix):
        return "has a path with a step of more than 100 characters"
    if (family := family_of_path(parts.path)) is not None:
        return f"ends in {path_ending(family)}; the endpoint's path goes into endpoint_path: {_split(parts, family)}"
    if prefix and prefix[-1] in ("completions", "responses", "messages"):
        return f"ends in /{prefix[-1]}; the endpoint's path goes into endpoint_path"
    if prefix[-1:] in (["models"], ["embeddings"]) and last_version("/".join(prefix[:-1])) is not None:
        return f"ends in /{prefix[-1]}, which is an endpoint itself; write only what stands before it"
    version = next((one for one, other in pairwise(prefix) if one == other), None)
    if version is not None and re.fullmatch(VERSION_PART, version):
        return f"has /{version} twice"
    return "has /v1 twice" if prefix.count("v1") > 1 else None


def _split(parts: SplitResult, family: EndpointFamily) -> str:
    """Return the two config lines for an address that has the endpoint's path at its end.

    The path before it is shown only where it is of plain words and version parts: another step could be a secret.
    """
    stem = parts.path.rstrip("/").removesuffix(path_ending(family))
    version = last_version(stem)
    prefix = stem if version is None else stem.removesuffix(f"/{version}")
    shown = prefix if all(re.fullmatch(r"[a-z][a-z-]{0,15}", step) for step in steps(prefix)) else "/…"
    host = f"{parts.scheme}://{parts.netloc}" if re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,300}", parts.netloc) else _FORM
    path = ("" if version is None else f"/{version}") + path_ending(family)
    return f'write base_url = "{host}{shown}" and endpoint_path = "{path}"'


def base_address(base_url: str) -> BaseAddress:
    """Return the host and the prefix of a checked base URL."""
    parts = urlsplit(base_url)
    return BaseAddress((parts.hostname or "").lower(), parts.path.rstrip("/"))


def version_fault(base_url: str, path: str, *, name: str = "base_url") -> str | None:
    """Say how a checked base URL and an endpoint path contradict each other, or return None.

    They do if the base ends in a version part and the path begins with one, the same or another, unless a document has
    the whole address. A gateway that really has both is written with the whole path in endpoint_path.

    Args:
        base_url: The base URL; `sim:` has no path.
        path: The route's path.
        name: What holds the base URL, for the message.

    """
    base = base_address(base_url)
    one, other = last_version(base.prefix), first_version(path)
    if one is None or other is None or is_documented(base, path):
        return None
    family = family_of_path(path)
    bare_ending = None if family is None else path_ending(family)
    lines = [f'write endpoint_path = "{bare_ending}"'] if bare_ending is not None else []
    documented = () if family is None else documented_lines(base, family)
    if documented:
        lines = [f"write {', '.join(documented[0])}"]
    elif one == other:
        lines = [f"remove /{one} from {name}", *lines]
    else:
        lines = lines or [f"remove /{other} from endpoint_path"]
    advice = ", or ".join(lines)
    both = "" if one == other else f". If the gateway has both, write all of the path in endpoint_path, none in {name}"
    return (
        f"{name} ends in /{one} and endpoint_path begins with /{other}: the call would go to /{one}/{other}/…;"
        f" {advice}{both}"
    )


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

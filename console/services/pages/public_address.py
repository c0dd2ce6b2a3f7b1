"""Public addresses: keeps a page's URL from leading into this machine or its network (SSRF)."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from console.services.pages.failure import SourceRefusedError, SourceUnreachableError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host name; raises OSError if it has none."""

_NOT_PUBLIC_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a carrier's customers (CGNAT)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
"""The only unicast space in use. Loopback, mapped IPv4, NAT64, ULA, link-local and multicast are outside it."""
_NOT_PUBLIC_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
# IANA's special-purpose registries, as RFC 6890 describes them. Python's own is_global differs between the versions
# that the console runs on.


def is_public(address: str) -> bool:
    """Return whether an IP address is public: anyone on the internet could reach it. False if it is not an address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _NOT_PUBLIC_V4)
    is_scoped = parsed.scope_id is not None
    return not is_scoped and parsed in _PUBLIC_V6 and not any(parsed in network for network in _NOT_PUBLIC_V6)


async def public_addresses(host: str, port: int, resolve: Resolve, *, allow_loopback: bool = False) -> Sequence[str]:
    """Return the addresses of a host, all of them public. Connect to these and do not resolve the name again.

    Args:
        host: A host name or an IP address without brackets.
        port: The port to connect to.
        resolve: Resolves a host name to addresses.
        allow_loopback: Accept this machine's loopback too, for tests.

    Raises:
        SourceRefusedError: An address is not public. One is enough: an honest name does not mix both.
        SourceUnreachableError: The host name has no address.

    """
    try:
        addresses = [host] if _is_address(host) else list(await resolve(host, port))
    except (OSError, UnicodeError):
        raise SourceUnreachableError("the page's host name is not known") from None
    if not addresses:
        raise SourceUnreachableError("the page's host name has no address")
    for address in addresses:
        if not is_public(address) and not (allow_loopback and _is_loopback(address)):
            raise SourceRefusedError("the page's address is inside this machine or its network")
    return addresses


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return a host's addresses from the operating system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    return address == "::1" or (_is_address(address) and ipaddress.ip_address(address) in _LOOPBACK_V4)


_LOOPBACK_V4 = ipaddress.IPv4Network("127.0.0.0/8")

"""Rung 1: the gateway's name, connection and TLS, and that it does not redirect. No token is sent."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from console.domain.errors.category import Classification
from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.services.gateway.call import KeyUse, read_whole
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError

_CERTIFICATE_WARNING_DAYS = 14
_PAGE_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class ConnectionProof:
    """The result of connecting."""

    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    failure: Classification | None = None
    requests_sent: int = 0
    elapsed_ms: float = 0.0


async def prove_connection(
    gateway: Gateway, path: str, *, timeout_s: float, now: Callable[[], float] = time.time
) -> ConnectionProof:
    """Connect to the gateway, check its certificate, and request a path without a token.

    Args:
        gateway: The open client.
        path: The path of a route; it is requested with GET, which generates nothing on any gateway.
        timeout_s: The longest that name resolution, connection and TLS may take, in seconds.
        now: The wall clock, for the certificate's expiry.

    """
    start = time.perf_counter()
    notes: list[str] = []
    findings: list[Finding] = []
    try:
        seen = await asyncio.wait_for(_shake_hands(gateway), timeout_s)
    except (OSError, TimeoutError):
        seen = None  # the call below says why
    if seen is not None:
        addresses, version, ends_at = seen
        notes.append(f"{addresses} address(es), connected in {(time.perf_counter() - start) * 1000:.0f} ms")
        if version:
            days = None if ends_at is None else int((ends_at - now()) // 86_400)
            notes.append(version if days is None else f"{version}, certificate valid for {days} day(s)")
            if days is not None and days < _CERTIFICATE_WARNING_DAYS:
                findings.append(finding_of("CON-01", "ends_soon", f"{days} day(s) left"))
    try:
        reply = await read_whole(gateway.call(path, None, None, key=KeyUse.NONE), limit=_PAGE_LIMIT)
    except CallError as error:
        elapsed_ms = (time.perf_counter() - start) * 1000
        return ConnectionProof(tuple(notes), tuple(findings), error.classification, int(error.was_sent), elapsed_ms)
    notes.append(f"GET {path} without a token: {reply.status}, no redirect")
    if reply.is_success and reply.content_type in ("text/html", "application/xhtml+xml"):
        findings.append(finding_of("COM-T-03", "html"))
    return ConnectionProof(tuple(notes), tuple(findings), None, 1, (time.perf_counter() - start) * 1000)


async def _shake_hands(gateway: Gateway) -> tuple[int, str, float | None]:
    """Resolve, connect and shake hands; return the number of addresses, the TLS version and the certificate's end."""
    parts = urlsplit(gateway.base_url)
    host = parts.hostname or ""
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    loop = asyncio.get_running_loop()
    addresses = {info[4][0] for info in await loop.getaddrinfo(host, port)}
    _, writer = await asyncio.open_connection(host, port, ssl=gateway.tls if is_tls else None)
    try:
        tls = writer.get_extra_info("ssl_object")
        if not isinstance(tls, ssl.SSLObject):
            return len(addresses), "", None
        ends = (tls.getpeercert() or {}).get("notAfter")
        return len(addresses), tls.version() or "TLS", ssl.cert_time_to_seconds(ends) if isinstance(ends, str) else None
    finally:
        writer.close()

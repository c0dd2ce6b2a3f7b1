"""Which headers a relay passes on, in both directions."""

from collections.abc import Iterable, Mapping

_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""Headers of one connection (RFC 9110, 7.6.1, and what older clients send)."""
_CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "set-cookie"})
"""The client's own key opens this relay alone; a gateway's cookies belong to the operator's session."""
_OF_THE_MESSAGE = frozenset({"host", "content-length", "expect", "accept-encoding"})
"""What each hop says of its own message. Compression is off, because what is compressed cannot be judged."""
_OF_THE_ANSWER = frozenset({"content-length", "content-encoding", "date", "server"})


def to_gateway(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return a client's headers as they go to the gateway: all but a hop's, the client's credentials and the length."""
    return _kept(headers, _CREDENTIALS | _OF_THE_MESSAGE)


def to_client(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return a gateway's headers as they go to the client."""
    return _kept(headers.items(), _CREDENTIALS | _OF_THE_ANSWER)


def _kept(headers: Iterable[tuple[str, str]], dropped: frozenset[str]) -> Mapping[str, str]:
    all_of_them = [(name.lower(), value) for name, value in headers]
    named = {each.strip().lower() for name, value in all_of_them if name == "connection" for each in value.split(",")}
    kept: dict[str, str] = {}
    for name, value in all_of_them:
        if name not in dropped and name not in _HOP_BY_HOP and name not in named:
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept

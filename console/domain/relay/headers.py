"""Which headers and queries a relay passes on, in both directions."""

import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import unquote

_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""Headers of one connection (RFC 9110, 7.6.1, and what older clients send)."""
_CREDENTIAL = re.compile(
    r"(?:.*[-_])?(?:authorization|api[-_]?key|auth[-_]key|(?:auth|access|security|session|bearer|api)[-_]token"
    r"|subscription[-_]key|secret|password)|token|set-cookie2?|cookie2?|.*-auth|openai-(?:organization|project)"
    r"|chatgpt-account-id"
)
"""Names of headers that carry a credential, or say whose account it is: the client's own opens this relay alone; a
gateway's cookies belong to the operator's session."""
_CREDENTIAL_PARAMETER = re.compile(
    r"key|token|secret|password|sig|(?:.*[-_])?(?:api[-_]?key|(?:auth|access)[-_]?token)"
)
_OF_THE_MESSAGE = frozenset({"host", "content-length", "content-type", "content-encoding", "expect", "accept-encoding"})
"""What each hop says of its own message. Compression is off, because what is compressed cannot be judged: a compressed
request was unpacked to be read, and goes on plain. What was read as JSON goes on as JSON: as a form, or in another
character set, the same bytes could name another model."""
_OF_THE_ANSWER = frozenset({"content-length", "content-encoding", "date", "server"})


def to_gateway(
    headers: Iterable[tuple[str, str]], *, key: str = "", own: Collection[str] = frozenset()
) -> Mapping[str, str]:
    """Return a client's headers as they go to the gateway: all but a hop's, the client's credentials and the length.

    Args:
        headers: The client's headers. A value outside ASCII, which HTTP gives no meaning, is left out.
        key: The client's key, which goes on in no header.
        own: Names, in lower case, that the operator has set for every call: the client cannot change those.

    """
    kept = _kept(headers, _OF_THE_MESSAGE.union(own))
    return {name: value for name, value in kept.items() if value.isascii() and not (key and key in value)}


def query_to_gateway(query: str, key: str) -> str:
    """Return a client's query, as it was written, without parameters that carry a credential."""
    kept = (each for each in query.split("&") if not any(_is_credential(part, key) for part in each.split(";")))
    return "&".join(kept)


def _is_credential(parameter: str, key: str) -> bool:
    name, _, value = parameter.partition("=")
    return _CREDENTIAL_PARAMETER.fullmatch(unquote(name).lower()) is not None or key in unquote(value)


def is_plain(headers: Mapping[str, str]) -> bool:
    """Return whether an answer is not compressed."""
    return headers.get("content-encoding", "").strip().lower() in ("", "identity")


def to_client(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return a gateway's headers as they go to the client."""
    return _kept(headers.items(), _OF_THE_ANSWER)


def _kept(headers: Iterable[tuple[str, str]], dropped: frozenset[str]) -> Mapping[str, str]:
    all_of_them = [(name.lower(), value) for name, value in headers]
    named = {each.strip().lower() for name, value in all_of_them if name == "connection" for each in value.split(",")}
    kept: dict[str, str] = {}
    for name, value in all_of_them:
        is_dropped = name in dropped or name in _HOP_BY_HOP or name in named
        if not is_dropped and _CREDENTIAL.fullmatch(name.replace("_", "-")) is None:
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept

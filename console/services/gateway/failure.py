"""Why a call got no complete answer, in our own words and with a category.

CallError
├─ unreachable       no connection: name, refusal, network or TLS
├─ disconnected      the connection ended before the answer did
├─ stalled           nothing arrived for as long as the idle timeout allows
├─ deadline_passed   the call's total deadline, or the time to connect, ran out
├─ given_up          the answer exceeds a cap, is compressed, or is not HTTP
├─ redirected        the gateway redirected the call
├─ other_origin      the call would go to an origin other than the token's
└─ carries_token     the call would send a token as content
"""

import ssl
from dataclasses import dataclass

from console.domain.errors.category import Blame, Category, Classification, judged

_BILLED = "The call may have been billed. Check the gateway's log before repeating it."
_FLOWING_S = 5.0
"""An answer whose last bytes came at most this long ago was flowing, in seconds."""


class CallError(Exception):
    """A call that got no complete answer. `classification` says why; it contains no text from outside."""

    def __init__(self, classification: Classification, *, http_status: int | None = None) -> None:
        super().__init__(classification.evidence)
        self.classification = classification
        self.http_status = http_status
        """The answer's status, if the call ended because of its head."""
        self.was_sent = False
        """Whether the request had been sent by then; set by the client."""
        self.elapsed_ms: float | None = None
        """From the start of the call until it ended; set by the client."""


def unreachable(cause: BaseException | None, host: str) -> CallError:
    """Say why connecting failed, from the exception that caused the library's own."""
    import aiohttp

    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        evidence, action = (
            f"the host name {host} is not known",
            "Check base_url for a typo, and this machine's DNS.",
        )
    elif isinstance(cause, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        evidence = f"the certificate of {host} is not trusted"
        action = "If a company CA signed it, name its file in ca_file. Verification cannot be switched off."
    elif isinstance(cause, aiohttp.ClientSSLError | ssl.SSLError):
        evidence = f"{host} does not speak TLS as expected"
        action = "Check the scheme and the port of base_url: the port may speak plain http."
    elif isinstance(cause, aiohttp.ClientConnectorError) and isinstance(cause.os_error, ConnectionRefusedError):
        evidence = f"{host} refused the connection"
        action = "Check that the gateway is running and that base_url names its port."
    else:
        evidence = f"{host} cannot be reached from this machine"
        action = "Check the network, the VPN and base_url."
    return CallError(judged(Category.UPSTREAM_UNAVAILABLE, evidence, action=action))


@dataclass(frozen=True, slots=True)
class Flow:
    """What had arrived of an answer when its call was ended."""

    size: int = 0
    """The bytes of its body."""
    for_s: float = 0.0
    """How long they had been arriving, in seconds."""
    silent_s: float = 0.0
    """How long nothing had arrived by then, in seconds."""


def disconnected(*, answered: bool) -> CallError:
    """Say that the connection ended early: before the answer began, or in the middle of it."""
    evidence = (
        "the connection ended in the middle of the answer"
        if answered
        else "the gateway closed the connection without an answer"
    )
    return CallError(judged(Category.UPSTREAM_UNAVAILABLE, evidence, action=_BILLED))


def stalled(seconds: float, flow: Flow, table: str = "gateway") -> CallError:
    """Say that nothing arrived for as long as the `idle_timeout_s` of a table of the config allows."""
    came = (
        f"until then {flow.size:,} bytes had come within {flow.for_s:.1f} s"
        if flow.size
        else "not one byte of the answer had come"
    )
    return CallError(
        judged(
            Category.TIMEOUT,
            f"nothing arrived for {seconds:g} s (idle_timeout_s); {came}",
            action=f"{_BILLED} If the model thinks for longer than that in silence, raise {table}.idle_timeout_s.",
        )
    )


def deadline_passed(
    seconds: float,
    *,
    written: bool,
    flow: Flow | None = None,
    setting: str = "deadline_s",
    table: str = "gateway",
) -> CallError:
    """Say that the time ran out, whether the request had been sent by then, and whether the answer was arriving."""
    if not written:
        return CallError(
            judged(
                Category.TIMEOUT,
                f"no connection within {seconds:g} s",
                action="Nothing was sent. Check the network, the VPN and base_url.",
            )
        )
    evidence = f"no complete answer within {seconds:g} s ({setting})"
    if flow is None or not flow.size:
        return CallError(judged(Category.TIMEOUT, f"{evidence}; not one byte of it had come", action=_BILLED))
    if flow.silent_s > _FLOWING_S:
        came = f"{flow.size:,} bytes had come, the last {flow.silent_s:.1f} s before"
        return CallError(judged(Category.TIMEOUT, f"{evidence}; {came}", action=_BILLED))
    came = f"it was flowing: {flow.size:,} bytes had come within {flow.for_s:.1f} s"
    return CallError(
        judged(
            Category.TIMEOUT,
            f"{evidence}; {came}",
            blame=Blame.CONFIG,
            action=f"Raise {table}.{setting}: the answer needs more time. {_BILLED}",
        )
    )


def given_up(why: str) -> CallError:
    """Say why an answer was not read further: a cap, compression, or invalid HTTP."""
    return CallError(judged(Category.CONTRACT_VIOLATION, f"the answer was abandoned: {why}"))


def redirected(status: int) -> CallError:
    """Say that the gateway redirected the call."""
    return CallError(
        judged(Category.ORIGIN_REFUSED, f"HTTP status {status}: a redirect, not followed"), http_status=status
    )


def other_origin() -> CallError:
    """Say that the call would go to an origin other than the token's."""
    return CallError(
        judged(
            Category.ORIGIN_REFUSED,
            "the request would have gone to an origin other than the token's; nothing was sent",
            action="Correct base_url. If the gateway has moved, bind the token again: token rebind.",
        )
    )


def carries_token(place: str) -> CallError:
    """Say which part of a request contains a token."""
    return CallError(judged(Category.SECRET_IN_PROMPT, f"a token is in the request's {place}; nothing was sent"))

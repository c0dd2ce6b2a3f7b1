"""A refusal as Claude Code reads it: by its envelope, its status and its type, and not by its words alone."""

from collections.abc import Mapping

from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of

_TYPES: Mapping[int, frozenset[str]] = {
    400: frozenset({"invalid_request_error", "billing_error"}),
    401: frozenset({"authentication_error"}),
    402: frozenset({"billing_error"}),
    403: frozenset({"permission_error"}),
    404: frozenset({"not_found_error"}),
    413: frozenset({"request_too_large", "invalid_request_error"}),
    429: frozenset({"rate_limit_error", "billing_error"}),
    501: frozenset({"not_supported", "api_error"}),
    504: frozenset({"timeout_error", "api_error"}),
    529: frozenset({"overloaded_error"}),
}
_OF_THE_GATEWAY = frozenset({401, 403, 404, 405})
"""The refusals that a gateway makes itself before it asks anyone."""
_SERVER = frozenset({"api_error", "overloaded_error", "timeout_error"})
_UNIFIED = "anthropic-ratelimit-unified-"
"""How the headers begin in which a gateway tells Claude Code the user's own limits."""
_LIMITS = "anthropic-ratelimit-"
_STATES = frozenset({"allowed", "allowed_warning", "rejected"})


def check_envelope(status: int, kind: str | None, headers: Mapping[str, str], *, is_own: bool) -> tuple[Finding, ...]:
    """Return the findings on a refusal's form.

    Args:
        status: Its HTTP status, 400 or more.
        kind: The type of its error; None if it names none.
        headers: Its headers, with names in lower case.
        is_own: Whether its body has Anthropic's envelope.

    """
    if not is_own:
        is_upstreams = 400 <= status < 500 and status not in _OF_THE_GATEWAY
        return (finding_of("AGT-06", "rewrapped", f"status {status}"),) if is_upstreams else ()
    expected = _TYPES.get(status, _SERVER if status >= 500 else frozenset())
    if expected and kind not in expected:
        return (finding_of("AGT-09", "other_type", f"status {status}, and not {' or '.join(sorted(expected))}"),)
    if status == 401 and headers.get("x-should-retry") != "false":
        return (finding_of("AGT-09", "may_retry", f"status {status}"),)
    return ()


def check_limits(headers: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the findings on the limits that an answer's headers tell, of which Claude Code reads the unified ones."""
    limits = {name: value.strip() for name, value in headers.items() if name.startswith(_LIMITS)}
    if not all(name.startswith(_UNIFIED) for name in limits):
        return (finding_of("AGT-10", "passed_on"),)
    state = limits.get(f"{_UNIFIED}status")
    reset = limits.get(f"{_UNIFIED}reset")
    is_readable = (state is None or state in _STATES) and (reset is None or (reset.isascii() and reset.isdigit()))
    return () if is_readable else (finding_of("AGT-10", "unreadable"),)

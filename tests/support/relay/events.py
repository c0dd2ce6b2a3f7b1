"""Events of a relay's calls, made by hand."""

from console.domain.errors.category import Category, judged
from console.domain.finding import Finding, Severity
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayCallMoved, RelayCallRefused, RelayEvent
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route

R = EndpointFamily.RESPONSES
WRITER = Route(Role.WRITER, "gpt-5.1", R, R.standard_path)


def begun(number: int, client: str = "codex", route: Route = WRITER) -> RelayCallBegun:
    return RelayCallBegun(number, client, route, 900, 1_780_000_000.0)


def moved(number: int, pieces: int = 1) -> RelayCallMoved:
    return RelayCallMoved(number, pieces, 190.4)


def ended(
    number: int, client: str = "codex", *, is_cut: bool = False, category: Category | None = None
) -> RelayCallEnded:
    """Return the end of a call: with a finding, or cut off, or refused by the gateway."""
    status = SmokeStatus.PASSED if category is None else SmokeStatus.BLOCKED
    result = SmokeResult(
        WRITER.key,
        WRITER.model,
        WRITER.endpoint_family,
        WRITER.endpoint_path,
        SmokeStatus.UNKNOWN if is_cut else status,
        classification=None if category is None else judged(category, "the error says so (code)"),
        http_status=200 if category is None else 429,
        requests_sent=1,
        request_written_ms=7.0,
        ttft_ms=190.4,
        total_ms=540.0,
        input_tokens=3,
        output_tokens=28,
        findings=(Finding("COM-H-01", Severity.WARN, "The answer names no request id to ask support with."),),
    )
    return RelayCallEnded(number, client, result, 31, 282, is_cut)


def refused(number: int, client: str = "codex", words: str = "no route has the model m") -> RelayCallRefused:
    return RelayCallRefused(number, client, R, RefusedFor.MODEL, words, 1_780_000_000.0)


def whole(number: int, client: str = "codex") -> tuple[RelayEvent, ...]:
    return begun(number, client), moved(number), ended(number, client)

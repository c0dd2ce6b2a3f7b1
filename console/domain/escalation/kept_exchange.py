"""A call's result as what is kept of its exchange."""

from console.domain.exchange.kept import KeptExchange, KeptFinding
from console.domain.probes.smoke import SmokeResult


def kept_of(result: SmokeResult, category: str | None = None) -> KeptExchange | None:
    """Return what is kept of a call; None if nothing was sent.

    Args:
        result: The call's result.
        category: Why it failed, if that is more than the exchange shows; None means what the result says.

    """
    if result.exchange is None or not result.requests_sent:
        return None
    found = result.classification
    return KeptExchange(
        shape=result.exchange,
        category=category if category is not None else None if found is None else found.category.value,
        rule="" if found is None else found.rule,
        http_status=result.http_status,
        findings=tuple(KeptFinding(each.id, each.severity, each.message) for each in result.findings),
        finish=result.finish,
        first_byte_ms=None if result.first_byte_ms is None else round(result.first_byte_ms),
        arrival=None if result.arrival is None else result.arrival.pattern.value,
    )

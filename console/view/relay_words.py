"""What both faces say of a call of the relay."""

from collections.abc import Iterator

from console.domain.finding import Severity
from console.domain.money import usd_text
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.call import RelayCallEnded, RelayCallRefused


def call_words(ended: RelayCallEnded) -> Iterator[str]:
    """Yield a call that ended in a line, then each finding that is more than a note."""
    result = ended.result
    sign = "✓" if result.status is SmokeStatus.PASSED and not ended.is_cut else "×"
    status = "no answer" if result.http_status is None else str(result.http_status)
    parts = [f"{sign} #{ended.number} {ended.client}", str(result.key), result.model, status]
    if result.ttft_ms is not None:
        parts.append(f"ttft {result.ttft_ms:.0f} ms")
    parts.append(f"{ended.tokens:,} tokens")
    if ended.microusd:
        parts.append(usd_text(ended.microusd))
    if ended.is_cut:
        parts.append("cut off")
    if ended.uncounted:
        parts.append(f"not counted: {', '.join(each.words for each in ended.uncounted)}")
    if result.classification is not None:
        parts.append(result.classification.category.value)
    yield "  ".join(parts)
    for finding in result.findings:
        if finding.severity is not Severity.INFO:
            yield f"    {finding.severity.value:<5} {finding.id}  {finding.message}"


def refusal_words(refused: RelayCallRefused) -> str:
    """Return a refused call in a line."""
    who = refused.client or "an unknown client"
    return f"! #{refused.number} {who}  refused: {refused.reason}  {refused.message}"

"""What both faces say of the calls of a relay."""

from collections.abc import Iterator

from console.domain.finding import Severity
from console.domain.money import usd_text
from console.domain.relay.call import RelayCallEnded, RelayCallRefused
from console.view.call_sign import call_sign, result_sign
from console.view.relay.calls import ClientSums, RelayedCall
from console.view.sign import Sign, Tone

_REFUSED = Sign("!", "refused", Tone.WARN)
_UNPRICED = "price unknown"
UNPRICED_SHORT = "unpriced"
UNKNOWN_CLIENT = "an unknown client"


def relayed_sign(call: RelayedCall) -> Sign:
    """Return how an agent's call is shown, in progress or ended; one is stopped if the agent left, or was cut off."""
    return call_sign(call.live) if call.refused is None else _REFUSED


def reason_of(call: RelayedCall) -> str:
    """Return what is wrong with a call: why it was refused, or its category and its findings' ids, gravest first."""
    if call.refused is not None:
        return f"{call.refused.reason}: {call.refused.message}"
    if call.ended is None:
        return ""
    result = call.ended.result
    category = [] if result.classification is None else [result.classification.category.value]
    ranked = sorted(result.findings, key=lambda each: each.severity is not Severity.FAIL)
    ids = dict.fromkeys(each.id for each in ranked if each.severity is not Severity.INFO)
    return "  ".join((*category, *ids))


def findings_of(ended: RelayCallEnded) -> Iterator[str]:
    """Yield each finding of a call that is more than a note, in a line."""
    for finding in ended.result.findings:
        if finding.severity is not Severity.INFO:
            yield f"{finding.severity.value:<5} {finding.id}  {finding.message}"


def cost_text(ended: RelayCallEnded, unpriced: str = _UNPRICED) -> str:
    """Return what was booked for a call in dollars; empty if it took nothing."""
    if not ended.tokens:
        return ""
    return usd_text(ended.microusd) if ended.is_priced else unpriced


def call_words(ended: RelayCallEnded) -> Iterator[str]:
    """Yield a call that ended in a line, then each finding that is more than a note."""
    result = ended.result
    status = "no answer" if result.http_status is None else str(result.http_status)
    parts = [f"{result_sign(result).sign} #{ended.number} {ended.client}", str(result.key), result.model, status]
    if result.ttft_ms is not None:
        parts.append(f"ttft {result.ttft_ms:.0f} ms")
    parts.append(f"{ended.tokens:,} tokens")
    if cost := cost_text(ended):
        parts.append(cost)
    if ended.is_cut:
        parts.append("stopped")
    if ended.uncounted:
        parts.append(f"not counted: {', '.join(each.words for each in ended.uncounted)}")
    if result.classification is not None:
        parts.append(result.classification.category.value)
    yield "  ".join(parts)
    for words in findings_of(ended):
        yield f"    {words}"


def refusal_words(refused: RelayCallRefused) -> str:
    """Return a refused call in a line."""
    who = refused.client or UNKNOWN_CLIENT
    return f"! #{refused.number} {who}  refused: {refused.reason}  {refused.message}"


def sums_words(sums: ClientSums) -> str:
    """Return the sums of an agent's calls in a line."""
    parts = [f"{sums.sent} call{'' if sums.sent == 1 else 's'}"]
    if sums.refused:
        parts.append(f"{sums.refused} refused")
    if sums.tokens:
        parts.append(f"{sums.tokens:,} tokens")
    if sums.microusd:
        parts.append(usd_text(sums.microusd))
    if not sums.is_priced:
        parts.append("more at an unknown price" if sums.microusd else _UNPRICED)
    return "   ".join(parts)

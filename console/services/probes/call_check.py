"""The check of a call itself: its requests, its time, its end, how its content came, and why it cannot be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.domain.errors.category import Blame, Category, Classification, judged
from console.domain.finding import Finding, Severity
from console.domain.probes.arrival import PAUSE_MS, Arrival, ArrivalPattern
from console.domain.probes.assertion import finding_of
from console.domain.probes.token_limit import TokenLimit
from console.services.gateway.failure import CallError

_OFFER = "The whole answer may say why: `check --cross` asks once more without a stream, which is a call of its own."
_CUT_JSON = frozenset(finding_of(each, "cut_json").message for each in ("RSP-B-07", "CHT-B-04", "MSG-B-02"))

TIMED_IDS = frozenset({"COM-O-07", "COM-T-05"})
"""The findings that rest on times alone."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended."""

    failure: CallError | None
    requests: int
    is_complete: bool
    """Whether the answer was complete by then."""
    has_open_end: bool
    """Whether the call stayed open after its answer was complete."""
    is_inside_event: bool


def check_ends(ended: Ended) -> list[Finding]:
    """Return the findings on the call itself: its requests, its time and its end."""
    failure = ended.failure
    findings: list[Finding] = []
    if ended.requests > 1:
        findings.append(finding_of("COM-T-06", "repeated"))
    if failure is not None and failure.http_status is not None and 300 <= failure.http_status < 400:
        findings.append(finding_of("COM-T-01", "redirected"))
    if failure is not None and failure.classification.category is Category.TIMEOUT and not ended.is_complete:
        findings.append(finding_of("COM-T-02", "late"))
    if ended.is_inside_event:
        findings.append(finding_of("COM-O-04", "cut_inside"))
    if ended.has_open_end and ended.is_complete:
        findings.append(finding_of("COM-T-05", "open_end"))
    return findings


def check_arrival(arrival: Arrival | None) -> list[Finding]:
    """Return the findings on how the content came: collected on the way, or with a long pause."""
    if arrival is None:
        return []
    findings = []
    if arrival.pattern is ArrivalPattern.BURST:
        evidence = f"{arrival.pieces} pieces within {arrival.spread_ms:.0f} ms, after {arrival.wait_ms:.0f} ms"
        findings.append(finding_of("COM-O-07", "burst", evidence))
    elif arrival.pattern is ArrivalPattern.LUMPS:
        evidence = f"{arrival.pieces} pieces in {arrival.lumps} lumps, longest gap {arrival.longest_gap_ms:.0f} ms"
        findings.append(finding_of("COM-O-07", "lumps", evidence))
    if arrival.longest_gap_ms >= PAUSE_MS:
        evidence = f"{arrival.longest_gap_ms:.0f} ms after piece {arrival.gap_after} of {arrival.pieces}"
        findings.append(finding_of("COM-O-07", "pause", evidence))
    return findings


def offer_whole(why: Classification) -> Classification:
    """Return why a stream died before its first event, with the call that may say more."""
    return replace(why, action=f"{why.action} {_OFFER}")


def why_broken(
    findings: Sequence[Finding], status: int, limit: TokenLimit, finish: str | None, *, is_eventless: bool
) -> Classification | None:
    """Return why an answer that ended cannot be trusted, by its findings; None if it can.

    Args:
        findings: The findings on the call and its answer.
        status: The answer's HTTP status.
        limit: The token limit of the request.
        finish: How the answer says that it ended.
        is_eventless: Whether a stream ended before its first event.

    """
    broken = next((finding for finding in findings if finding.severity is Severity.FAIL), None)
    if broken is None:
        return None
    if finding_of("COM-T-03", "html") in findings:
        return judged(
            Category.CONTRACT_VIOLATION,
            f"COM-T-03: HTTP status {status} with a web page",
            action="Check base_url: it points at a website or a login page, not at a gateway's API.",
        )
    if is_eventless:
        why = f"{broken.id}: the stream ended before its first event"
        return judged(Category.CONTRACT_VIOLATION, why, action=_OFFER)
    if broken.message in _CUT_JSON:
        why, action = limit.words(finish)
        return judged(Category.CONTRACT_VIOLATION, f"{broken.id}: {why}", blame=Blame.CONFIG, action=action)
    return judged(Category.CONTRACT_VIOLATION, f"{broken.id}: {broken.message}")

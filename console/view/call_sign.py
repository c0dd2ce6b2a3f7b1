"""How a call is shown, in progress or ended."""

from collections import Counter
from collections.abc import Iterable

from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.view.live_call import CallPhase, LiveCall
from console.view.sign import OK, Sign, Tone

_PHASES = {
    CallPhase.IDLE: Sign("·", "not run", Tone.DIM),
    CallPhase.QUEUED: Sign("›", "queued", Tone.LIVE),
    CallPhase.CONNECTING: Sign("›", "connect", Tone.LIVE),
    CallPhase.WAITING: Sign("›", "wait", Tone.LIVE),
    CallPhase.STREAMING: Sign("›", "live", Tone.LIVE),
}


def ttft_figure(result: SmokeResult | None, ttft_ms: float) -> str:
    """Return a time to first token in milliseconds; `≤` if something on the way collected the content.

    The model's own first token came earlier then: the figure is only its upper bound.
    """
    return f"{ttft_ms:.0f}" if result is None or result.is_ttft_models else f"≤{ttft_ms:.0f}"


def call_sign(call: LiveCall) -> Sign:
    """Return how a call is shown, in progress or ended."""
    if call.phase is CallPhase.DONE and call.result is not None:
        return result_sign(call.result)
    return _PHASES.get(call.phase, _PHASES[CallPhase.IDLE])


def result_sums(results: Iterable[SmokeResult]) -> str:
    """Return how many results are shown with each sign, the gravest first, as in `1 failed, 2 ok`."""
    found = Counter(map(result_sign, results))
    ranked = sorted(found.items(), key=lambda each: _GRAVEST_FIRST.index(each[0].tone))
    return ", ".join(f"{count} {sign.word}" for sign, count in ranked)


_GRAVEST_FIRST = (Tone.FAIL, Tone.WARN, Tone.DIM, Tone.OK)
"""The tones of results; a dim one was not tried."""


def result_sign(result: SmokeResult) -> Sign:
    """Return how a call's result is shown: an account or route problem never looks like a failed model."""
    category = None if result.classification is None else result.classification.category
    match result.status:
        case SmokeStatus.PASSED if result.is_swapped:
            return Sign("~", "swapped", Tone.WARN)
        case SmokeStatus.PASSED:
            return OK
        case SmokeStatus.UNKNOWN:
            return Sign("~", "stopped", Tone.WARN)
        case SmokeStatus.SKIPPED:
            return Sign("·", "skipped", Tone.DIM)
        case SmokeStatus.BLOCKED if result.requests_sent == 0 and category is not None and not category.is_account:
            return Sign("·", "held", Tone.DIM)
        case SmokeStatus.BLOCKED if category is not None and category.is_account:
            return Sign("!", "account", Tone.WARN)
        case SmokeStatus.BLOCKED:
            return Sign("!", "route", Tone.WARN)
        case _:
            return Sign("×", "failed", Tone.FAIL)

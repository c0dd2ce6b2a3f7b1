"""How a row of the verification table and its sources are shown."""

from console.domain.verification import Freshness, SourceOutcome
from console.view.sign import Sign, Tone

_FRESHNESS = {
    Freshness.FRESH: Sign("✓", "fresh", Tone.OK),
    Freshness.STALE: Sign("~", "stale", Tone.WARN),
    Freshness.NEVER: Sign("·", "never", Tone.DIM),
}
_OUTCOMES = {
    SourceOutcome.UNCHANGED: Sign("✓", "unchanged", Tone.OK),
    SourceOutcome.CHANGED: Sign("~", "changed", Tone.WARN),
    SourceOutcome.NOT_COMPARED: Sign("·", "not compared", Tone.DIM),
    SourceOutcome.UNREACHABLE: Sign("×", "unreachable", Tone.FAIL),
    SourceOutcome.REFUSED: Sign("!", "refused", Tone.WARN),
}


def freshness_sign(freshness: Freshness) -> Sign:
    """Return how it is shown whether a row's verification still counts."""
    return _FRESHNESS[freshness]


def outcome_sign(outcome: SourceOutcome) -> Sign:
    """Return how the result of fetching a source is shown."""
    return _OUTCOMES[outcome]

"""Signs: every state as a sign, a word and a tone, the same in both faces; colour alone never says anything."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.finding import Severity
from console.domain.instructions.source import Weight
from console.domain.probes.ladder import RungResult, RungStatus
from console.domain.probes.served_as import ServedAs
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.tokens.state import TokenState
from console.domain.verification import Freshness, SourceOutcome
from console.view.console_state import RouteState, Smoke, SmokePhase


class Tone(StrEnum):
    """What a colour may mean; a theme says which colour it is."""

    DIM = "dim"
    TEXT = "text"
    STRONG = "strong"
    OK = "ok"
    FAIL = "fail"
    WARN = "warn"
    LIVE = "live"
    ACCENT = "accent"


@dataclass(frozen=True, slots=True)
class Sign:
    """A state as it is shown: a sign that common terminal fonts have, a word, and a tone."""

    sign: str
    word: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.sign} {self.word}"


_OK = Sign("✓", "ok", Tone.OK)
_VERDICTS = {
    Verdict.OK: _OK,
    Verdict.DRIFT: Sign("×", "drift", Tone.FAIL),
    Verdict.CONDITIONAL: Sign("~", "cond.", Tone.WARN),
    Verdict.UNKNOWN: Sign("·", "unknown", Tone.DIM),
    Verdict.BLOCKED: Sign("!", "blocked", Tone.WARN),
}
_SEVERITIES = {
    Severity.FAIL: Sign("×", "fail", Tone.FAIL),
    Severity.WARN: Sign("~", "warn", Tone.WARN),
    Severity.INFO: Sign("·", "info", Tone.DIM),
}
_TOKENS = {
    TokenState.UNASKED: Sign("·", "unasked", Tone.DIM),
    TokenState.FOUND: Sign("✓", "found", Tone.OK),
    TokenState.ABSENT: Sign("×", "absent", Tone.FAIL),
    TokenState.LOCKED: Sign("!", "locked", Tone.WARN),
    TokenState.UNAVAILABLE: Sign("×", "unavailable", Tone.FAIL),
    TokenState.TIMEOUT: Sign("×", "timeout", Tone.FAIL),
    TokenState.REFUSED: Sign("!", "refused", Tone.FAIL),
}
_RUNGS = {
    RungStatus.PASSED: _OK,
    RungStatus.FAILED: Sign("×", "failed", Tone.FAIL),
    RungStatus.BLOCKED: Sign("!", "blocked", Tone.WARN),
    RungStatus.UNPROVEN: Sign("~", "unproven", Tone.WARN),
}
_PHASES = {
    SmokePhase.IDLE: Sign("·", "not run", Tone.DIM),
    SmokePhase.QUEUED: Sign("›", "queued", Tone.LIVE),
    SmokePhase.CONNECTING: Sign("›", "connect", Tone.LIVE),
    SmokePhase.WAITING: Sign("›", "wait", Tone.LIVE),
    SmokePhase.STREAMING: Sign("›", "live", Tone.LIVE),
}
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

_WEIGHTS = {
    Weight.STOPS: Sign("×", "stops", Tone.FAIL),
    Weight.ACKNOWLEDGE: Sign("!", "look", Tone.WARN),
    Weight.NOTE: Sign("·", "note", Tone.DIM),
}


def verdict_sign(verdict: Verdict) -> Sign:
    """Return how an offline verdict is shown."""
    return _VERDICTS[verdict]


def check_sign(check: RouteCheck) -> Sign:
    """Return how a route's offline check is shown: its verdict, or that something in it wants a look."""
    has_warning = any(finding.severity is Severity.WARN for finding in check.findings)
    return Sign("~", "warn", Tone.WARN) if check.verdict is Verdict.OK and has_warning else verdict_sign(check.verdict)


def rung_sign(result: RungResult) -> Sign:
    """Return how a rung of the probe ladder is shown."""
    return _RUNGS[result.status]


def route_sign(state: RouteState) -> Sign:
    """Return how a route is shown: what its answers proved, or its offline check where they add nothing."""
    return check_sign(state.check) if state.verdict is state.check.verdict else verdict_sign(state.verdict)


def severity_sign(severity: Severity) -> Sign:
    """Return how a finding's weight is shown."""
    return _SEVERITIES[severity]


def token_sign(state: TokenState) -> Sign:
    """Return how a token's state is shown."""
    return _TOKENS[state]


def freshness_sign(freshness: Freshness) -> Sign:
    """Return how it is shown whether a row's verification still counts."""
    return _FRESHNESS[freshness]


def outcome_sign(outcome: SourceOutcome) -> Sign:
    """Return how it is shown what fetching a source came to."""
    return _OUTCOMES[outcome]


def conflict_sign(weight: Weight) -> Sign:
    """Return how it is shown what a conflict of instructions means for the gate."""
    return _WEIGHTS[weight]


def smoke_sign(smoke: Smoke) -> Sign:
    """Return how a smoke test is shown, under way or ended."""
    if smoke.phase is SmokePhase.DONE and smoke.result is not None:
        return result_sign(smoke.result)
    return _PHASES.get(smoke.phase, _PHASES[SmokePhase.IDLE])


def result_sign(result: SmokeResult) -> Sign:
    """Return how a smoke test's end is shown: an account or route matter never looks like a failed model."""
    category = None if result.classification is None else result.classification.category
    match result.status:
        case SmokeStatus.PASSED if result.service is not None and result.service.served_as is ServedAs.SWAPPED:
            return Sign("~", "swapped", Tone.WARN)
        case SmokeStatus.PASSED:
            return _OK
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

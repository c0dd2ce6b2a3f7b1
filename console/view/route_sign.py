"""How a route is shown: its offline check and its verdict."""

from typing import TYPE_CHECKING

from console.domain.finding import Severity
from console.domain.routes.contract import RouteCheck, Verdict
from console.view.sign import OK, Sign, Tone

if TYPE_CHECKING:
    from console.domain.probes.proven_route import ProvenRoute

_VERDICTS = {
    Verdict.OK: OK,
    Verdict.DRIFT: Sign("×", "drift", Tone.FAIL),
    Verdict.CONDITIONAL: Sign("~", "cond.", Tone.WARN),
    Verdict.UNKNOWN: Sign("·", "unknown", Tone.DIM),
    Verdict.BLOCKED: Sign("!", "blocked", Tone.WARN),
}


def verdict_sign(verdict: Verdict) -> Sign:
    """Return how an offline verdict is shown."""
    return _VERDICTS[verdict]


def check_sign(check: RouteCheck) -> Sign:
    """Return how a route's offline check is shown: its verdict, or that something in it needs a look."""
    has_warning = any(finding.severity is Severity.WARN for finding in check.findings)
    return Sign("~", "warn", Tone.WARN) if check.verdict is Verdict.OK and has_warning else verdict_sign(check.verdict)


def route_sign(route: "ProvenRoute") -> Sign:
    """Return how a route is shown: what its answers proved, or its offline check if they add nothing."""
    return check_sign(route.check) if route.verdict is route.check.verdict else verdict_sign(route.verdict)

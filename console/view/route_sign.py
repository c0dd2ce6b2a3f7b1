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
    """Return how a route's offline check is shown: its verdict, or what in it needs a look."""
    severities = {finding.severity for finding in check.findings}
    if check.verdict is Verdict.DRIFT:
        return verdict_sign(check.verdict)
    if Severity.FAIL in severities:
        return Sign("×", "retired" if is_retired(check) else "failed", Tone.FAIL)
    if check.verdict is Verdict.OK and Severity.WARN in severities:
        return Sign("~", "warn", Tone.WARN)
    return verdict_sign(check.verdict)


def is_retired(check: RouteCheck) -> bool:
    """Return whether the provider has retired the route's model, and its date counts for the route."""
    return check.retirement is not None and check.retirement.is_binding and check.retirement.is_over


def route_sign(route: "ProvenRoute") -> Sign:
    """Return how a route is shown: what its answers proved, or its offline check if they add nothing."""
    return check_sign(route.check) if route.verdict is route.check.verdict else verdict_sign(route.verdict)
